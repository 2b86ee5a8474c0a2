#include "vt_elementwise.h"

#include <math.h>
#include <stddef.h>

#include "kernels/functions.h"

#pragma STDC FP_CONTRACT OFF

static float unary(vt_unary_op op, float x) {
  switch (op) {
  case VT_OP_NEGATE: return -x;
  case VT_OP_ABS: return fabsf(x);
  case VT_OP_SQUARE: return x * x;
  case VT_OP_SQRT: return sqrtf(x);
  case VT_OP_RSQRT: return 1.0f / sqrtf(x);
  case VT_OP_RECIPROCAL: return 1.0f / x;
  case VT_OP_RELU: return x < 0 ? 0 : x;
  case VT_OP_EXP: return vt_exp_scalar(x);
  case VT_OP_LOG: return vt_log_scalar(x);
  case VT_OP_TANH: return vt_tanh_scalar(x);
  case VT_OP_SIGMOID: return vt_sigmoid_scalar(x);
  case VT_OP_SILU: return vt_silu_scalar(x);
  case VT_OP_GELU: return vt_gelu_scalar(x);
  case VT_OP_GELU_TANH: return vt_gelu_tanh_scalar(x);
  case VT_OP_ERF: return vt_erf_scalar(x);
  case VT_OP_SIN: return sinf(x);
  case VT_OP_COS: return cosf(x);
  }
  return NAN;
}

static void unary_f32(vt_unary_op op, int64_t count, const float *x, float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = unary(op, x[i]);
}

static float binary(vt_binary_op op, float a, float b) {
  switch (op) {
  case VT_OP_ADD: return a + b;
  case VT_OP_SUBTRACT: return a - b;
  case VT_OP_MULTIPLY: return a * b;
  case VT_OP_DIVIDE: return a / b;
  case VT_OP_MINIMUM: return a != a ? a : a < b ? a : b;
  case VT_OP_MAXIMUM: return a != a ? a : a > b ? a : b;
  case VT_OP_POWER: return powf(a, b);
  case VT_OP_SILU_MULTIPLY: return vt_silu_scalar(a) * b;
  case VT_OP_GELU_MULTIPLY: return vt_gelu_scalar(a) * b;
  case VT_OP_GELU_TANH_MULTIPLY: return vt_gelu_tanh_scalar(a) * b;
  }
  return NAN;
}

static void binary_f32(vt_binary_op op, int64_t count, const float *a, int32_t a_step, const float *b, int32_t b_step,
                       float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = binary(op, a[i * a_step], b[i * b_step]);
}

// Lanes 0...`lanes` add up pairwise at distance: 32 as (0+8)+(16+24), then eight by the tree of v8f_sum.
static float tree8(const float *s) { return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7])); }
static float tree32(const float *s) {
  float eight[8];
  for (int i = 0; i < 8; i++) eight[i] = (s[i] + s[i + 8]) + (s[i + 16] + s[i + 24]);
  return tree8(eight);
}

static float sum_f32(int64_t count, const float *x) {
  float lanes[32] = {0};
  for (int64_t i = 0; i < count; i++) lanes[i & 31] += x[i];
  return tree32(lanes);
}

static float extreme(int64_t count, const float *x, int largest) {
  float best = largest ? -INFINITY : INFINITY;
  for (int64_t i = 0; i < count; i++) {
    if (x[i] != x[i]) return x[i];
    if (largest ? x[i] > best : x[i] < best) best = x[i];
  }
  return best;
}
static float max_f32(int64_t count, const float *x) { return extreme(count, x, 1); }
static float min_f32(int64_t count, const float *x) { return extreme(count, x, 0); }

static void softmax_f32(int64_t count, const float *x, float *y) {
  const float top = max_f32(count, x);
  float lanes[8] = {0};
  for (int64_t i = 0; i < count; i++) lanes[i & 7] += y[i] = vt_exp_nonpositive_scalar(x[i] - top);
  const float scale = 1.0f / tree8(lanes);
  for (int64_t i = 0; i < count; i++) y[i] *= scale;
}

