#if defined(__x86_64__)
#include <immintrin.h>

#include "vt_measure_sets.h"

#define AVX2 __attribute__((target("avx2,fma")))
// Ends an iteration with the accumulator in a register that the compiler must take as changed.
#define KEEP(x) __asm__ volatile("" : "+x"(x))

// Twelve accumulators cover a latency of six at two issues a cycle, and leave four registers for operands.
AVX2 static double chain_f32(int64_t rounds) {
  __m256 sums[12], x = _mm256_set1_ps(1.0001f), y = _mm256_set1_ps(0.5f);
  for (int i = 0; i < 12; i++) sums[i] = _mm256_set1_ps((float)i);
  KEEP(x);
  KEEP(y);
  for (int64_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 12; i++) {
      sums[i] = _mm256_fmadd_ps(x, y, sums[i]);
      KEEP(sums[i]);
    }
  }
  for (int i = 1; i < 12; i++) sums[0] = _mm256_add_ps(sums[0], sums[i]);
  vt_measure_sink = _mm256_movemask_ps(sums[0]);
  return (double)rounds * 12 * 16;
}

// `products` pairs of byte products are added in 16 bits before they are widened to 32.
#define CHAIN_BYTES(name, products)                                                                                    \
  AVX2 static double name(int64_t rounds) {                                                                            \
    __m256i sums[8], x = _mm256_set1_epi8(3), y = _mm256_set1_epi8(5), ones = _mm256_set1_epi16(1);                    \
    for (int i = 0; i < 8; i++) sums[i] = _mm256_set1_epi32(i);                                                        \
    KEEP(y);                                                                                                           \
    KEEP(ones);                                                                                                        \
    for (int64_t round = 0; round < rounds; round++) {                                                                 \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < 8; i++) {                                                 \
        KEEP(x);                                                                                                       \
        __m256i pairs = _mm256_maddubs_epi16(x, y);                                                                    \
        _Pragma("clang loop unroll(full)") for (int j = 1; j < products; j++) {                                        \
          KEEP(x);                                                                                                     \
          pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(x, y));                                                 \
        }                                                                                                              \
        sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(pairs, ones));                                           \
      }                                                                                                                \
    }                                                                                                                  \
    for (int i = 1; i < 8; i++) sums[0] = _mm256_add_epi32(sums[0], sums[i]);                                          \
    vt_measure_sink = _mm256_extract_epi32(sums[0], 0);                                                                \
    return (double)rounds * 8 * products * 64;                                                                         \
  }

CHAIN_BYTES(chain_i8, 1)
CHAIN_BYTES(chain_u4, 8)

AVX2 static double chain_i16(int64_t rounds) {
  __m256i sums[8], x = _mm256_set1_epi16(3), y = _mm256_set1_epi16(5);
  for (int i = 0; i < 8; i++) sums[i] = _mm256_set1_epi32(i);
  KEEP(y);
  for (int64_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      KEEP(x);
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(x, y));
    }
  }
  for (int i = 1; i < 8; i++) sums[0] = _mm256_add_epi32(sums[0], sums[i]);
  vt_measure_sink = _mm256_extract_epi32(sums[0], 0);
  return (double)rounds * 8 * 32;
}

double vt_measure_chain_avx2(vt_chain chain, int64_t rounds) {
  switch (chain) {
  case VT_CHAIN_F32: return chain_f32(rounds);
  case VT_CHAIN_I8: return chain_i8(rounds);
  case VT_CHAIN_U4: return chain_u4(rounds);
  case VT_CHAIN_I16: return chain_i16(rounds);
  }
  return 0;
}

#define READ(name, fetch)                                                                                              \
  AVX2 static inline __attribute__((always_inline)) void name(const char *base, size_t run, const int32_t streams,     \
                                                              int32_t prefetch) {                                      \
    __m256i a = _mm256_setzero_si256(), b = a;                                                                         \
    for (size_t at = 0; at < run; at += VT_MEASURE_LINE) {                                                             \
      for (int32_t stream = 0; stream < streams; stream++) {                                                           \
        const char *line = base + (size_t)stream * run + at;                                                           \
        if (fetch) _mm_prefetch(line + prefetch, _MM_HINT_T0);                                                         \
        a = _mm256_add_epi64(a, _mm256_loadu_si256((const __m256i *)line));                                            \
        b = _mm256_add_epi64(b, _mm256_loadu_si256((const __m256i *)(line + 32)));                                     \
      }                                                                                                                \
    }                                                                                                                  \
    a = _mm256_xor_si256(a, b);                                                                                        \
    vt_measure_sink = _mm256_extract_epi32(a, 0);                                                                      \
  }

READ(read_plain, 0)
READ(read_ahead, 1)

// The stream count is a constant in each case, so that the inner loop is straight code.
AVX2 void vt_measure_read_avx2(const char *base, size_t run, int32_t streams, int32_t prefetch) {
#define CASE(count)                                                                                                    \
  case count:                                                                                                          \
    if (prefetch > 0) read_ahead(base, run, count, prefetch);                                                          \
    else read_plain(base, run, count, 0);                                                                              \
    break;
  switch (streams) {
    CASE(1)
    CASE(2)
    CASE(4)
    CASE(8)
  default:
    if (prefetch > 0) read_ahead(base, run, streams, prefetch);
    else read_plain(base, run, streams, 0);
  }
#undef CASE
}
#endif
