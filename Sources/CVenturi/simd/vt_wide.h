// The widest vector of floats of a kernel set, for bodies that are written once for 8 and 16 lanes. Include after a simd
// header; before it, define VT_WIDE_512 for the 16 lanes of AVX-512.
#ifndef VT_WIDE_H
#define VT_WIDE_H

#ifdef VT_WIDE_512

enum { VF_LANES = 16 };
typedef __m512 vf;

VT_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
VT_INLINE void vf_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
VT_INLINE vf vf_set(float x) { return _mm512_set1_ps(x); }
VT_INLINE vf vf_broadcast(const float *p) { return _mm512_set1_ps(*p); }
VT_INLINE vf vf_zero(void) { return _mm512_setzero_ps(); }
VT_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
VT_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
VT_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
VT_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
VT_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
VT_INLINE vf vf_from_f16(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
VT_INLINE void vf_to_f16(uint16_t *p, vf x) { // nearest, ties to even
  _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
// x · 2^n, where the low bits of `shifted` are n and x is near 1; 0 where at < least.
VT_INLINE vf vf_scale_unless_less(vf x, vf shifted, vf at, vf least) {
  return _mm512_castsi512_ps(_mm512_maskz_add_epi32(_mm512_cmp_ps_mask(at, least, _CMP_NLT_UQ), _mm512_castps_si512(x),
                                                    _mm512_slli_epi32(_mm512_castps_si512(shifted), 23)));
}
VT_INLINE v8f vf_lower(vf x) { return _mm512_castps512_ps256(x); }
VT_INLINE v8f vf_upper(vf x) { return _mm512_extractf32x8_ps(x, 1); }

#else

enum { VF_LANES = 8 };
typedef v8f vf;

VT_INLINE vf vf_load(const float *p) { return v8f_load(p); }
VT_INLINE void vf_store(float *p, vf x) { v8f_store(p, x); }
VT_INLINE vf vf_set(float x) { return v8f_set(x); }
VT_INLINE vf vf_broadcast(const float *p) { return v8f_broadcast(p); }
VT_INLINE vf vf_zero(void) { return v8f_zero(); }
VT_INLINE vf vf_add(vf a, vf b) { return v8f_add(a, b); }
VT_INLINE vf vf_sub(vf a, vf b) { return v8f_sub(a, b); }
VT_INLINE vf vf_mul(vf a, vf b) { return v8f_mul(a, b); }
VT_INLINE vf vf_max(vf a, vf b) { return v8f_max(a, b); }
VT_INLINE vf vf_fma(vf a, vf b, vf c) { return v8f_fma(a, b, c); }
VT_INLINE vf vf_from_f16(const uint16_t *p) { return v8f_from_f16(p); }
VT_INLINE void vf_to_f16(uint16_t *p, vf x) { v8f_to_f16(p, x); }
VT_INLINE vf vf_scale_unless_less(vf x, vf shifted, vf at, vf least) {
  const v8f y = v8f_as_float(v8i_add(v8f_as_int(x), v8i_shift_left(v8f_as_int(shifted), 23)));
  return v8f_select_less(at, least, v8f_zero(), y);
}

#endif

#endif
