// The portable twins of the measuring kernels, and the choice among the compiled sets.
#include "vt_measure.h"

#include <string.h>

#include "vt_measure_sets.h"

volatile int32_t vt_measure_sink;

// A value the compiler must take as new each time.
#define OPAQUE(x) __asm__ volatile("" : "+r"(x))

enum { LANES = 16 };

static double chain_reference(vt_chain chain, int64_t rounds) {
  int32_t one = 1;
  OPAQUE(one);
  float sums[LANES] = {0};
  int32_t totals[LANES] = {0};
  int16_t narrow[LANES];
  for (int64_t round = 0; round < rounds; round++) {
    OPAQUE(one);
    const float scale = (float)one;
    switch (chain) {
    case VT_CHAIN_F32:
      for (int lane = 0; lane < LANES; lane++) sums[lane] = sums[lane] * scale + 1.5f;
      break;
    case VT_CHAIN_U4:
      for (int lane = 0; lane < LANES; lane++) narrow[lane] = 0;
      for (int step = 0; step < 8; step++) {
        OPAQUE(one);
        for (int lane = 0; lane < LANES; lane++) narrow[lane] = (int16_t)(narrow[lane] + (int16_t)(one + lane) * 7);
      }
      for (int lane = 0; lane < LANES; lane++) totals[lane] += narrow[lane] & 0xFF;
      break;
    case VT_CHAIN_I8:
    case VT_CHAIN_I16:
      for (int lane = 0; lane < LANES; lane++) totals[lane] += ((int16_t)(one + lane) * (int16_t)7) & 0xFF;
      break;
    }
  }
  int32_t sink = 0;
  for (int lane = 0; lane < LANES; lane++) sink ^= totals[lane] ^ (int32_t)(sums[lane] > 0 ? 1 : 2);
  vt_measure_sink = sink;
  return (double)rounds * 2 * LANES * (chain == VT_CHAIN_U4 ? 8 : 1);
}

static void read_reference(const char *base, size_t run, int32_t streams, int32_t prefetch) {
  uint64_t sums[8] = {0};
  for (size_t at = 0; at < run; at += VT_MEASURE_LINE) {
    for (int32_t stream = 0; stream < streams; stream++) {
      const char *line = base + (size_t)stream * run + at;
      if (prefetch > 0) __builtin_prefetch(line + prefetch);
      uint64_t words[VT_MEASURE_LINE / 8];
      memcpy(words, line, sizeof words);
      for (int word = 0; word < VT_MEASURE_LINE / 8; word++) sums[word] += words[word];
    }
  }
  uint64_t sum = 0;
  for (int word = 0; word < 8; word++) sum ^= sums[word];
  vt_measure_sink = (int32_t)(sum ^ sum >> 32);
}

double vt_measure_chain(vt_isa isa, vt_chain chain, int64_t rounds) {
#if defined(__x86_64__)
  if (isa == VT_ISA_AVX512) return vt_measure_chain_avx512(chain, rounds);
  if (isa == VT_ISA_AVX2) return vt_measure_chain_avx2(chain, rounds);
#elif defined(__aarch64__)
  if (isa == VT_ISA_NEON) return vt_measure_chain_neon(chain, rounds);
#endif
  (void)isa;
  return chain_reference(chain, rounds);
}

size_t vt_measure_read(vt_isa isa, const void *base, size_t bytes, int32_t streams, int32_t prefetch) {
  if (streams < 1) streams = 1;
  if (streams > 8) streams = 8;
  const size_t run = bytes / (size_t)streams / VT_MEASURE_LINE * VT_MEASURE_LINE;
#if defined(__x86_64__)
  if (isa == VT_ISA_AVX2 || isa == VT_ISA_AVX512) {
    vt_measure_read_avx2(base, run, streams, prefetch);
    return run * (size_t)streams;
  }
#elif defined(__aarch64__)
  if (isa == VT_ISA_NEON) {
    vt_measure_read_neon(base, run, streams, prefetch);
    return run * (size_t)streams;
  }
#endif
  (void)isa;
  read_reference(base, run, streams, prefetch);
  return run * (size_t)streams;
}
