// Elementwise functions, row functions (softmax, norms) and reductions on runs of f32.
#ifndef VT_ELEMENTWISE_H
#define VT_ELEMENTWISE_H

#include <stdint.h>

#include "vt_isa.h"

typedef enum vt_unary_op {
  VT_OP_NEGATE, VT_OP_ABS, VT_OP_SQUARE, VT_OP_SQRT, VT_OP_RSQRT, VT_OP_RECIPROCAL, VT_OP_RELU, VT_OP_EXP, VT_OP_LOG,
  VT_OP_TANH, VT_OP_SIGMOID, VT_OP_SILU, VT_OP_GELU, VT_OP_GELU_TANH, VT_OP_ERF, VT_OP_SIN, VT_OP_COS,
} vt_unary_op;

typedef enum vt_binary_op {
  VT_OP_ADD, VT_OP_SUBTRACT, VT_OP_MULTIPLY, VT_OP_DIVIDE,
  VT_OP_MINIMUM, VT_OP_MAXIMUM, // NaN when either is NaN
  VT_OP_POWER,
  VT_OP_SILU_MULTIPLY, // a / (1 + e^-a) * b
  VT_OP_GELU_MULTIPLY, VT_OP_GELU_TANH_MULTIPLY, // gelu(a) * b, exactly and by tanh
} vt_binary_op;

typedef struct vt_elementwise_kernels {
  // y[i] = op(x[i]); y may be x.
  void (*unary_f32)(vt_unary_op op, int64_t count, const float *x, float *y);
  // y[i] = op(a[i * a_step], b[i * b_step]), steps 0 or 1; y may be a or b.
  void (*binary_f32)(vt_binary_op op, int64_t count, const float *a, int32_t a_step, const float *b, int32_t b_step,
                     float *y);
  // y = e^(x - max) / sum, the maximum taken first; a row with NaN or without a finite or -inf maximum gives NaN.
  void (*softmax_f32)(int64_t count, const float *x, float *y);
  // y = x - max - log sum e^(x - max).
  void (*log_softmax_f32)(int64_t count, const float *x, float *y);
  // y[i] = e^(scale · x[i] - shift[i * step]), step 0 or 1, for exponents that are not above 0 but for rounding; below
  // e^-87 it is 0. y may be x.
  void (*exp_shifted_f32)(int64_t count, const float *x, float scale, const float *shift, int32_t step, float *y);
  // y[i] = p[i] · (x[i] - mean[i]) · scale, the way back through a softmax; y may be x.
  void (*softmax_gradient_f32)(int64_t count, const float *p, const float *x, const float *mean, float scale, float *y);
  // y = x / sqrt(mean x² + epsilon) * weight; weight may be NULL.
  void (*rms_norm_f32)(int64_t count, const float *x, const float *weight, float epsilon, float *y);
  // y = (x - mean) / sqrt(variance + epsilon) * weight + bias; weight and bias may be NULL.
  void (*layer_norm_f32)(int64_t count, const float *x, const float *weight, const float *bias, float epsilon,
                         float *y);
  // 32 lanes: lane i sums x[i], x[i + 32], ...; they add up by a fixed tree. 0 for an empty run.
  float (*sum_f32)(int64_t count, const float *x);
  // The largest (smallest) element; NaN when there is one. count >= 1.
  float (*max_f32)(int64_t count, const float *x);
  float (*min_f32)(int64_t count, const float *x);
  // Conversions; to 16 bits: nearest, ties to even.
  void (*f32_from_f16)(int64_t count, const uint16_t *x, float *y);
  void (*f32_from_bf16)(int64_t count, const uint16_t *x, float *y);
  void (*f16_from_f32)(int64_t count, const float *x, uint16_t *y);
  void (*bf16_from_f32)(int64_t count, const float *x, uint16_t *y);
} vt_elementwise_kernels;

// The kernels of `isa`; those of the reference where this build has none.
const vt_elementwise_kernels *vt_elementwise_kernels_for(vt_isa isa);

#endif
