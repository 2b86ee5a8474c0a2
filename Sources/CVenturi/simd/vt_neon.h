// Eight lanes of Advanced SIMD (two quads) for the shared kernel bodies. Include first in a translation unit.
#ifndef VT_SIMD_H
#define VT_SIMD_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF // only explicit fused operations: the scalar twins must agree bit for bit

#define VT_SUFFIX(name) name##_neon
#define VT_INLINE static inline __attribute__((always_inline))

typedef struct { float32x4_t a, b; } v8f; // 8 floats
typedef struct { int32x4_t a, b; } v8i;   // 8 int32

VT_INLINE v8f v8f_load(const float *p) { return (v8f){vld1q_f32(p), vld1q_f32(p + 4)}; }
VT_INLINE void v8f_store(float *p, v8f x) { vst1q_f32(p, x.a), vst1q_f32(p + 4, x.b); }
VT_INLINE v8f v8f_set(float x) { return (v8f){vdupq_n_f32(x), vdupq_n_f32(x)}; }
VT_INLINE v8f v8f_broadcast(const float *p) { return v8f_set(*p); }
VT_INLINE v8f v8f_zero(void) { return v8f_set(0); }
VT_INLINE v8f v8f_add(v8f x, v8f y) { return (v8f){vaddq_f32(x.a, y.a), vaddq_f32(x.b, y.b)}; }
VT_INLINE v8f v8f_sub(v8f x, v8f y) { return (v8f){vsubq_f32(x.a, y.a), vsubq_f32(x.b, y.b)}; }
VT_INLINE v8f v8f_mul(v8f x, v8f y) { return (v8f){vmulq_f32(x.a, y.a), vmulq_f32(x.b, y.b)}; }
VT_INLINE v8f v8f_div(v8f x, v8f y) { return (v8f){vdivq_f32(x.a, y.a), vdivq_f32(x.b, y.b)}; }
// The lane rule of x86 (the second operand where they compare unordered or equal), so that all sets agree on NaN.
VT_INLINE v8f v8f_max(v8f x, v8f y) {
  return (v8f){vbslq_f32(vcgtq_f32(x.a, y.a), x.a, y.a), vbslq_f32(vcgtq_f32(x.b, y.b), x.b, y.b)};
}
VT_INLINE v8f v8f_min(v8f x, v8f y) {
  return (v8f){vbslq_f32(vcltq_f32(x.a, y.a), x.a, y.a), vbslq_f32(vcltq_f32(x.b, y.b), x.b, y.b)};
}
VT_INLINE v8f v8f_fma(v8f x, v8f y, v8f z) { return (v8f){vfmaq_f32(z.a, x.a, y.a), vfmaq_f32(z.b, x.b, y.b)}; }
VT_INLINE v8f v8f_abs(v8f x) { return (v8f){vabsq_f32(x.a), vabsq_f32(x.b)}; }
VT_INLINE v8f v8f_from_f16(const uint16_t *p) {
  float16x8_t h = vreinterpretq_f16_u16(vld1q_u16(p));
  return (v8f){vcvt_f32_f16(vget_low_f16(h)), vcvt_high_f32_f16(h)};
}
VT_INLINE v8f v8f_from_i8(const void *p) {
  int16x8_t words = vmovl_s8(vld1_s8((const int8_t *)p));
  return (v8f){vcvtq_f32_s32(vmovl_s16(vget_low_s16(words))), vcvtq_f32_s32(vmovl_high_s16(words))};
}
VT_INLINE v8f v8f_from_bf16(const uint16_t *p) {
  uint16x8_t h = vld1q_u16(p);
  return (v8f){vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(h), 16)), vreinterpretq_f32_u32(vshll_high_n_u16(h, 16))};
}
VT_INLINE void v8f_to_f16(uint16_t *p, v8f x) {
  vst1q_u16(p, vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(x.a), x.b)));
}
VT_INLINE v8f v8f_from_i32(v8i x) { return (v8f){vcvtq_f32_s32(x.a), vcvtq_f32_s32(x.b)}; }
VT_INLINE v8i v8i_nearest(v8f x) { return (v8i){vcvtnq_s32_f32(x.a), vcvtnq_s32_f32(x.b)}; }
VT_INLINE v8i v8i_add(v8i x, v8i y) { return (v8i){vaddq_s32(x.a, y.a), vaddq_s32(x.b, y.b)}; }
VT_INLINE v8i v8i_sub(v8i x, v8i y) { return (v8i){vsubq_s32(x.a, y.a), vsubq_s32(x.b, y.b)}; }
VT_INLINE v8i v8i_set(int32_t x) { return (v8i){vdupq_n_s32(x), vdupq_n_s32(x)}; }
VT_INLINE v8f v8f_as_float(v8i x) { return (v8f){vreinterpretq_f32_s32(x.a), vreinterpretq_f32_s32(x.b)}; }
VT_INLINE v8i v8f_as_int(v8f x) { return (v8i){vreinterpretq_s32_f32(x.a), vreinterpretq_s32_f32(x.b)}; }
VT_INLINE v8i v8i_shift_left(v8i x, int bits) {
  return (v8i){vshlq_s32(x.a, vdupq_n_s32(bits)), vshlq_s32(x.b, vdupq_n_s32(bits))};
}
VT_INLINE v8i v8i_shift_right(v8i x, int bits) { // arithmetic
  return (v8i){vshlq_s32(x.a, vdupq_n_s32(-bits)), vshlq_s32(x.b, vdupq_n_s32(-bits))};
}
VT_INLINE v8f v8f_select_less(v8f x, v8f y, v8f yes, v8f no) {
  return (v8f){vbslq_f32(vcltq_f32(x.a, y.a), yes.a, no.a), vbslq_f32(vcltq_f32(x.b, y.b), yes.b, no.b)};
}
// Per lane: x is NaN ? yes : no.
VT_INLINE v8f v8f_select_nan(v8f x, v8f yes, v8f no) {
  return (v8f){vbslq_f32(vceqq_f32(x.a, x.a), no.a, yes.a), vbslq_f32(vceqq_f32(x.b, x.b), no.b, yes.b)};
}
VT_INLINE v8f v8f_sqrt(v8f x) { return (v8f){vsqrtq_f32(x.a), vsqrtq_f32(x.b)}; }
VT_INLINE v8f v8f_negate(v8f x) { return (v8f){vnegq_f32(x.a), vnegq_f32(x.b)}; }
// The magnitude of `x` (which is not negative) with the sign of `sign`.
VT_INLINE v8f v8f_with_sign(v8f x, v8f sign) {
  const uint32x4_t mask = vdupq_n_u32(0x80000000);
  return (v8f){vbslq_f32(mask, sign.a, x.a), vbslq_f32(mask, sign.b, x.b)};
}
VT_INLINE uint16x4_t v4f_bf16(float32x4_t x) {
  const uint32x4_t bits = vreinterpretq_u32_f32(x), odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
  const uint32x4_t rounded = vshrq_n_u32(vaddq_u32(vaddq_u32(bits, odd), vdupq_n_u32(0x7FFF)), 16);
  const uint32x4_t quiet = vorrq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(0x40));
  return vmovn_u32(vbslq_u32(vceqq_f32(x, x), rounded, quiet));
}
VT_INLINE void v8f_to_bf16(uint16_t *p, v8f x) { // nearest, ties to even; NaN stays NaN
  vst1q_u16(p, vcombine_u16(v4f_bf16(x.a), v4f_bf16(x.b)));
}

