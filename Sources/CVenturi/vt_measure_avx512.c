#if defined(__x86_64__)
#include <immintrin.h>

#include "vt_measure_sets.h"

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
// Ends an iteration with the accumulator in a register that the compiler must take as changed.
#define KEEP(x) __asm__ volatile("" : "+v"(x))

enum { SUMS = 24 };

AVX512 static double chain_f32(int64_t rounds) {
  __m512 sums[SUMS], x = _mm512_set1_ps(1.0001f), y = _mm512_set1_ps(0.5f);
  for (int i = 0; i < SUMS; i++) sums[i] = _mm512_set1_ps((float)i);
  KEEP(x);
  KEEP(y);
  for (int64_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS; i++) {
      sums[i] = _mm512_fmadd_ps(x, y, sums[i]);
      KEEP(sums[i]);
    }
  }
  for (int i = 1; i < SUMS; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  vt_measure_sink = _mm512_cmp_ps_mask(sums[0], y, _CMP_LT_OQ);
  return (double)rounds * SUMS * 32;
}

// One instruction multiplies and adds into 32 bits, so 4- and 8-bit weights have the same limit.
#define CHAIN(name, dot, operations)                                                                                   \
  AVX512 static double name(int64_t rounds) {                                                                          \
    __m512i sums[SUMS], x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(5);                                              \
    for (int i = 0; i < SUMS; i++) sums[i] = _mm512_set1_epi32(i);                                                     \
    KEEP(x);                                                                                                           \
    KEEP(y);                                                                                                           \
    for (int64_t round = 0; round < rounds; round++) {                                                                 \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) {                                              \
        sums[i] = dot(sums[i], x, y);                                                                                  \
        KEEP(sums[i]);                                                                                                 \
      }                                                                                                                \
    }                                                                                                                  \
    for (int i = 1; i < SUMS; i++) sums[0] = _mm512_add_epi32(sums[0], sums[i]);                                       \
    vt_measure_sink = _mm512_cvtsi512_si32(sums[0]);                                                                   \
    return (double)rounds * SUMS * operations;                                                                         \
  }

CHAIN(chain_bytes, _mm512_dpbusd_epi32, 128)
CHAIN(chain_i16, _mm512_dpwssd_epi32, 64)

double vt_measure_chain_avx512(vt_chain chain, int64_t rounds) {
  switch (chain) {
  case VT_CHAIN_F32: return chain_f32(rounds);
  case VT_CHAIN_I8: case VT_CHAIN_U4: return chain_bytes(rounds);
  case VT_CHAIN_I16: return chain_i16(rounds);
  }
  return 0;
}
#endif
