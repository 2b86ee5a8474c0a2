// Plain scalar products with packed weights: the twins of the vector kernels, equal to them bit for bit.
#include <math.h>

#include "kernels/exp.h"
#include "kernels/linear_layout.h"
#include "vt_linear.h"

#pragma STDC FP_CONTRACT OFF

static float amax(const float *x, int n) {
  float m = 0;
  for (int i = 0; i < n; i++) m = fabsf(x[i]) > m ? fabsf(x[i]) : m;
  return m;
}

// Nearest integer, ties to even; what the vector conversion gives for numbers that do not fit, too.
static int32_t nearest(float x) { return x >= -2147483648.0f && x < 2147483648.0f ? (int32_t)rintf(x) : INT32_MIN; }
static int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

static void quantize_i8(int32_t k, const float *x, void *row) {
  int8_t *q = row;
  float *scales = (float *)vt_i8_scales(row, k), *sums32 = (float *)vt_i8_sums32(row, k),
        *sums16 = (float *)vt_i8_sums16(row, k);
  for (int32_t b = 0; b < k / 32; b++) {
    const float m = amax(x + 32 * b, 32), scale = m / 127.0f, inverse = m > 0 ? 127.0f / m : 0;
    int32_t sum[2] = {0, 0};
    for (int32_t i = 0; i < 32; i++) {
      const int32_t value = clamp(nearest(x[32 * b + i] * inverse), -128, 127);
      q[32 * b + i] = (int8_t)value;
      sum[i / 16] += value;
    }
    scales[b] = scale;
    sums32[b] = scale * (float)(sum[0] + sum[1]);
    sums16[2 * b] = scale * (float)sum[0];
    sums16[2 * b + 1] = scale * (float)sum[1];
  }
}

static void quantize_i16(int32_t k, const float *x, void *row) {
  int16_t *q = row;
  float *scales = (float *)vt_i16_scales(row, k);
  for (int32_t b = 0; b < k / 32; b++) {
    const float m = amax(x + 32 * b, 32), inverse = m > 0 ? 32767.0f / m : 0;
    for (int32_t i = 0; i < 32; i++) q[32 * b + i] = (int16_t)clamp(nearest(x[32 * b + i] * inverse), -32768, 32767);
    scales[b] = m / 32767.0f;
  }
}

// Scale and offset of column c in sub-block s of a packed panel, and the address of the block's values.
static const uint8_t *locate(vt_format format, const uint8_t *panel, int32_t s, int c, float *scale, float *offset) {
  const size_t bytes = vt_packed_block_bytes(format);
  if (format == VT_Q4_K || format == VT_Q5_K) {
    const uint8_t *block = panel + (size_t)(s / 8) * bytes, *part = block + 64 + (s % 8) * vt_packed_part_bytes(format);
    *scale = vt_half(block + 2 * c) * (float)part[c];
    *offset = -vt_half(block + 32 + 2 * c) * (float)part[16 + c];
    return part + 32;
  }
  if (format == VT_Q6_K) {
    const uint8_t *block = panel + (size_t)(s / 16) * bytes,
                  *part = block + 32 + s / 2 % 8 * vt_packed_part_bytes(format);
    *scale = vt_half(block + 2 * c) * (float)(int8_t)part[s % 2 * 16 + c];
    *offset = -32.0f * *scale;
    return part + 32;
  }
  const uint8_t *block = panel + (size_t)s * bytes;
  *scale = vt_half(block + 2 * c);
  if (format == VT_Q4_1 || format == VT_Q5_1) {
    *offset = vt_half(block + 32 + 2 * c);
    return block + 64;
  }
  *offset = format == VT_Q8_0 ? 0 : -(float)vt_format_zero(format) * *scale;
  return block + 32;
}

// Value j (0...31) of column c in a packed block's values.
static int32_t value_at(vt_format format, const uint8_t *values, int c, int j) {
  if (format == VT_Q8_0) return (int8_t)values[32 * (j / 2) + 2 * c + j % 2];
  const int g = j / 4, byte = 4 * (c % 8) + j % 4, side = c / 8;
  int32_t q = values[32 * g + byte] >> 4 * side & 15;
  if (vt_format_bits(format) == 5) q |= (values[256 + 32 * side + byte] >> g & 1) << 4;
  if (vt_format_bits(format) == 6) q |= (values[256 + 64 * side + 32 * (g / 4) + byte] >> 2 * (g % 4) & 3) << 4;
  return q;
}

static void row_panel(vt_format format, int32_t k, const void *panel, const void *row, float *y) {
  const int32_t sub = vt_format_sub_block(format);
  const int wide = format == VT_Q8_0;
  for (int c = 0; c < VT_PANEL; c++) {
    float acc = 0;
    for (int32_t s = 0; s < k / sub; s++) {
      float scale, offset;
      const uint8_t *values = locate(format, panel, s, c, &scale, &offset);
      int32_t sum = 0;
      for (int32_t i = 0; i < sub; i++) {
        const int32_t at = s * sub + i;
        sum += value_at(format, values, c, at % 32) * (wide ? ((const int16_t *)row)[at] : ((const int8_t *)row)[at]);
      }
      const float ascale = wide ? vt_i16_scales(row, k)[s] : vt_i8_scales(row, k)[s * sub / 32];
      acc = fmaf((float)sum, scale * ascale, acc);
      if (!wide) acc = fmaf(offset, sub == 32 ? vt_i8_sums32(row, k)[s] : vt_i8_sums16(row, k)[s], acc);
    }
    y[c] = acc;
  }
}