// Eight lanes to one by the fixed tree ((0+4)+(2+6))+((1+5)+(3+7)).
VT_INLINE float v8f_sum(v8f x) {
  float32x4_t half = vaddq_f32(x.a, x.b);
  float32x2_t pair = vadd_f32(vget_low_f32(half), vget_high_f32(half));
  return vget_lane_f32(pair, 0) + vget_lane_f32(pair, 1);
}
// Rows become columns: lane j of x[i] goes to lane i of x[j].
VT_INLINE void v8f_transpose(v8f x[8]) {
  v8f y[8];
  for (int i = 0; i < 8; i += 4) {
    float32x4_t r[2][4];
    for (int half = 0; half < 2; half++) {
      float32x4_t p0 = i ? x[4 * half].b : x[4 * half].a, p1 = i ? x[4 * half + 1].b : x[4 * half + 1].a;
      float32x4_t p2 = i ? x[4 * half + 2].b : x[4 * half + 2].a, p3 = i ? x[4 * half + 3].b : x[4 * half + 3].a;
      float64x2_t a = vreinterpretq_f64_f32(vzip1q_f32(p0, p1)), b = vreinterpretq_f64_f32(vzip2q_f32(p0, p1));
      float64x2_t c = vreinterpretq_f64_f32(vzip1q_f32(p2, p3)), d = vreinterpretq_f64_f32(vzip2q_f32(p2, p3));
      r[half][0] = vreinterpretq_f32_f64(vzip1q_f64(a, c));
      r[half][1] = vreinterpretq_f32_f64(vzip2q_f64(a, c));
      r[half][2] = vreinterpretq_f32_f64(vzip1q_f64(b, d));
      r[half][3] = vreinterpretq_f32_f64(vzip2q_f64(b, d));
    }
    for (int j = 0; j < 4; j++) y[i + j] = (v8f){r[0][j], r[1][j]};
  }
  for (int i = 0; i < 8; i++) x[i] = y[i];
}
// Eight rows of 8 floats, `stride` apart, as columns: lane j of x[i] is p[j * stride + i].
VT_INLINE void v8f_load_transposed(v8f x[8], const float *p, int64_t stride) {
  for (int i = 0; i < 8; i++) x[i] = v8f_load(p + i * stride);
  v8f_transpose(x);
}
VT_INLINE float v8f_max_lane(v8f x) {
  v8f swapped = {x.b, x.a};
  float32x4_t half = v8f_max(x, swapped).a;
  float lanes[4];
  vst1q_f32(lanes, half);
  float m = lanes[0];
  for (int i = 1; i < 4; i++) m = lanes[i] > m ? lanes[i] : m;
  return m;
}

#endif
