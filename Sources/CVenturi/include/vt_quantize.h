// Encoding rows of floats as quantised blocks: the search for the scales and minima that lose least.
//
// Sub-blocks (16 or 32 values that share a scale) lie side by side, one a lane, so every lane does what the twin does
// for one sub-block, in the same order, whatever the number of lanes. Per sub-block the weighted squared error
//   sum w (x − d·q − m)²
// is made small over d and m (the types without a minimum: m = 0) and the integers q: candidates of the scale are
// tried, each with the d and m that least squares give for its q. In superblocks d and m are integers times a half
// each: neighbours of the rounded integers are tried, then least squares give the two halves anew.
#ifndef VT_QUANTIZE_H
#define VT_QUANTIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "vt_isa.h"
#include "vt_linear.h"

typedef struct vt_quantize_kernels {
  // Encodes `rows` dense rows of k floats (k a multiple of the block's length) as blocks of a quantised format.
  // `importance` is k weights from 1e-8 to 1, or NULL where nothing is known of the columns.
  // The numbers are finite. Scales beyond what a half holds become its largest number. Returns whether the format is
  // one that is written.
  bool (*encode)(vt_format format, int64_t rows, int32_t k, const float *x, const float *importance, void *out);
} vt_quantize_kernels;

// The kernels of an instruction set that is supported here.
const vt_quantize_kernels *vt_quantize_kernels_for(vt_isa isa);

// The index of the first number whose magnitude is not below `limit`, NaN included; -1 for none.
int64_t vt_first_beyond(int64_t count, const float *x, float limit);

#endif