static void unpack(vt_format format, int32_t k, const void *panel, void *unpacked) {
  const int32_t sub = vt_format_sub_block(format);
  float *scales = vt_unpacked_scales(format, unpacked, k), *offsets = scales + k / sub * VT_PANEL;
  for (int32_t s = 0; s < k / sub; s++) {
    for (int c = 0; c < VT_PANEL; c++) {
      const uint8_t *values = locate(format, panel, s, c, &scales[s * VT_PANEL + c], &offsets[s * VT_PANEL + c]);
      for (int32_t i = 0; i < sub; i++) {
        const int32_t at = s * sub + i, q = value_at(format, values, c, at % 32);
        if (format == VT_Q8_0) {
          ((int16_t *)unpacked)[at / 2 * 32 + 2 * c + at % 2] = (int16_t)q;
        } else {
          ((uint8_t *)unpacked)[at / 4 * 64 + c / 8 * 32 + 4 * (c % 8) + at % 4] = (uint8_t)q;
        }
      }
    }
  }
}

static void rows_panel(vt_format format, int32_t k, const void *unpacked, int32_t rows, const void *activations,
                       size_t stride, float *c, int64_t ldc) {
  const int32_t sub = vt_format_sub_block(format);
  const int wide = format == VT_Q8_0;
  const float *scales = vt_unpacked_scales(format, unpacked, k), *offsets = scales + k / sub * VT_PANEL;
  for (int32_t r = 0; r < rows; r++) {
    const char *row = (const char *)activations + (size_t)r * stride;
    for (int column = 0; column < VT_PANEL; column++) {
      float acc = 0;
      for (int32_t s = 0; s < k / sub; s++) {
        int32_t sum = 0;
        for (int32_t at = s * sub; at < (s + 1) * sub; at++) {
          sum += wide ? ((const int16_t *)unpacked)[at / 2 * 32 + 2 * column + at % 2] * ((const int16_t *)row)[at]
                      : ((const uint8_t *)unpacked)[at / 4 * 64 + column / 8 * 32 + 4 * (column % 8) + at % 4] *
                            ((const int8_t *)row)[at];
        }
        const float ascale = wide ? vt_i16_scales(row, k)[s] : vt_i8_scales(row, k)[s * sub / 32];
        acc = fmaf((float)sum, scales[s * VT_PANEL + column] * ascale, acc);
        if (!wide)
          acc = fmaf(offsets[s * VT_PANEL + column], sub == 32 ? vt_i8_sums32(row, k)[s] : vt_i8_sums16(row, k)[s], acc);
      }
      c[r * ldc + column] = acc;
    }
  }
}

static void decode_panel(vt_format format, int32_t k, const void *panel, float *out) {
  const int32_t sub = vt_format_sub_block(format);
  for (int32_t i = 0; i < k; i++) {
    for (int c = 0; c < VT_PANEL; c++) {
      if (sub == 0) {
        vt_decode_row(format, 1, (const char *)panel + (size_t)(i * VT_PANEL + c) * vt_format_block_bytes(format),
                      &out[(size_t)i * VT_PANEL + c]);
        continue;
      }
      float scale, offset;
      const uint8_t *values = locate(format, panel, i / sub, c, &scale, &offset);
      const int32_t q = value_at(format, values, c, i % 32);
      const int has_minimum = format == VT_Q4_1 || format == VT_Q5_1 || format == VT_Q4_K || format == VT_Q5_K;
      // Products are exact, so a minimum is added with the one rounding that the format's definition has.
      out[(size_t)i * VT_PANEL + c] =
          has_minimum ? scale * (float)q + offset : scale * (float)(q - vt_format_zero(format));
    }
  }
}

static void silu_gate(int32_t n, const float *g, const float *u, float *y) {
  for (int32_t i = 0; i < n; i++) y[i] = g[i] / (1.0f + vt_exp_scalar(-g[i])) * u[i];
}

static const vt_linear_kernels kernels = {quantize_i8, quantize_i16, row_panel, unpack,
                                          rows_panel,  decode_panel, silu_gate};

#if defined(__x86_64__)
extern const vt_linear_kernels vt_linear_kernels_avx2;
#elif defined(__aarch64__)
extern const vt_linear_kernels vt_linear_kernels_neon;
#endif

const vt_linear_kernels *vt_linear_kernels_for(vt_isa isa) {
#if defined(__x86_64__)
  if (isa == VT_ISA_AVX2 || isa == VT_ISA_AVX512) return &vt_linear_kernels_avx2;
#elif defined(__aarch64__)
  if (isa == VT_ISA_NEON) return &vt_linear_kernels_neon;
#endif
  (void)isa;
  return &kernels;
}
