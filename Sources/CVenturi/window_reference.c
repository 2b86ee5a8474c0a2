#include <string.h>

#include "vt_window.h"

static void widen(const vt_window *w, int64_t channels, const float *x, float *y) {
  int64_t wide[3];
  for (int axis = 0; axis < 3; axis++) wide[axis] = w->before[axis] + w->extents[axis] + w->after[axis];
  memset(y, 0, (size_t)(channels * wide[0] * wide[1] * wide[2]) * sizeof(float));
  for (int64_t channel = 0; channel < channels; channel++)
    for (int64_t z = 0; z < w->extents[0]; z++)
      for (int64_t line = 0; line < w->extents[1]; line++)
        for (int64_t i = 0; i < w->extents[2]; i++, x++)
          y[((channel * wide[0] + z + w->before[0]) * wide[1] + line + w->before[1]) * wide[2] + w->before[2] + i] = *x;
}

// The number under a window's element at an output position; 0 in the margin.
static float under(const vt_window *w, const float *x, int64_t image, int64_t position, int64_t tap) {
  const int64_t corner[3] = {position / (w->outputs[1] * w->outputs[2]), position / w->outputs[2] % w->outputs[1],
                             position % w->outputs[2]};
  const int64_t element[3] = {tap / (w->kernel[1] * w->kernel[2]), tap / w->kernel[2] % w->kernel[1],
                              tap % w->kernel[2]};
  int64_t at = 0;
  for (int axis = 0; axis < 3; axis++) {
    const int64_t place =
        corner[axis] * w->strides[axis] - w->before[axis] + element[axis] * w->dilations[axis];
    if (place < 0 || place >= w->extents[axis]) return 0;
    at = at * w->extents[axis] + place;
  }
  return x[image * w->apart + at];
}

static void pack(const vt_window *w, int64_t channels, const float *x, const float *end, int64_t first, int64_t count,
                 float *panel) {
  (void)end;
  const int64_t taps = w->kernel[0] * w->kernel[1] * w->kernel[2];
  const int64_t volume = w->extents[0] * w->extents[1] * w->extents[2];
  const int64_t positions = w->outputs[0] * w->outputs[1] * w->outputs[2];
  for (int64_t channel = 0; channel < channels; channel++)
    for (int64_t tap = 0; tap < taps; tap++)
      for (int64_t lane = 0; lane < 16; lane++, panel++) {
        const int64_t at = first + (lane < count ? lane : count - 1);
        *panel = under(w, x + channel * volume, at / positions, at % positions, tap);
      }
}

static void unfold(const void *unfolding, int32_t row, float *to) {
  const vt_unfolding *u = unfolding;
  const vt_window *w = &u->window;
  const int64_t taps = w->kernel[0] * w->kernel[1] * w->kernel[2], volume = w->extents[0] * w->extents[1] * w->extents[2];
  const int64_t lines_of_image = w->outputs[0] * w->outputs[1];
  for (int64_t line = u->first; line < u->first + u->lines; line++)
    for (int64_t i = u->start; i < u->start + u->width; i++)
      *to++ = under(w, u->x + row / taps * volume, line / lines_of_image, line % lines_of_image * w->outputs[2] + i,
                    row % taps);
}

static const vt_window_kernels vt_window_kernels_reference = {
    .widen = widen,
    .pack = pack,
    .unfold = unfold,
};

const vt_window_kernels *vt_window_kernels_for(vt_isa isa) {
#if defined(__x86_64__)
  extern const vt_window_kernels vt_window_kernels_avx2;
  // They copy: wider lanes have nothing to add.
  if (isa == VT_ISA_AVX2 || isa == VT_ISA_AVX512) return &vt_window_kernels_avx2;
#elif defined(__aarch64__)
  extern const vt_window_kernels vt_window_kernels_neon;
  if (isa == VT_ISA_NEON) return &vt_window_kernels_neon;
#endif
  (void)isa;
  return &vt_window_kernels_reference;
}
