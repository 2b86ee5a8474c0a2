#include <math.h>
#include <stddef.h>

#include "vt_batch_norm.h"

#pragma STDC FP_CONTRACT OFF

// 32 lanes to one by the tree of the vectors.
static double total(const float *s) {
  float e[8];
  for (int i = 0; i < 8; i++) e[i] = (s[i] + s[i + 8]) + (s[i + 16] + s[i + 24]);
  return (double)(((e[0] + e[4]) + (e[2] + e[6])) + ((e[1] + e[5]) + (e[3] + e[7])));
}

static void moments(vt_channel c, const float *x, float *mean, float *variance) {
  const double count = (double)c.rows * (double)c.count;
  double sum = 0;
  for (int64_t row = 0; row < c.rows; row++) {
    float lanes[32] = {0};
    for (int64_t i = 0; i < c.count; i++) lanes[i & 31] += x[row * c.step + i];
    sum += total(lanes);
  }
  *mean = (float)(sum / count);
  sum = 0;
  for (int64_t row = 0; row < c.rows; row++) {
    float lanes[32] = {0};
    for (int64_t i = 0; i < c.count; i++) {
      const float away = x[row * c.step + i] - *mean;
      lanes[i & 31] = fmaf(away, away, lanes[i & 31]);
    }
    sum += total(lanes);
  }
  *variance = (float)(sum / count);
}

static void normalize(vt_channel c, const float *x, const float *addend, float mean, float scale, float offset,
                      int32_t rectified, float *y) {
  for (int64_t row = 0; row < c.rows; row++)
    for (int64_t i = row * c.step; i < row * c.step + c.count; i++) {
      float value = fmaf(x[i] - mean, scale, offset);
      if (addend) value += addend[i];
      y[i] = rectified && value < 0 ? 0 : value;
    }
}

static float passed_one(const float *g, const float *y, int64_t i) { return !y || y[i] > 0 ? g[i] : 0; }

static void gradient_sums(vt_channel c, const float *x, const float *g, const float *y, float mean, double *of_g,
                          double *of_product) {
  double sum = 0, product = 0;
  for (int64_t row = 0; row < c.rows; row++) {
    float sums[32] = {0}, products[32] = {0};
    for (int64_t i = 0; i < c.count; i++) {
      const int64_t at = row * c.step + i;
      const float gradient = passed_one(g, y, at);
      sums[i & 31] += gradient;
      products[i & 31] = fmaf(gradient, x[at] - mean, products[i & 31]);
    }
    sum += total(sums);
    product += total(products);
  }
  *of_g = sum;
  *of_product = product;
}

static void gradient(vt_channel c, const float *x, const float *g, const float *y, float mean, float scale,
                     float share, float slope, float *gx, float *passed) {
  for (int64_t row = 0; row < c.rows; row++)
    for (int64_t i = row * c.step; i < row * c.step + c.count; i++) {
      const float one = passed_one(g, y, i);
      gx[i] = scale * fmaf(mean - x[i], slope, one - share);
      if (passed) passed[i] = one;
    }
}

static const vt_batch_norm_kernels vt_batch_norm_kernels_reference = {
    .moments = moments,
    .normalize = normalize,
    .gradient_sums = gradient_sums,
    .gradient = gradient,
};

const vt_batch_norm_kernels *vt_batch_norm_kernels_for(vt_isa isa) {
#if defined(__x86_64__)
  extern const vt_batch_norm_kernels vt_batch_norm_kernels_avx2;
  // These are bound by memory: wider lanes have nothing to add.
  if (isa == VT_ISA_AVX2 || isa == VT_ISA_AVX512) return &vt_batch_norm_kernels_avx2;
#elif defined(__aarch64__)
  extern const vt_batch_norm_kernels vt_batch_norm_kernels_neon;
  if (isa == VT_ISA_NEON) return &vt_batch_norm_kernels_neon;
#endif
  (void)isa;
  return &vt_batch_norm_kernels_reference;
}
