// Logarithm, hyperbolic tangent, error function and what is built from them, for eight lanes and as scalar twins that
// give the same bits. Polynomials minimise the relative error of the function (Remez exchange); the bounds given are
// theirs, before rounding.
#ifndef VT_FUNCTIONS_H
#define VT_FUNCTIONS_H

#include "exp.h"

// log(1 + f) = f - f²/2 + f³ P(f) for 1 + f in [sqrt 1/2, sqrt 2]: 5.8e-9.
static const float vt_log_p[8] = {0x1.555554p-2f, -0x1.000226p-2f, 0x1.99a008p-3f, -0x1.547244p-3f,
                                  0x1.22da1ep-3f, -0x1.0d8542p-3f, 0x1.055b68p-3f, -0x1.38b578p-4f};
// tanh x = x + x³ P(x²) below 0.625: 4.4e-9.
static const float vt_tanh_p[5] = {-0x1.555532p-2f, 0x1.110726p-3f, -0x1.b83c1cp-5f, 0x1.5224f6p-6f, -0x1.75da26p-8f};
// erf x = x + x P(x²) below 0.92: 1.5e-8.
static const float vt_erf_p[6] = {0x1.06eba6p-3f,  -0x1.8126e8p-2f, 0x1.ce1ab8p-4f,
                                  -0x1.b68fd2p-6f, 0x1.47568cp-8f,  -0x1.3a8758p-11f};
// log erfc x = P(x) on [0.92, 4]: 1.5e-9 of erf.
static const float vt_erfc_p[7] = {-0x1.9a5cbcp-13f, -0x1.20af5ap+0f, -0x1.463cc0p-1f, -0x1.a9b42cp-4f,
                                   0x1.6c2a74p-6f,   -0x1.8ee16ap-9f, 0x1.9ae8fap-13f};

#define VT_TANH_SMALL 0.625f
#define VT_ERF_SMALL 0.92f
#define VT_ERF_ONE 4.0f                 // from here on erf rounds to 1
#define VT_SQRT_HALF_BITS 0x3F3504F3    // sqrt 1/2
#define VT_GELU_SCALE 0x1.988454p-1f    // sqrt(2 / pi)
#define VT_SQRT_HALF 0x1.6a09e6p-1f

static inline float vt_polynomial_scalar(const float *p, int degree, float x) {
  float y = p[degree];
  for (int i = degree - 1; i >= 0; i--) y = fmaf(y, x, p[i]);
  return y;
}

static inline float vt_log_scalar(float x) {
  if (x != x) return x + x;
  if (x < 0) return NAN;
  if (x == 0) return -INFINITY;
  if (x > 0x1.fffffep127f) return x;
  float adjust = 0;
  if (x < 0x1p-126f) x *= 0x1p25f, adjust = -25;
  const uint32_t bits = vt_bits_from_float(x);
  const int32_t exponent = (int32_t)(bits - VT_SQRT_HALF_BITS) >> 23;
  const float f = vt_float_from_bits(bits - ((uint32_t)exponent << 23)) - 1.0f, e = (float)exponent + adjust;
  const float square = f * f;
  float tail = vt_polynomial_scalar(vt_log_p, 7, f) * (square * f);
  tail = fmaf(e, VT_EXP_LN2_LOW, tail);
  tail = fmaf(square, -0.5f, tail);
  return fmaf(e, VT_EXP_LN2_HIGH, f + tail);
}

static inline float vt_tanh_scalar(float x) {
  if (x != x) return x + x;
  const float m = fabsf(x);
  if (m < VT_TANH_SMALL) {
    const float square = x * x;
    return fmaf(vt_polynomial_scalar(vt_tanh_p, 4, square) * square, x, x);
  }
  return copysignf(1.0f - 2.0f / (vt_exp_scalar(m + m) + 1.0f), x);
}

static inline float vt_erf_scalar(float x) {
  if (x != x) return x + x;
  const float m = fabsf(x);
  if (m < VT_ERF_SMALL) return fmaf(vt_polynomial_scalar(vt_erf_p, 5, x * x), x, x);
  return copysignf(1.0f - vt_exp_scalar(vt_polynomial_scalar(vt_erfc_p, 6, m < VT_ERF_ONE ? m : VT_ERF_ONE)), x);
}

static inline float vt_sigmoid_scalar(float x) { return 1.0f / (1.0f + vt_exp_scalar(-x)); }
static inline float vt_silu_scalar(float x) { return x / (1.0f + vt_exp_scalar(-x)); }
static inline float vt_gelu_scalar(float x) { return (0.5f * x) * (1.0f + vt_erf_scalar(x * VT_SQRT_HALF)); }
static inline float vt_gelu_tanh_scalar(float x) {
  const float inner = fmaf(x * x * x, 0.044715f, x) * VT_GELU_SCALE;
  return (0.5f * x) * (1.0f + vt_tanh_scalar(inner));
}

