// AVX-512 for the shared kernel bodies: the eight lanes of vt_x86.h, with the registers and masks of AVX-512, and sixteen
// lanes. Include first in a translation unit; everything after it is compiled for VT_ISA_AVX512.
#ifndef VT_SIMD_H
#define VT_SIMD_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                            \
    apply_to = function)
#pragma STDC FP_CONTRACT OFF // only explicit fused operations: the scalar twins must agree bit for bit

#define VT_SUFFIX(name) name##_avx512
#define VT_SIXTEEN_LANES 1 // v16f is a register, not a pair

#include "vt_x86.h"

typedef __m512 v16f;  // 16 floats
typedef __m512i v16i; // 16 int32

VT_INLINE v16f v16f_load(const float *p) { return _mm512_loadu_ps(p); }
VT_INLINE void v16f_store(float *p, v16f x) { _mm512_storeu_ps(p, x); }
VT_INLINE v16f v16f_set(float x) { return _mm512_set1_ps(x); }
VT_INLINE v16f v16f_broadcast(const float *p) { return _mm512_set1_ps(*p); }
VT_INLINE v16f v16f_zero(void) { return _mm512_setzero_ps(); }
VT_INLINE v16f v16f_add(v16f a, v16f b) { return _mm512_add_ps(a, b); }
VT_INLINE v16f v16f_sub(v16f a, v16f b) { return _mm512_sub_ps(a, b); }
VT_INLINE v16f v16f_mul(v16f a, v16f b) { return _mm512_mul_ps(a, b); }
VT_INLINE v16f v16f_div(v16f a, v16f b) { return _mm512_div_ps(a, b); }
VT_INLINE v16f v16f_min(v16f a, v16f b) { return _mm512_min_ps(a, b); }
VT_INLINE v16f v16f_scale(v16f a, v16f n) { return _mm512_scalef_ps(a, n); } // a · 2^n, one rounding
VT_INLINE v16f v16f_max(v16f a, v16f b) { return _mm512_max_ps(a, b); }
VT_INLINE v16f v16f_abs(v16f a) { return _mm512_abs_ps(a); }
VT_INLINE v16f v16f_negate(v16f a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
// The magnitude of `x` (which is not negative) with the sign of `sign`.
VT_INLINE v16f v16f_with_sign(v16f x, v16f sign) {
  return _mm512_or_ps(x, _mm512_and_ps(sign, _mm512_set1_ps(-0.0f)));
}
// Per lane: a < b ? yes : no.
VT_INLINE v16f v16f_select_less(v16f a, v16f b, v16f yes, v16f no) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
}
// Per lane: x is NaN ? yes : no.
VT_INLINE v16f v16f_select_nan(v16f x, v16f yes, v16f no) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), no, yes);
}
VT_INLINE v16f v16f_fma(v16f a, v16f b, v16f c) { return _mm512_fmadd_ps(a, b, c); } // a * b + c, one rounding
// Eight elements from `p` on and eight from `q` on.
VT_INLINE v16f v16f_load_pair(const float *p, const float *q) {
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(p)), _mm256_loadu_ps(q), 1);
}
VT_INLINE __m256i v16f_pair_of_halves(const uint16_t *p, const uint16_t *q) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)p)),
                                 _mm_loadu_si128((const __m128i *)q), 1);
}
VT_INLINE v16f v16f_pair_from_f16(const uint16_t *p, const uint16_t *q) {
  return _mm512_cvtph_ps(v16f_pair_of_halves(p, q));
}
VT_INLINE v16f v16f_pair_from_bf16(const uint16_t *p, const uint16_t *q) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v16f_pair_of_halves(p, q)), 16));
}
// Within each four lanes of four rows, rows become columns.
VT_INLINE void v16f_transpose_quads(const v16f x[4], v16f quad[4]) {
  const v16f a = _mm512_unpacklo_ps(x[0], x[1]), b = _mm512_unpackhi_ps(x[0], x[1]);
  const v16f c = _mm512_unpacklo_ps(x[2], x[3]), d = _mm512_unpackhi_ps(x[2], x[3]);
  quad[0] = _mm512_shuffle_ps(a, c, 0x44);
  quad[1] = _mm512_shuffle_ps(a, c, 0xEE);
  quad[2] = _mm512_shuffle_ps(b, d, 0x44);
  quad[3] = _mm512_shuffle_ps(b, d, 0xEE);
}
// Rows become columns: x holds eight elements of the pairs of rows 0 and 4, 1 and 5, 2 and 6, 3 and 7, 8 and 12, ..., and
// afterwards x[i] element i of the rows 0 to 15.
VT_INLINE void v16f_transpose_pairs(v16f x[8]) {
  v16f quad[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 4) v16f_transpose_quads(x + i, quad + i);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    x[i] = _mm512_shuffle_f32x4(quad[i], quad[i + 4], 0x88);
    x[i + 4] = _mm512_shuffle_f32x4(quad[i], quad[i + 4], 0xDD);
  }
}
// Rows become columns: x[i] holds sixteen elements of row i, and afterwards element i of the rows 0 to 15.
VT_INLINE void v16f_transpose(v16f x[16]) {
  v16f quad[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 4) v16f_transpose_quads(x + i, quad + i);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    const v16f a = _mm512_shuffle_f32x4(quad[i], quad[4 + i], 0x88);
    const v16f b = _mm512_shuffle_f32x4(quad[8 + i], quad[12 + i], 0x88);
    const v16f c = _mm512_shuffle_f32x4(quad[i], quad[4 + i], 0xDD);
    const v16f d = _mm512_shuffle_f32x4(quad[8 + i], quad[12 + i], 0xDD);
    x[i] = _mm512_shuffle_f32x4(a, b, 0x88);
    x[4 + i] = _mm512_shuffle_f32x4(c, d, 0x88);
    x[8 + i] = _mm512_shuffle_f32x4(a, b, 0xDD);
    x[12 + i] = _mm512_shuffle_f32x4(c, d, 0xDD);
  }
}
VT_INLINE v16f v16f_from_f16(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
VT_INLINE v16f v16f_from_i8(const void *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
VT_INLINE v16f v16f_from_bf16(const uint16_t *p) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}
VT_INLINE void v16f_to_f16(uint16_t *p, v16f x) { // nearest, ties to even
  _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
// x · 2^n, where the low bits of `shifted` are n and x is near 1; 0 where at < least.
VT_INLINE v16f v16f_scale_unless_less(v16f x, v16f shifted, v16f at, v16f least) {
  return _mm512_castsi512_ps(_mm512_maskz_add_epi32(_mm512_cmp_ps_mask(at, least, _CMP_NLT_UQ), _mm512_castps_si512(x),
                                                    _mm512_slli_epi32(_mm512_castps_si512(shifted), 23)));
}
VT_INLINE v8f v16f_lower(v16f x) { return _mm512_castps512_ps256(x); }
VT_INLINE v8f v16f_upper(v16f x) { return _mm512_extractf32x8_ps(x, 1); }
VT_INLINE float v16f_max_lane(v16f x) {
  return v8f_max_lane(v8f_max(v16f_lower(x), v16f_upper(x)));
}
VT_INLINE v16i v16i_nearest(v16f x) { return _mm512_cvtps_epi32(x); } // nearest, ties to even
VT_INLINE v16f v16f_from_i32(v16i x) { return _mm512_cvtepi32_ps(x); }
VT_INLINE v16i v16i_add(v16i a, v16i b) { return _mm512_add_epi32(a, b); }
VT_INLINE v16i v16i_sub(v16i a, v16i b) { return _mm512_sub_epi32(a, b); }
VT_INLINE v16i v16i_set(int32_t x) { return _mm512_set1_epi32(x); }
VT_INLINE v16i v16i_shift_left(v16i x, int bits) { return _mm512_slli_epi32(x, (unsigned)bits); }
VT_INLINE v16i v16i_shift_right(v16i x, int bits) { return _mm512_srai_epi32(x, (unsigned)bits); } // arithmetic

#endif
