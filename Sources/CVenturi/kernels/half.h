// Portable scalar conversions between binary32 and the 16-bit floats; the twins of the vector conversions.
#ifndef VT_HALF_H
#define VT_HALF_H

#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF // only explicit fused operations, on every target

static inline float vt_float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t vt_bits_from_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Exact; a signalling NaN becomes quiet, as the hardware has it.
static inline float vt_float_from_f16(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3FF;
  if (exponent == 31)
    return vt_float_from_bits(sign | 0x7F800000 | fraction << 13 | (fraction ? 0x400000 : 0));
  if (exponent != 0) return vt_float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
  return vt_float_from_bits(sign | vt_bits_from_float((float)fraction * 0x1p-24f));
}

static inline float vt_float_from_bf16(uint16_t half) { return vt_float_from_bits((uint32_t)half << 16); }

// Nearest, ties to even; NaN stays NaN and becomes quiet.
static inline uint16_t vt_f16_from_float(float value) {
  const uint32_t bits = vt_bits_from_float(value), magnitude = bits & 0x7FFFFFFF;
  const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  if (magnitude > 0x7F800000) return sign | 0x7E00 | (uint16_t)(magnitude >> 13 & 0x3FF);
  if (magnitude >= 0x47800000) return sign | 0x7C00; // 2^16 and above
  if (magnitude < 0x38800000) {                      // below 2^-14: the result is subnormal, in units of 2^-24
    const float scaled = vt_float_from_bits(magnitude) + 0.5f; // 0.5 has 2^-24 as its last place
    return sign | (uint16_t)(vt_bits_from_float(scaled) - 0x3F000000);
  }
  return sign | (uint16_t)((magnitude + 0xFFF + (magnitude >> 13 & 1) - 0x38000000) >> 13);
}

static inline uint16_t vt_bf16_from_float(float value) {
  const uint32_t bits = vt_bits_from_float(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

#endif