#ifdef VT_SIMD_H

// The same on vectors.
#define VT_FUNCTIONS(v)                                                                                               \
  VT_INLINE v v##_polynomial(const float *p, const int degree, v x) {                                                 \
    v y = v##_set(p[degree]);                                                                                         \
  _Pragma("clang loop unroll(full)")                                                                                  \
    for (int i = degree - 1; i >= 0; i--) y = v##_fma(y, x, v##_set(p[i]));                                           \
    return y;                                                                                                         \
  }                                                                                                                   \
  VT_INLINE v v##_tanh(v x) {                                                                                         \
    const v m = v##_abs(x), square = v##_mul(x, x);                                                                   \
    const v small = v##_fma(v##_mul(v##_polynomial(vt_tanh_p, 4, square), square), x, x);                             \
    const v large = v##_sub(v##_set(1.0f), v##_div(v##_set(2.0f), v##_add(v##_exp(v##_add(m, m)), v##_set(1.0f))));   \
    return v##_select_nan(x, x, v##_select_less(m, v##_set(VT_TANH_SMALL), small, v##_with_sign(v##_abs(large), x))); \
  }                                                                                                                   \
  VT_INLINE v v##_erf(v x) {                                                                                          \
    const v m = v##_abs(x);                                                                                           \
    const v small = v##_fma(v##_polynomial(vt_erf_p, 5, v##_mul(x, x)), x, x);                                        \
    const v large = v##_sub(v##_set(1.0f), v##_exp(v##_polynomial(vt_erfc_p, 6, v##_min(m, v##_set(VT_ERF_ONE)))));   \
    return v##_select_nan(x, x, v##_select_less(m, v##_set(VT_ERF_SMALL), small, v##_with_sign(v##_abs(large), x)));  \
  }                                                                                                                   \
  VT_INLINE v v##_sigmoid(v x) {                                                                                      \
    return v##_div(v##_set(1.0f), v##_add(v##_set(1.0f), v##_exp(v##_negate(x))));                                    \
  }                                                                                                                   \
  VT_INLINE v v##_silu(v x) { return v##_div(x, v##_add(v##_set(1.0f), v##_exp(v##_negate(x)))); }                    \
  VT_INLINE v v##_gelu(v x) {                                                                                         \
    return v##_mul(v##_mul(v##_set(0.5f), x),                                                                         \
                   v##_add(v##_set(1.0f), v##_erf(v##_mul(x, v##_set(VT_SQRT_HALF)))));                               \
  }                                                                                                                   \
  VT_INLINE v v##_gelu_tanh(v x) {                                                                                    \
    const v inner = v##_mul(v##_fma(v##_mul(v##_mul(x, x), x), v##_set(0.044715f), x), v##_set(VT_GELU_SCALE));       \
    return v##_mul(v##_mul(v##_set(0.5f), x), v##_add(v##_set(1.0f), v##_tanh(inner)));                               \
  }
VT_FUNCTIONS(v8f)
#ifdef VT_SIXTEEN_LANES
VT_FUNCTIONS(v16f)
#endif

VT_INLINE v8f v8f_log(v8f argument) {
  const v8f least = v8f_set(0x1p-126f);
  const v8f x = v8f_select_less(argument, least, v8f_mul(argument, v8f_set(0x1p25f)), argument);
  const v8f adjust = v8f_select_less(argument, least, v8f_set(-25.0f), v8f_zero());
  const v8i bits = v8f_as_int(x), exponent = v8i_shift_right(v8i_sub(bits, v8i_set(VT_SQRT_HALF_BITS)), 23);
  const v8f f = v8f_sub(v8f_as_float(v8i_sub(bits, v8i_shift_left(exponent, 23))), v8f_set(1.0f));
  const v8f e = v8f_add(v8f_from_i32(exponent), adjust), square = v8f_mul(f, f);
  v8f tail = v8f_mul(v8f_polynomial(vt_log_p, 7, f), v8f_mul(square, f));
  tail = v8f_fma(e, v8f_set(VT_EXP_LN2_LOW), tail);
  tail = v8f_fma(square, v8f_set(-0.5f), tail);
  v8f y = v8f_fma(e, v8f_set(VT_EXP_LN2_HIGH), v8f_add(f, tail));
  y = v8f_select_less(v8f_set(0x1.fffffep127f), argument, argument, y);
  y = v8f_select_less(argument, v8f_set(0x1p-149f), v8f_set(-INFINITY), y);
  y = v8f_select_less(argument, v8f_zero(), v8f_set(NAN), y);
  return v8f_select_nan(argument, argument, y);
}

#endif

#endif
