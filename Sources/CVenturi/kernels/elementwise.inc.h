// The bodies of vt_elementwise_kernels over eight-lane vectors; include after simd/vt_*.h.
#include <stddef.h>

#include "../include/vt_elementwise.h"
#include "../simd/vt_some.h"
#include "functions.h"

// Runs EXPRESSION over `x` (eight of the input) for the whole run, the last lanes filled with ones.
#define VT_MAP(EXPRESSION)                                                                                          \
  do {                                                                                                              \
    int64_t i = 0;                                                                                                  \
    for (; i + 8 <= count; i += 8) {                                                                                \
      const v8f x = v8f_load(input + i);                                                                            \
      v8f_store(output + i, EXPRESSION);                                                                            \
    }                                                                                                               \
    if (i < count) {                                                                                                \
      const v8f x = vt_some(input + i, count - i, 1);                                                               \
      vt_store_some(output + i, count - i, EXPRESSION);                                                             \
    }                                                                                                               \
  } while (0)

static void vt_unary(vt_unary_op op, int64_t count, const float *input, float *output) {
  const v8f one = v8f_set(1.0f), zero = v8f_zero();
  switch (op) {
  case VT_OP_NEGATE: VT_MAP(v8f_negate(x)); break;
  case VT_OP_ABS: VT_MAP(v8f_abs(x)); break;
  case VT_OP_SQUARE: VT_MAP(v8f_mul(x, x)); break;
  case VT_OP_SQRT: VT_MAP(v8f_sqrt(x)); break;
  case VT_OP_RSQRT: VT_MAP(v8f_div(one, v8f_sqrt(x))); break;
  case VT_OP_RECIPROCAL: VT_MAP(v8f_div(one, x)); break;
  case VT_OP_RELU: VT_MAP(v8f_select_less(x, zero, zero, x)); break;
  case VT_OP_EXP: VT_MAP(v8f_exp(x)); break;
  case VT_OP_LOG: VT_MAP(v8f_log(x)); break;
  case VT_OP_TANH: VT_MAP(v8f_tanh(x)); break;
  case VT_OP_SIGMOID: VT_MAP(v8f_sigmoid(x)); break;
  case VT_OP_SILU: VT_MAP(v8f_silu(x)); break;
  case VT_OP_GELU: VT_MAP(v8f_gelu(x)); break;
  case VT_OP_GELU_TANH: VT_MAP(v8f_gelu_tanh(x)); break;
  case VT_OP_ERF: VT_MAP(v8f_erf(x)); break;
  case VT_OP_SIN:
    for (int64_t i = 0; i < count; i++) output[i] = sinf(input[i]);
    break;
  case VT_OP_COS:
    for (int64_t i = 0; i < count; i++) output[i] = cosf(input[i]);
    break;
  }
}

#define VT_ZIP_STEPS(EXPRESSION, LOAD_A, LOAD_B)                                                                    \
  do {                                                                                                              \
    int64_t i = 0;                                                                                                  \
    for (; i + 8 <= count; i += 8) {                                                                                \
      const v8f x = LOAD_A, y = LOAD_B;                                                                             \
      v8f_store(output + i, EXPRESSION);                                                                            \
    }                                                                                                               \
    if (i < count) {                                                                                                \
      const v8f x = a_step ? vt_some(a + i, count - i, 1) : only_a;                                                 \
      const v8f y = b_step ? vt_some(b + i, count - i, 1) : only_b;                                                 \
      vt_store_some(output + i, count - i, EXPRESSION);                                                             \
    }                                                                                                               \
  } while (0)
#define VT_ZIP(EXPRESSION)                                                                                          \
  do {                                                                                                              \
    if (a_step && b_step) VT_ZIP_STEPS(EXPRESSION, v8f_load(a + i), v8f_load(b + i));                               \
    else if (a_step) VT_ZIP_STEPS(EXPRESSION, v8f_load(a + i), only_b);                                             \
    else if (b_step) VT_ZIP_STEPS(EXPRESSION, only_a, v8f_load(b + i));                                             \
    else VT_ZIP_STEPS(EXPRESSION, only_a, only_b);                                                                  \
  } while (0)

static void vt_binary(vt_binary_op op, int64_t count, const float *a, int32_t a_step, const float *b, int32_t b_step,
                      float *output) {
  if (count <= 0) return;
  const v8f only_a = v8f_set(*a), only_b = v8f_set(*b);
  switch (op) {
  case VT_OP_ADD: VT_ZIP(v8f_add(x, y)); break;
  case VT_OP_SUBTRACT: VT_ZIP(v8f_sub(x, y)); break;
  case VT_OP_MULTIPLY: VT_ZIP(v8f_mul(x, y)); break;
  case VT_OP_DIVIDE: VT_ZIP(v8f_div(x, y)); break;
  case VT_OP_MINIMUM: VT_ZIP(v8f_select_nan(x, x, v8f_min(x, y))); break;
  case VT_OP_MAXIMUM: VT_ZIP(v8f_select_nan(x, x, v8f_max(x, y))); break;
  case VT_OP_SILU_MULTIPLY: VT_ZIP(v8f_mul(v8f_silu(x), y)); break;
  case VT_OP_GELU_MULTIPLY: VT_ZIP(v8f_mul(v8f_gelu(x), y)); break;
  case VT_OP_GELU_TANH_MULTIPLY: VT_ZIP(v8f_mul(v8f_gelu_tanh(x), y)); break;
  case VT_OP_POWER:
    for (int64_t i = 0; i < count; i++) output[i] = powf(a[i * a_step], b[i * b_step]);
    break;
  }
}

