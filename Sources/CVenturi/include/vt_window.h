// What lies under the window of a convolution, brought to where products read it.
#ifndef VT_WINDOW_H
#define VT_WINDOW_H

#include <stdint.h>

#include "vt_isa.h"

// A window over planes [depth, height, width] that lie one behind the other, `images` of them `apart` from each other.
typedef struct vt_window {
  int64_t kernel[3], strides[3], dilations[3];
  int64_t before[3], after[3]; // margins, which are not there and read as zeros
  int64_t extents[3], outputs[3];
  int64_t apart;
} vt_window;

// The columns of some outputs: `width` of each line from `start` on, `lines` lines of all images from `first` on. `x` is the
// first image's first channel; from `begin` to `end` there is memory to read.
typedef struct vt_unfolding {
  vt_window window;
  const float *x, *begin, *end;
  int64_t first, lines, start, width;
} vt_unfolding;

typedef struct vt_window_kernels {
  // The planes of `channels` with their margins.
  void (*widen)(const vt_window *window, int64_t channels, const float *x, float *y);
  // Sixteen output positions from `first` on, `count` of which are there, as a panel [channels][kernel][16], of a window
  // without margins; positions behind an image's last are the next one's. Lanes from `count` on hold any of the numbers.
  // Nothing from `end` on is read.
  void (*pack)(const vt_window *window, int64_t channels, const float *x, const float *end, int64_t first,
               int64_t count, float *panel);
  // A row of columns of a vt_unfolding, [channels · kernel]: [lines · width], with zeros in the margins. Up to eight floats
  // behind it are written over. A vt_row_fn.
  void (*unfold)(const void *unfolding, int32_t row, float *to);
} vt_window_kernels;

// The kernels of `isa`; those of the reference where this build has none.
const vt_window_kernels *vt_window_kernels_for(vt_isa isa);

#endif