static void log_softmax_f32(int64_t count, const float *x, float *y) {
  const float top = max_f32(count, x);
  float lanes[8] = {0};
  for (int64_t i = 0; i < count; i++) lanes[i & 7] += vt_exp_nonpositive_scalar(x[i] - top);
  const float rest = vt_log_scalar(tree8(lanes));
  for (int64_t i = 0; i < count; i++) y[i] = (x[i] - top) - rest;
}

static void exp_shifted_f32(int64_t count, const float *x, float scale, const float *shift, int32_t step, float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = vt_exp_nonpositive_scalar(fmaf(x[i], scale, -shift[i * step]));
}

static void softmax_gradient_f32(int64_t count, const float *p, const float *x, const float *mean, float scale,
                                 float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = (p[i] * (x[i] - mean[i])) * scale;
}

static void rms_norm_f32(int64_t count, const float *x, const float *weight, float epsilon, float *y) {
  float lanes[32] = {0};
  for (int64_t i = 0; i < count; i++) lanes[i & 31] = fmaf(x[i], x[i], lanes[i & 31]);
  const float scale = 1.0f / sqrtf(tree32(lanes) / (float)count + epsilon);
  for (int64_t i = 0; i < count; i++) y[i] = weight ? (x[i] * scale) * weight[i] : x[i] * scale;
}

static void layer_norm_f32(int64_t count, const float *x, const float *weight, const float *bias, float epsilon,
                           float *y) {
  const float mean = sum_f32(count, x) / (float)count;
  float lanes[32] = {0};
  for (int64_t i = 0; i < count; i++) lanes[i & 31] = fmaf(x[i] - mean, x[i] - mean, lanes[i & 31]);
  const float scale = 1.0f / sqrtf(tree32(lanes) / (float)count + epsilon);
  for (int64_t i = 0; i < count; i++) {
    float value = (x[i] - mean) * scale;
    if (weight) value *= weight[i];
    if (bias) value += bias[i];
    y[i] = value;
  }
}

static void f32_from_f16(int64_t count, const uint16_t *x, float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = vt_float_from_f16(x[i]);
}
static void f32_from_bf16(int64_t count, const uint16_t *x, float *y) {
  for (int64_t i = 0; i < count; i++) y[i] = vt_float_from_bf16(x[i]);
}
static void f16_from_f32(int64_t count, const float *x, uint16_t *y) {
  for (int64_t i = 0; i < count; i++) y[i] = vt_f16_from_float(x[i]);
}
static void bf16_from_f32(int64_t count, const float *x, uint16_t *y) {
  for (int64_t i = 0; i < count; i++) y[i] = vt_bf16_from_float(x[i]);
}

static const vt_elementwise_kernels vt_elementwise_kernels_reference = {
    .unary_f32 = unary_f32,
    .binary_f32 = binary_f32,
    .softmax_f32 = softmax_f32,
    .log_softmax_f32 = log_softmax_f32,
    .exp_shifted_f32 = exp_shifted_f32,
    .softmax_gradient_f32 = softmax_gradient_f32,
    .rms_norm_f32 = rms_norm_f32,
    .layer_norm_f32 = layer_norm_f32,
    .sum_f32 = sum_f32,
    .max_f32 = max_f32,
    .min_f32 = min_f32,
    .f32_from_f16 = f32_from_f16,
    .f32_from_bf16 = f32_from_bf16,
    .f16_from_f32 = f16_from_f32,
    .bf16_from_f32 = bf16_from_f32,
};

const vt_elementwise_kernels *vt_elementwise_kernels_for(vt_isa isa) {
#if defined(__x86_64__)
  extern const vt_elementwise_kernels vt_elementwise_kernels_avx2;
  // These are bound by memory or by exp: wider lanes have nothing to add.
  if (isa == VT_ISA_AVX2 || isa == VT_ISA_AVX512) return &vt_elementwise_kernels_avx2;
#elif defined(__aarch64__)
  extern const vt_elementwise_kernels vt_elementwise_kernels_neon;
  if (isa == VT_ISA_NEON) return &vt_elementwise_kernels_neon;
#endif
  (void)isa;
  return &vt_elementwise_kernels_reference;
}
