#include "kernels/update.h"

#pragma STDC FP_CONTRACT OFF

static void adam(const vt_adam_step *s, int64_t count, float *w, const float *g, float *m, float *v, float *v_max) {
  for (int64_t i = 0; i < count; i++) vt_adam_one(s, w + i, g[i], m + i, v + i, v_max ? v_max + i : NULL);
}

static void sgd(const vt_sgd_step *s, int64_t count, float *w, const float *g, float *b) {
  for (int64_t i = 0; i < count; i++) vt_sgd_one(s, w + i, g[i], b ? b + i : NULL);
}

static void lion(const vt_lion_step *s, int64_t count, float *w, const float *g, float *m) {
  for (int64_t i = 0; i < count; i++) vt_lion_one(s, w + i, g[i], m + i);
}

static void rmsprop(const vt_rmsprop_step *s, int64_t count, float *w, const float *g, float *v, float *a, float *b) {
  for (int64_t i = 0; i < count; i++) vt_rmsprop_one(s, w + i, g[i], v + i, a ? a + i : NULL, b ? b + i : NULL);
}

static void adagrad(const vt_adagrad_step *s, int64_t count, float *w, const float *g, float *sums) {
  for (int64_t i = 0; i < count; i++) vt_adagrad_one(s, w + i, g[i], sums + i);
}

static void schedule_free(const vt_schedule_free_step *s, int64_t count, float *y, const float *g, float *z,
                          float *v) {
  for (int64_t i = 0; i < count; i++) vt_schedule_free_one(s, y + i, g[i], z + i, v + i);
}

static void approach(float share, int64_t count, const float *x, float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = fmaf(share, x[i] - y[i], y[i]);
}

static void blend(float a, float b, int64_t count, const float *x, float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = fmaf(a, x[i], b * y[i]);
}

static void clamp(float limit, int64_t count, float *x) {
  for (int64_t i = 0; i < count; i++) x[i] = vt_clamp_scalar(limit, x[i]);
}

static float sum_of_squares(int64_t count, const float *x) {
  float lanes[32] = {0}, s[8];
  for (int64_t i = 0; i < count; i++) lanes[i & 31] = fmaf(x[i], x[i], lanes[i & 31]);
  for (int i = 0; i < 8; i++) s[i] = (lanes[i] + lanes[i + 8]) + (lanes[i + 16] + lanes[i + 24]);
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static const vt_update_kernels vt_update_kernels_reference = {
    .adam = adam,
    .sgd = sgd,
    .lion = lion,
    .rmsprop = rmsprop,
    .adagrad = adagrad,
    .schedule_free = schedule_free,
    .approach = approach,
    .blend = blend,
    .clamp = clamp,
    .sum_of_squares = sum_of_squares,
};

const vt_update_kernels *vt_update_kernels_for(vt_isa isa) {
#if defined(__x86_64__)
  extern const vt_update_kernels vt_update_kernels_avx2;
  // These are bound by memory: wider lanes have nothing to add.
  if (isa == VT_ISA_AVX2 || isa == VT_ISA_AVX512) return &vt_update_kernels_avx2;
#elif defined(__aarch64__)
  extern const vt_update_kernels vt_update_kernels_neon;
  if (isa == VT_ISA_NEON) return &vt_update_kernels_neon;
#endif
  (void)isa;
  return &vt_update_kernels_reference;
}

void vt_square_product_f64(int32_t n, const double *a, const double *b, double *c) {
  for (int64_t i = 0; i < n; i++) {
    double *restrict row = c + i * n;
    for (int64_t j = 0; j < n; j++) row[j] = 0;
    for (int64_t k = 0; k < n; k++) {
      const double factor = a[i * n + k];
      const double *other = b + k * n;
      for (int64_t j = 0; j < n; j++) row[j] += factor * other[j];
    }
  }
}
