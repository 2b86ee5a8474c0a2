// Eight lanes of 256 bits for the shared kernel bodies; the including header says for which instruction set.
#ifndef VT_X86_H
#define VT_X86_H

#define VT_INLINE static inline __attribute__((always_inline))

typedef __m256 v8f;   // 8 floats
typedef __m256i v8i;  // 8 int32

VT_INLINE v8f v8f_load(const float *p) { return _mm256_loadu_ps(p); }
VT_INLINE void v8f_store(float *p, v8f x) { _mm256_storeu_ps(p, x); }
VT_INLINE v8f v8f_set(float x) { return _mm256_set1_ps(x); }
VT_INLINE v8f v8f_broadcast(const float *p) { return _mm256_broadcast_ss(p); }
VT_INLINE v8f v8f_zero(void) { return _mm256_setzero_ps(); }
VT_INLINE v8f v8f_add(v8f a, v8f b) { return _mm256_add_ps(a, b); }
VT_INLINE v8f v8f_sub(v8f a, v8f b) { return _mm256_sub_ps(a, b); }
VT_INLINE v8f v8f_mul(v8f a, v8f b) { return _mm256_mul_ps(a, b); }
VT_INLINE v8f v8f_div(v8f a, v8f b) { return _mm256_div_ps(a, b); }
VT_INLINE v8f v8f_max(v8f a, v8f b) { return _mm256_max_ps(a, b); }
VT_INLINE v8f v8f_min(v8f a, v8f b) { return _mm256_min_ps(a, b); }
VT_INLINE v8f v8f_fma(v8f a, v8f b, v8f c) { return _mm256_fmadd_ps(a, b, c); } // a * b + c, one rounding
VT_INLINE v8f v8f_abs(v8f a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
VT_INLINE v8f v8f_from_f16(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
VT_INLINE v8f v8f_from_i8(const void *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
VT_INLINE v8f v8f_from_bf16(const uint16_t *p) {
  return _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}
VT_INLINE void v8f_to_f16(uint16_t *p, v8f x) { // nearest, ties to even
  _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
VT_INLINE v8f v8f_from_i32(v8i x) { return _mm256_cvtepi32_ps(x); }
VT_INLINE v8i v8i_nearest(v8f x) { return _mm256_cvtps_epi32(x); } // nearest, ties to even
VT_INLINE v8i v8i_add(v8i a, v8i b) { return _mm256_add_epi32(a, b); }
VT_INLINE v8i v8i_sub(v8i a, v8i b) { return _mm256_sub_epi32(a, b); }
VT_INLINE v8i v8i_set(int32_t x) { return _mm256_set1_epi32(x); }
VT_INLINE v8f v8f_as_float(v8i x) { return _mm256_castsi256_ps(x); }
VT_INLINE v8i v8f_as_int(v8f x) { return _mm256_castps_si256(x); }
VT_INLINE v8i v8i_shift_left(v8i x, int bits) { return _mm256_slli_epi32(x, bits); }
VT_INLINE v8i v8i_shift_right(v8i x, int bits) { return _mm256_srai_epi32(x, bits); } // arithmetic
// Per lane: a < b ? yes : no.
VT_INLINE v8f v8f_select_less(v8f a, v8f b, v8f yes, v8f no) {
  return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
// Per lane: x is NaN ? yes : no.
VT_INLINE v8f v8f_select_nan(v8f x, v8f yes, v8f no) {
  return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}
VT_INLINE v8f v8f_sqrt(v8f x) { return _mm256_sqrt_ps(x); }
VT_INLINE v8f v8f_negate(v8f x) { return _mm256_xor_ps(x, _mm256_set1_ps(-0.0f)); }
// The magnitude of `x` (which is not negative) with the sign of `sign`.
VT_INLINE v8f v8f_with_sign(v8f x, v8f sign) {
  return _mm256_or_ps(x, _mm256_and_ps(sign, _mm256_set1_ps(-0.0f)));
}
VT_INLINE void v8f_to_bf16(uint16_t *p, v8f x) { // nearest, ties to even; NaN stays NaN
  const __m256i bits = _mm256_castps_si256(x), upper = _mm256_srli_epi32(bits, 16);
  const __m256i up = _mm256_add_epi32(_mm256_and_si256(upper, _mm256_set1_epi32(1)), _mm256_set1_epi32(0x7FFF));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, up), 16);
  const __m256i quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
  const __m256i unordered = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  const __m256i chosen = _mm256_blendv_epi8(rounded, quiet, unordered);
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(chosen, chosen), 0x08);
  _mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(packed));
}

// Eight lanes to one by the fixed tree ((0+4)+(2+6))+((1+5)+(3+7)).
VT_INLINE float v8f_sum(v8f x) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}
// Rows become columns: lane j of x[i] goes to lane i of x[j].
VT_INLINE void v8f_transpose(v8f x[8]) {
  v8f pair[8], quad[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 2) {
    pair[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 4) {
    quad[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
    quad[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xEE);
    quad[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
    quad[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xEE);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    x[i] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
    x[i + 4] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
  }
}
// Eight rows of 8 floats, `stride` apart, as columns: lane j of x[i] is p[j * stride + i]. Halves meet as they are
// loaded, since exchanging them afterwards is slow on older processors.
VT_INLINE void v8f_load_transposed(v8f x[8], const float *p, int64_t stride) {
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 4) {
    v8f row[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++)
      row[j] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + j * stride + i)),
                                    _mm_loadu_ps(p + (j + 4) * stride + i), 1);
    const v8f a = _mm256_unpacklo_ps(row[0], row[1]), b = _mm256_unpackhi_ps(row[0], row[1]);
    const v8f c = _mm256_unpacklo_ps(row[2], row[3]), d = _mm256_unpackhi_ps(row[2], row[3]);
    x[i] = _mm256_shuffle_ps(a, c, 0x44);
    x[i + 1] = _mm256_shuffle_ps(a, c, 0xEE);
    x[i + 2] = _mm256_shuffle_ps(b, d, 0x44);
    x[i + 3] = _mm256_shuffle_ps(b, d, 0xEE);
  }
}
VT_INLINE float v8f_max_lane(v8f x) {
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

#endif