// A reduction over 32 lanes. FIRST starts a lane, STEP adds `x` to `lane`, FILLER changes nothing.
#define VT_REDUCE(FIRST, FILLER, STEP)                                                                              \
  v8f lanes[4] = {FIRST, FIRST, FIRST, FIRST};                                                                      \
  int64_t i = 0;                                                                                                    \
  for (; i + 32 <= count; i += 32)                                                                                  \
    for (int j = 0; j < 4; j++) {                                                                                   \
      const v8f x = v8f_load(input + i + 8 * j), lane = lanes[j];                                                   \
      lanes[j] = STEP;                                                                                              \
    }                                                                                                               \
  for (int j = 0; i < count; i += 8, j++) {                                                                         \
    const v8f x = count - i >= 8 ? v8f_load(input + i) : vt_some(input + i, count - i, FILLER), lane = lanes[j];    \
    lanes[j] = STEP;                                                                                                \
  }

static float vt_sum(int64_t count, const float *input) {
  VT_REDUCE(v8f_zero(), 0, v8f_add(lane, x))
  return v8f_sum(v8f_add(v8f_add(lanes[0], lanes[1]), v8f_add(lanes[2], lanes[3])));
}

static float vt_sum_of_squares(int64_t count, const float *input) {
  VT_REDUCE(v8f_zero(), 0, v8f_fma(x, x, lane))
  return v8f_sum(v8f_add(v8f_add(lanes[0], lanes[1]), v8f_add(lanes[2], lanes[3])));
}

static float vt_sum_of_deviations(int64_t count, const float *input, float mean) {
  const v8f centre = v8f_set(mean);
  VT_REDUCE(v8f_zero(), mean, v8f_fma(v8f_sub(x, centre), v8f_sub(x, centre), lane))
  return v8f_sum(v8f_add(v8f_add(lanes[0], lanes[1]), v8f_add(lanes[2], lanes[3])));
}

// One of eight lanes by the given rule, in any order: NaN in a lane is kept.
VT_INLINE float vt_extreme(v8f lanes[4], int largest) {
  float all[32], best;
  for (int j = 0; j < 4; j++) v8f_store(all + 8 * j, lanes[j]);
  best = all[0];
  for (int j = 1; j < 32; j++) {
    const float x = all[j];
    if (best != best) return best;
    if (x != x || (largest ? x > best : x < best)) best = x;
  }
  return best;
}

static float vt_max(int64_t count, const float *input) {
  const v8f first = v8f_set(-INFINITY);
  VT_REDUCE(first, -INFINITY, v8f_select_nan(lane, lane, v8f_max(lane, x)))
  return vt_extreme(lanes, 1);
}

static float vt_min(int64_t count, const float *input) {
  const v8f first = v8f_set(INFINITY);
  VT_REDUCE(first, INFINITY, v8f_select_nan(lane, lane, v8f_min(lane, x)))
  return vt_extreme(lanes, 0);
}

// Sums e^(x - top) over eight lanes and, where `output` is given, keeps the terms.
VT_INLINE float vt_exp_terms(int64_t count, const float *input, v8f top, float *output) {
  v8f sum = v8f_zero();
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f term = v8f_exp_nonpositive(v8f_sub(v8f_load(input + i), top));
    if (output) v8f_store(output + i, term);
    sum = v8f_add(sum, term);
  }
  if (i < count) {
    const v8f term = v8f_exp_nonpositive(v8f_sub(vt_some(input + i, count - i, -INFINITY), top));
    if (output) vt_store_some(output + i, count - i, term);
    float lanes[8];
    v8f_store(lanes, term);
    sum = v8f_add(sum, vt_some(lanes, count - i, 0));
  }
  return v8f_sum(sum);
}

static void vt_softmax(int64_t count, const float *input, float *output) {
  if (count <= 0) return;
  const v8f scale = v8f_set(1.0f / vt_exp_terms(count, input, v8f_set(vt_max(count, input)), output));
  input = output;
  VT_MAP(v8f_mul(x, scale));
}

static void vt_log_softmax(int64_t count, const float *input, float *output) {
  if (count <= 0) return;
  const v8f top = v8f_set(vt_max(count, input));
  const v8f rest = v8f_set(vt_log_scalar(vt_exp_terms(count, input, top, NULL)));
  VT_MAP(v8f_sub(v8f_sub(x, top), rest));
}

