// The normalisation of one channel of a batch and its way back: rows of f32, one for each example.
#ifndef VT_BATCH_NORM_H
#define VT_BATCH_NORM_H

#include <stdint.h>

#include "vt_isa.h"

// `rows` rows of `count` numbers, `step` apart.
typedef struct vt_channel {
  int64_t rows, count, step;
} vt_channel;

// The sum of a row is one over 32 lanes, as sum_f32 has it; those of the rows are added in f64, one after the other.
typedef struct vt_batch_norm_kernels {
  // The mean, and the mean of the squared differences from it.
  void (*moments)(vt_channel channel, const float *x, float *mean, float *variance);
  // y = (x - mean) · scale + offset + addend, or the positive part of that; addend may be NULL. NaN stays NaN.
  void (*normalize)(vt_channel channel, const float *x, const float *addend, float mean, float scale, float offset,
                    int32_t rectified, float *y);
  // The sums of g and of g · (x - mean); where y is given, of those g whose y is above 0.
  void (*gradient_sums)(vt_channel channel, const float *x, const float *g, const float *y, float mean,
                        double *of_g, double *of_product);
  // gx = scale · (g - share - (x - mean) · slope), g as above; it is kept in `passed` where that is given.
  void (*gradient)(vt_channel channel, const float *x, const float *g, const float *y, float mean, float scale,
                   float share, float slope, float *gx, float *passed);
} vt_batch_norm_kernels;

// The kernels of `isa`; those of the reference where this build has none.
const vt_batch_norm_kernels *vt_batch_norm_kernels_for(vt_isa isa);

#endif
