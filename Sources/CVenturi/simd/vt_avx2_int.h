// Byte and 16-bit lanes of AVX2 for the quantised kernels. Include after vt_avx2.h.
#ifndef VT_SIMD_INT_H
#define VT_SIMD_INT_H

typedef __m256i v32b; // 32 bytes
typedef __m256i v16s; // 16 int16

VT_INLINE v8i v8i_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
VT_INLINE v8i v8i_max(v8i a, v8i b) { return _mm256_max_epi32(a, b); }
VT_INLINE int32_t v8i_max_lane(v8i x) {
  __m128i half = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  half = _mm_max_epi32(half, _mm_unpackhi_epi64(half, half));
  return _mm_cvtsi128_si32(_mm_max_epi32(half, _mm_shuffle_epi32(half, 1)));
}
VT_INLINE v8i v8i_and(v8i a, v8i b) { return _mm256_and_si256(a, b); }
VT_INLINE v32b v32b_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
VT_INLINE void v32b_store(void *p, v32b x) { _mm256_storeu_si256((__m256i *)p, x); }
VT_INLINE v32b v32b_set(int8_t x) { return _mm256_set1_epi8(x); }
VT_INLINE v32b v32b_and(v32b a, v32b b) { return _mm256_and_si256(a, b); }
VT_INLINE v32b v32b_or(v32b a, v32b b) { return _mm256_or_si256(a, b); }
VT_INLINE v32b v32b_add(v32b a, v32b b) { return _mm256_add_epi8(a, b); }
// Sixteen bytes for v32b_lookup, and its entries at x (below 16).
VT_INLINE v32b v32b_table(const void *p) { return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p)); }
VT_INLINE v32b v32b_lookup(v32b table, v32b x) { return _mm256_shuffle_epi8(table, x); }
// Bits move within pairs of bytes; callers mask what crosses.
VT_INLINE v32b v32b_left(v32b x, int bits) { return _mm256_slli_epi16(x, bits); }
VT_INLINE v32b v32b_right(v32b x, int bits) { return _mm256_srli_epi16(x, bits); }
VT_INLINE v32b v32b_broadcast4(const void *p) {
  int32_t value;
  memcpy(&value, p, 4);
  return _mm256_set1_epi32(value);
}
VT_INLINE v16s v16s_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
VT_INLINE void v16s_store(void *p, v16s x) { _mm256_storeu_si256((__m256i *)p, x); }
VT_INLINE v16s v16s_from_i8(const void *p) { return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p)); }
// Signed bytes 2·which and 2·which + 1 of each four.
VT_INLINE v16s v16s_from_bytes(v32b x, int which) {
  const __m256i order = _mm256_set1_epi32(which ? 0x03800280 : 0x01800080);
  const __m256i fours = _mm256_setr_epi32(0, 0x04000400, 0x08000800, 0x0C000C00, 0, 0x04000400, 0x08000800, 0x0C000C00);
  return _mm256_srai_epi16(_mm256_shuffle_epi8(x, _mm256_or_si256(order, fours)), 8);
}
VT_INLINE v16s v16s_broadcast2(const void *p) { return v32b_broadcast4(p); } // two int16 over and over
VT_INLINE v16s v16s_add(v16s a, v16s b) { return _mm256_add_epi16(a, b); }
// Unsigned bytes times signed bytes, neighbours added; the caller keeps the sums inside int16.
VT_INLINE v16s v16s_dot(v32b u, v32b s) { return _mm256_maddubs_epi16(u, s); }
// Signed bytes times signed bytes above -128, neighbours added.
VT_INLINE v16s v16s_dot_signed(v32b w, v32b s) {
  return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(s, w));
}
// 16 bytes at p and 16 at q, two from each in turn.
VT_INLINE v32b v32b_interleave2(const void *p, const void *q) {
  const __m128i a = _mm_loadu_si128((const __m128i *)p), b = _mm_loadu_si128((const __m128i *)q);
  return _mm256_set_m128i(_mm_unpackhi_epi16(a, b), _mm_unpacklo_epi16(a, b));
}
// Neighbours added into 8 int32.
VT_INLINE v8i v8i_pairs(v16s x) { return _mm256_madd_epi16(x, _mm256_set1_epi16(1)); }
// int16 products, neighbours added.
VT_INLINE v8i v8i_dot(v16s a, v16s b) { return _mm256_madd_epi16(a, b); }
VT_INLINE v8i v8i_from_u8(const uint8_t *p) { return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)); }
VT_INLINE v8f v8f_from_u8(const uint8_t *p) { return _mm256_cvtepi32_ps(v8i_from_u8(p)); }
// 32 int32, clamped to int8, in order.
VT_INLINE v32b v8i_bytes(v8i a, v8i b, v8i c, v8i d) {
  __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
// The sums of the first and of the last 16 signed bytes.
VT_INLINE void v32b_sums(v32b x, int32_t sums[2]) {
  const __m256i eights = _mm256_sad_epu8(_mm256_xor_si256(x, _mm256_set1_epi8(-128)), _mm256_setzero_si256());
  const __m256i both = _mm256_add_epi64(eights, _mm256_unpackhi_epi64(eights, eights));
  sums[0] = _mm_cvtsi128_si32(_mm256_castsi256_si128(both)) - 16 * 128;
  sums[1] = _mm_cvtsi128_si32(_mm256_extracti128_si256(both, 1)) - 16 * 128;
}
// 16 int32, clamped to int16, in order.
VT_INLINE void v8i_store_i16(int16_t *p, v8i a, v8i b) {
  _mm256_storeu_si256((__m256i *)p, _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8));
}

#endif
