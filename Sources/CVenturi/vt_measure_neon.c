#if defined(__aarch64__)
#include <arm_neon.h>

#include "vt_measure_sets.h"

#define KEEP(x) __asm__ volatile("" : "+w"(x))

static double chain_f32(int64_t rounds) {
  float32x4_t sums[16], x = vdupq_n_f32(1.0001f), y = vdupq_n_f32(0.5f);
  for (int i = 0; i < 16; i++) sums[i] = vdupq_n_f32((float)i);
  KEEP(x);
  KEEP(y);
  for (int64_t round = 0; round < rounds; round++) {
    for (int i = 0; i < 16; i++) {
      sums[i] = vfmaq_f32(sums[i], x, y);
      KEEP(sums[i]);
    }
  }
  for (int i = 1; i < 16; i++) sums[0] = vaddq_f32(sums[0], sums[i]);
  vt_measure_sink = vgetq_lane_f32(sums[0], 0) > 0;
  return (double)rounds * 16 * 8;
}

// `products` byte products of a lane are added in 16 bits before pairs of lanes are widened to 32.
static inline __attribute__((always_inline)) double chain_bytes(int64_t rounds, const int products) {
  int32x4_t sums[8];
  int8x16_t x = vdupq_n_s8(3), y = vdupq_n_s8(5);
  for (int i = 0; i < 8; i++) sums[i] = vdupq_n_s32(i);
  KEEP(y);
  for (int64_t round = 0; round < rounds; round++) {
    for (int i = 0; i < 8; i++) {
      KEEP(x);
      int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(y)), high = vmull_high_s8(x, y);
      for (int j = 1; j < products; j++) {
        KEEP(x);
        low = vmlal_s8(low, vget_low_s8(x), vget_low_s8(y));
        high = vmlal_high_s8(high, x, y);
      }
      sums[i] = vpadalq_s16(vpadalq_s16(sums[i], low), high);
    }
  }
  for (int i = 1; i < 8; i++) sums[0] = vaddq_s32(sums[0], sums[i]);
  vt_measure_sink = vgetq_lane_s32(sums[0], 0);
  return (double)rounds * 8 * products * 32;
}

static double chain_i16(int64_t rounds) {
  int32x4_t sums[16];
  int16x8_t x = vdupq_n_s16(3), y = vdupq_n_s16(5);
  for (int i = 0; i < 16; i++) sums[i] = vdupq_n_s32(i);
  KEEP(y);
  for (int64_t round = 0; round < rounds; round++) {
    for (int i = 0; i < 16; i += 2) {
      KEEP(x);
      sums[i] = vmlal_s16(sums[i], vget_low_s16(x), vget_low_s16(y));
      sums[i + 1] = vmlal_high_s16(sums[i + 1], x, y);
    }
  }
  for (int i = 1; i < 16; i++) sums[0] = vaddq_s32(sums[0], sums[i]);
  vt_measure_sink = vgetq_lane_s32(sums[0], 0);
  return (double)rounds * 8 * 16;
}

double vt_measure_chain_neon(vt_chain chain, int64_t rounds) {
  switch (chain) {
  case VT_CHAIN_F32: return chain_f32(rounds);
  case VT_CHAIN_I8: return chain_bytes(rounds, 1);
  case VT_CHAIN_U4: return chain_bytes(rounds, 8);
  case VT_CHAIN_I16: return chain_i16(rounds);
  }
  return 0;
}

void vt_measure_read_neon(const char *base, size_t run, int32_t streams, int32_t prefetch) {
  uint64x2_t a = vdupq_n_u64(0), b = a;
  for (size_t at = 0; at < run; at += VT_MEASURE_LINE) {
    for (int32_t stream = 0; stream < streams; stream++) {
      const uint64_t *line = (const uint64_t *)(base + (size_t)stream * run + at);
      if (prefetch > 0) __builtin_prefetch((const char *)line + prefetch);
      a = vaddq_u64(vaddq_u64(a, vld1q_u64(line)), vld1q_u64(line + 4));
      b = vaddq_u64(vaddq_u64(b, vld1q_u64(line + 2)), vld1q_u64(line + 6));
    }
  }
  vt_measure_sink = (int32_t)vgetq_lane_u64(veorq_u64(a, b), 0);
}
#endif
