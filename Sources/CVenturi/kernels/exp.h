// e^x for eight lanes, and the scalar twin that gives the same bits.
//
// x = n ln 2 + r with |r| <= ln 2 / 2; e^r = 1 + r + r² q(r), where q has degree 4 and minimises the relative error of e^r
// (3.1e-9, found by Remez exchange); the result is scaled by 2^n in two exact steps, of which the last one rounds into
// the subnormals. Largest error over all finite arguments: below 1 ulp.
//
// e^-inf = 0, e^inf = inf, NaN stays NaN; what is too large or too small becomes inf or 0.
#ifndef VT_EXP_H
#define VT_EXP_H

#include <math.h>

#include "half.h"

#define VT_EXP_LOG2E 0x1.715476p+0f
#define VT_EXP_LN2_HIGH 0x1.62e4p-1f
#define VT_EXP_LN2_LOW 0x1.7f7d1cp-20f
#define VT_EXP_C2 0x1.fffffcp-2f
#define VT_EXP_C3 0x1.555492p-3f
#define VT_EXP_C4 0x1.5558f2p-5f
#define VT_EXP_C5 0x1.123a20p-7f
#define VT_EXP_C6 0x1.6a23d0p-10f
#define VT_EXP_LEAST (-104.0f)   // e^-104 rounds to 0
#define VT_EXP_LARGEST 89.0f     // e^89 overflows
#define VT_EXP_NORMAL (-87.0f)   // above it results are normal numbers
#define VT_EXP_ROUNDER 0x1.8p23f // adding and subtracting it rounds to the nearest integer, ties to even

// e^r for the argument that is left when n ln 2 is taken away, and the shifted n whose low bits are n.
static inline float vt_exp_reduced_scalar(float x, float *shifted) {
  *shifted = fmaf(x, VT_EXP_LOG2E, VT_EXP_ROUNDER);
  const float n = *shifted - VT_EXP_ROUNDER;
  const float r = fmaf(n, -VT_EXP_LN2_LOW, fmaf(n, -VT_EXP_LN2_HIGH, x));
  float q = fmaf(VT_EXP_C6, r, VT_EXP_C5);
  q = fmaf(q, r, VT_EXP_C4);
  q = fmaf(q, r, VT_EXP_C3);
  q = fmaf(q, r, VT_EXP_C2);
  return fmaf(r * r, q, r) + 1.0f;
}

static inline float vt_exp_scalar(float x) {
  if (x != x) return x + x;
  x = x < VT_EXP_LEAST ? VT_EXP_LEAST : x > VT_EXP_LARGEST ? VT_EXP_LARGEST : x;
  float shifted;
  const float p = vt_exp_reduced_scalar(x, &shifted);
  const int32_t whole = (int32_t)(shifted - VT_EXP_ROUNDER), half = whole >= 0 ? whole / 2 : -((1 - whole) / 2);
  return p * vt_float_from_bits((uint32_t)(half + 127) << 23) *
         vt_float_from_bits((uint32_t)(whole - half + 127) << 23);
}

// For arguments that are not above 0, as in a softmax: below -87 it gives 0 instead of the numbers under 1.6e-38, and
// the scaling is one step. NaN stays NaN.
static inline float vt_exp_nonpositive_scalar(float x) {
  if (x != x) return x + x;
  if (x < VT_EXP_NORMAL) return 0;
  float shifted;
  const float p = vt_exp_reduced_scalar(x, &shifted);
  return p * vt_float_from_bits((vt_bits_from_float(shifted) << 23) + 0x3F800000);
}

#ifdef VT_SIMD_H

// The same on vectors.
#define VT_EXP_REDUCED(v)                                                                                             \
  VT_INLINE v v##_exp_reduced(v x, v *shifted) {                                                                       \
    *shifted = v##_fma(x, v##_set(VT_EXP_LOG2E), v##_set(VT_EXP_ROUNDER));                                             \
    const v n = v##_sub(*shifted, v##_set(VT_EXP_ROUNDER));                                                            \
    const v r = v##_fma(n, v##_set(-VT_EXP_LN2_LOW), v##_fma(n, v##_set(-VT_EXP_LN2_HIGH), x));                        \
    v q = v##_fma(v##_set(VT_EXP_C6), r, v##_set(VT_EXP_C5));                                                          \
    q = v##_fma(q, r, v##_set(VT_EXP_C4));                                                                             \
    q = v##_fma(q, r, v##_set(VT_EXP_C3));                                                                             \
    q = v##_fma(q, r, v##_set(VT_EXP_C2));                                                                             \
    return v##_add(v##_fma(v##_mul(r, r), q, r), v##_set(1.0f));                                                       \
  }
VT_EXP_REDUCED(v8f)
#ifdef VT_SIXTEEN_LANES
VT_EXP_REDUCED(v16f)
#endif

VT_INLINE v8f v8f_exp(v8f x) {
  // Minimum and maximum give their second operand where the order is undefined: NaN goes through.
  x = v8f_min(v8f_set(VT_EXP_LARGEST), v8f_max(v8f_set(VT_EXP_LEAST), x));
  v8f shifted;
  const v8f p = v8f_exp_reduced(x, &shifted);
  const v8i n = v8i_sub(v8f_as_int(shifted), v8f_as_int(v8f_set(VT_EXP_ROUNDER)));
  const v8i half = v8i_shift_right(n, 1), rest = v8i_sub(n, half), bias = v8i_set(127);
  return v8f_mul(v8f_mul(p, v8f_as_float(v8i_shift_left(v8i_add(half, bias), 23))),
                 v8f_as_float(v8i_shift_left(v8i_add(rest, bias), 23)));
}

#ifdef VT_SIXTEEN_LANES
// The scaling is one instruction that rounds once, as the two steps do.
VT_INLINE v16f v16f_exp(v16f x) {
  x = v16f_min(v16f_set(VT_EXP_LARGEST), v16f_max(v16f_set(VT_EXP_LEAST), x));
  v16f shifted;
  const v16f p = v16f_exp_reduced(x, &shifted);
  return v16f_scale(p, v16f_sub(shifted, v16f_set(VT_EXP_ROUNDER)));
}
#elif defined(VT_PAIR_H)
VT_INLINE v16f v16f_exp(v16f x) { return (v16f){v8f_exp(x.a), v8f_exp(x.b)}; }
#endif

VT_INLINE v8f v8f_exp_nonpositive(v8f x) {
  v8f shifted;
  const v8f p = v8f_exp_reduced(x, &shifted);
  const v8f scale = v8f_as_float(v8i_add(v8i_shift_left(v8f_as_int(shifted), 23), v8i_set(0x3F800000)));
  return v8f_select_less(x, v8f_set(VT_EXP_NORMAL), v8f_zero(), v8f_mul(p, scale));
}

#endif

#endif
