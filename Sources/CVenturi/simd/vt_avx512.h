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
#define VT_SIXTEEN_LANES // v16f is a register, not a pair

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
VT_INLINE v16f v16f_fma(v16f a, v16f b, v16f c) { return _mm512_fmadd_ps(a, b, c); } // a * b + c, one rounding
VT_INLINE v16f v16f_from_f16(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
VT_INLINE v16f v16f_from_bf16(const uint16_t *p) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}
VT_INLINE v16f v16f_abs(v16f a) { return _mm512_abs_ps(a); }
VT_INLINE float v16f_max_lane(v16f x) {
  return v8f_max_lane(_mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1)));
}
VT_INLINE v16i v16i_nearest(v16f x) { return _mm512_cvtps_epi32(x); } // nearest, ties to even
VT_INLINE v16f v16f_from_i32(v16i x) { return _mm512_cvtepi32_ps(x); }
VT_INLINE v16i v16i_add(v16i a, v16i b) { return _mm512_add_epi32(a, b); }
VT_INLINE v16i v16i_sub(v16i a, v16i b) { return _mm512_sub_epi32(a, b); }
VT_INLINE v16i v16i_set(int32_t x) { return _mm512_set1_epi32(x); }
VT_INLINE v16i v16i_shift_left(v16i x, int bits) { return _mm512_slli_epi32(x, (unsigned)bits); }
VT_INLINE v16i v16i_shift_right(v16i x, int bits) { return _mm512_srai_epi32(x, (unsigned)bits); } // arithmetic

#endif