static void vt_rms_norm(int64_t count, const float *input, const float *weight, float epsilon, float *output) {
  if (count <= 0) return;
  const float mean = vt_sum_of_squares(count, input) / (float)count;
  const v8f scale = v8f_set(1.0f / sqrtf(mean + epsilon));
  if (!weight) {
    VT_MAP(v8f_mul(x, scale));
    return;
  }
  int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    v8f_store(output + i, v8f_mul(v8f_mul(v8f_load(input + i), scale), v8f_load(weight + i)));
  if (i < count)
    vt_store_some(output + i, count - i,
                  v8f_mul(v8f_mul(vt_some(input + i, count - i, 0), scale), vt_some(weight + i, count - i, 0)));
}

static void vt_exp_shifted(int64_t count, const float *input, float scale, const float *shift, int32_t step,
                           float *output) {
  if (count <= 0) return;
  const v8f factor = v8f_set(scale), only = v8f_set(-*shift);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f offset = step ? v8f_negate(v8f_load(shift + i)) : only;
    v8f_store(output + i, v8f_exp_nonpositive(v8f_fma(v8f_load(input + i), factor, offset)));
  }
  if (i < count) {
    const v8f offset = step ? v8f_negate(vt_some(shift + i, count - i, 0)) : only;
    vt_store_some(output + i, count - i,
                  v8f_exp_nonpositive(v8f_fma(vt_some(input + i, count - i, 0), factor, offset)));
  }
}

static void vt_softmax_gradient(int64_t count, const float *p, const float *input, const float *mean, float scale,
                                float *output) {
  const v8f factor = v8f_set(scale);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    v8f_store(output + i,
              v8f_mul(v8f_mul(v8f_load(p + i), v8f_sub(v8f_load(input + i), v8f_load(mean + i))), factor));
  if (i < count)
    vt_store_some(output + i, count - i,
                  v8f_mul(v8f_mul(vt_some(p + i, count - i, 0),
                                  v8f_sub(vt_some(input + i, count - i, 0), vt_some(mean + i, count - i, 0))),
                          factor));
}

static void vt_layer_norm(int64_t count, const float *input, const float *weight, const float *bias, float epsilon,
                          float *output) {
  if (count <= 0) return;
  const float mean = vt_sum(count, input) / (float)count;
  const float variance = vt_sum_of_deviations(count, input, mean) / (float)count;
  const v8f centre = v8f_set(mean), scale = v8f_set(1.0f / sqrtf(variance + epsilon));
  for (int64_t i = 0; i < count; i += 8) {
    const int64_t some = count - i < 8 ? count - i : 8;
    v8f x = some == 8 ? v8f_load(input + i) : vt_some(input + i, some, 0);
    x = v8f_mul(v8f_sub(x, centre), scale);
    if (weight) x = v8f_mul(x, some == 8 ? v8f_load(weight + i) : vt_some(weight + i, some, 0));
    if (bias) x = v8f_add(x, some == 8 ? v8f_load(bias + i) : vt_some(bias + i, some, 0));
    if (some == 8) v8f_store(output + i, x);
    else vt_store_some(output + i, some, x);
  }
}

static void vt_f32_from_f16(int64_t count, const uint16_t *x, float *y) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) v8f_store(y + i, v8f_from_f16(x + i));
  for (; i < count; i++) y[i] = vt_float_from_f16(x[i]);
}
static void vt_f32_from_bf16(int64_t count, const uint16_t *x, float *y) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) v8f_store(y + i, v8f_from_bf16(x + i));
  for (; i < count; i++) y[i] = vt_float_from_bf16(x[i]);
}
static void vt_f16_from_f32(int64_t count, const float *x, uint16_t *y) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) v8f_to_f16(y + i, v8f_load(x + i));
  for (; i < count; i++) y[i] = vt_f16_from_float(x[i]);
}
static void vt_bf16_from_f32(int64_t count, const float *x, uint16_t *y) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) v8f_to_bf16(y + i, v8f_load(x + i));
  for (; i < count; i++) y[i] = vt_bf16_from_float(x[i]);
}

const vt_elementwise_kernels VT_SUFFIX(vt_elementwise_kernels) = {
    .unary_f32 = vt_unary,
    .binary_f32 = vt_binary,
    .softmax_f32 = vt_softmax,
    .log_softmax_f32 = vt_log_softmax,
    .exp_shifted_f32 = vt_exp_shifted,
    .softmax_gradient_f32 = vt_softmax_gradient,
    .rms_norm_f32 = vt_rms_norm,
    .layer_norm_f32 = vt_layer_norm,
    .sum_f32 = vt_sum,
    .max_f32 = vt_max,
    .min_f32 = vt_min,
    .f32_from_f16 = vt_f32_from_f16,
    .f32_from_bf16 = vt_f32_from_bf16,
    .f16_from_f32 = vt_f16_from_f32,
    .bf16_from_f32 = vt_bf16_from_f32,
};
