// Bytes of a panel's sixteen columns in one register, for the quantised kernels; products by VNNI. Include after
// vt_avx512.h and vt_avx2_int.h.
#ifndef VT_AVX512_INT_H
#define VT_AVX512_INT_H

typedef __m512i v64b; // four bytes of k for each column
typedef __m512i vdot; // a sum of byte products: 32 bits for each column
typedef __m512i v32s; // two int16 of k for each column

VT_INLINE int vdot_chain(int bits, int groups) {
  (void)bits;
  return groups;
}

// What is added to 8-bit weights to make them unsigned.
enum { VT_BIAS_8 = 128 };

VT_INLINE v64b v64b_load(const void *p) { return _mm512_loadu_si512(p); }
VT_INLINE v64b v64b_load2(const void *p, const void *q) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(p)), _mm256_loadu_si256(q), 1);
}
VT_INLINE void v64b_store(void *p, v64b x) { _mm512_storeu_si512(p, x); }
VT_INLINE v64b v64b_broadcast4(const void *p) {
  int32_t value;
  memcpy(&value, p, 4);
  return _mm512_set1_epi32(value);
}
// The low halves of 32 bytes for columns 0-7, the high halves for 8-15.
VT_INLINE v64b v64b_halves(const void *p) {
  const __m512i both = _mm512_broadcast_i64x4(_mm256_loadu_si256(p));
  const __m512i shifts = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(4), 1);
  return _mm512_and_si512(_mm512_srlv_epi16(both, shifts), _mm512_set1_epi8(15));
}
VT_INLINE v64b v64b_set(int8_t x) { return _mm512_set1_epi8(x); }
VT_INLINE v64b v64b_add(v64b a, v64b b) { return _mm512_add_epi8(a, b); }
// Sixteen bytes for v64b_lookup, and its entries at x (below 16).
VT_INLINE v64b v64b_table(const void *p) { return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)p)); }
VT_INLINE v64b v64b_lookup(v64b table, v64b x) { return _mm512_shuffle_epi8(table, x); }
// The bits of `plane`, moved to the right, that `mask` shows.
VT_INLINE v64b v64b_field(v64b plane, int shift, int8_t mask) {
  return _mm512_and_si512(_mm512_srli_epi16(plane, (unsigned)shift), _mm512_set1_epi8(mask));
}
// Signed bytes, two of k for each column in each 32, as unsigned ones above 128, four of k for each column.
VT_INLINE v64b v64b_from_pairs(const void *p) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_xor_si512(_mm512_permutexvar_epi16(order, _mm512_loadu_si512(p)), _mm512_set1_epi8(-128));
}
// x with the bits of `plane`, moved to the left (or by -shift to the right), that `mask` shows.
VT_INLINE v64b v64b_with_bits(v64b x, v64b plane, int shift, int8_t mask) {
  const __m512i moved =
      shift >= 0 ? _mm512_slli_epi16(plane, (unsigned)shift) : _mm512_srli_epi16(plane, (unsigned)-shift);
  return _mm512_ternarylogic_epi64(x, moved, _mm512_set1_epi8(mask), 0xF8); // x | (moved & mask)
}
// Unsigned bytes times signed bytes.
VT_INLINE vdot vdot_first(int bits, v64b w, v64b x) {
  (void)bits;
  return _mm512_dpbusd_epi32(_mm512_setzero_si512(), w, x);
}
VT_INLINE vdot vdot_next(int bits, vdot sum, v64b w, v64b x) {
  (void)bits;
  return _mm512_dpbusd_epi32(sum, w, x);
}
VT_INLINE v16i vdot_sum(vdot x) { return x; }
// A sum that starts at zero · *negated; only where a vdot has 32 bits for each column.
enum { VT_WIDE_DOT = 1 };
VT_INLINE vdot vdot_from(const int32_t *negated, int zero, v64b w, v64b x) {
  const unsigned shift = (unsigned)__builtin_ctz((unsigned)zero);
  return _mm512_dpbusd_epi32(_mm512_slli_epi32(_mm512_set1_epi32(*negated), shift), w, x);
}

VT_INLINE v32s v32s_load(const void *p) { return _mm512_loadu_si512(p); }
VT_INLINE void v32s_store(void *p, v32s x) { _mm512_storeu_si512(p, x); }
VT_INLINE v32s v32s_from_i8(const void *p) { return _mm512_cvtepi8_epi16(_mm256_loadu_si256(p)); }
// Signed bytes 2·which and 2·which + 1 of each column.
VT_INLINE v32s v32s_from_bytes(v64b x, int which) {
  const __m512i order = _mm512_set1_epi32(which ? 0x03800280 : 0x01800080);
  const __m512i columns = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x04000400, 0x08000800, 0x0C000C00));
  return _mm512_srai_epi16(_mm512_shuffle_epi8(x, _mm512_or_si512(order, columns)), 8);
}
VT_INLINE v32s v32s_broadcast2(const void *p) { return v64b_broadcast4(p); } // two int16 over and over
// sum + w · x, neighbours added.
VT_INLINE v16i v16i_dot(v16i sum, v32s w, v32s x) { return _mm512_dpwssd_epi32(sum, w, x); }
VT_INLINE v16i v16i_from_u8(const uint8_t *p) { return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)); }
VT_INLINE v16f v16f_from_u8(const uint8_t *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
VT_INLINE v16i v16f_bits(v16f x) { return _mm512_castps_si512(x); }
VT_INLINE int32_t v16i_max_lane(v16i x) {
  return v8i_max_lane(_mm256_max_epi32(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1)));
}
VT_INLINE v16i v16i_max(v16i a, v16i b) { return _mm512_max_epi32(a, b); }
// 32 int32, clamped to int8, in order.
VT_INLINE v32b v16i_bytes(v16i a, v16i b) {
  return _mm256_set_m128i(_mm512_cvtsepi32_epi8(b), _mm512_cvtsepi32_epi8(a));
}
VT_INLINE void v16i_store_i16(int16_t *p, v16i x) { _mm256_storeu_si256((__m256i *)p, _mm512_cvtsepi32_epi16(x)); }
VT_INLINE v16i v16i_load(const void *p) { return _mm512_loadu_si512(p); }
VT_INLINE v16i v16i_and(v16i x, v16i y) { return _mm512_and_si512(x, y); }

#endif
