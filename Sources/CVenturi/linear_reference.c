// Plain scalar products with packed weights: the twins of the vector kernels, equal to them bit for bit.
#include <math.h>

#include "kernels/linear_epilogue.h"
#include "kernels/linear_layout.h"
#include "vt_linear.h"

#pragma STDC FP_CONTRACT OFF

// The bits of the largest magnitude of a block.
static int32_t largest_bits(const float *x) {
  int32_t most = 0;
  for (int i = 0; i < 32; i++) {
    int32_t bits;
    memcpy(&bits, x + i, 4);
    bits &= 0x7FFFFFFF;
    if (bits > most) most = bits;
  }
  return most;
}

// Nearest integer, ties to even; what the vector conversion gives for numbers that do not fit, too.
static int32_t nearest(float x) { return x >= -2147483648.0f && x < 2147483648.0f ? (int32_t)rintf(x) : INT32_MIN; }
static int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

static void quantize(vt_activation kind, int32_t k, const float *x, int32_t rows, int32_t row, void *tile) {
  if (kind == VT_ACTIVATION_F32) return;
  float *scales = (float *)vt_tile_scales(kind, tile, k, rows) + row,
        *asums32 = (float *)vt_tile_asums(kind, tile, k, rows, 32) + row,
        *asums16 = (float *)vt_tile_asums(kind, tile, k, rows, 16) + row;
  int32_t *negated32 = (int32_t *)vt_tile_negated(kind, tile, k, rows, 32) + row,
          *negated16 = (int32_t *)vt_tile_negated(kind, tile, k, rows, 16) + row;
  const int32_t largest = kind == VT_ACTIVATION_I8     ? VT_I8_LARGEST
                          : kind == VT_ACTIVATION_I8X2 ? VT_I8X2_LARGEST
                                                       : VT_I16_LARGEST;
  const int32_t bytes = kind == VT_ACTIVATION_I8 ? 32 : 64;
  for (int32_t b = 0; b < k / 32; b++) {
    const vt_block_scale s = vt_scale_of(largest_bits(x + 32 * b), largest);
    int8_t *out = (int8_t *)tile + bytes * (b * rows + row);
    int32_t sum[2] = {0, 0};
    for (int32_t i = 0; i < 32; i++) {
      const int32_t value = clamp(nearest(x[32 * b + i] * s.inverse), -largest, largest);
      sum[i / 16] += value;
      const int32_t high = (value + 128) >> 8;
      if (kind == VT_ACTIVATION_I8) {
        out[i] = (int8_t)value;
      } else if (kind == VT_ACTIVATION_I8X2) {
        out[i] = (int8_t)high;
        out[32 + i] = (int8_t)(value - 256 * high);
      } else {
        ((int16_t *)out)[i] = (int16_t)value;
      }
    }
    scales[b * rows] = s.scale;
    if (kind == VT_ACTIVATION_I16) continue;
    asums32[b * rows] = s.scale * (float)(sum[0] + sum[1]);
    asums16[2 * b * rows] = s.scale * (float)sum[0];
    asums16[(2 * b + 1) * rows] = s.scale * (float)sum[1];
    negated32[b * rows] = -(sum[0] + sum[1]);
    negated16[2 * b * rows] = -sum[0];
    negated16[(2 * b + 1) * rows] = -sum[1];
  }
}

// Value i of row `row` in a tile of activations.
static int32_t activation_at(vt_activation kind, const void *tile, int32_t rows, int32_t row, int32_t i) {
  const int8_t *block = (const int8_t *)tile + (kind == VT_ACTIVATION_I8 ? 32 : 64) * (i / 32 * rows + row);
  switch (kind) {
  case VT_ACTIVATION_I8: return block[i % 32];
  case VT_ACTIVATION_I8X2: return 256 * block[i % 32] + block[32 + i % 32];
  default: return ((const int16_t *)block)[i % 32];
  }
}

// Scale and offset of column c in sub-block s of a packed panel, and the address of its part's codes.
static const uint8_t *locate(vt_format form, const uint8_t *panel, int32_t s, int c, float *scale, float *offset) {
  const int32_t at = s * vt_sub_block(form), part_number = at / 32;
  const int half = at % 32 / 16, has_offset = vt_format_has_offset(form);
  *offset = 0;
  if (!vt_format_is_super(form)) {
    const uint8_t *part = panel + (size_t)part_number * vt_packed_part_bytes(form), *d = part + 32 * half + 2 * c;
    *scale = form == VT_MXFP4 ? vt_float_from_bf16((uint16_t)(d[0] | d[1] << 8)) : vt_half(d);
    if (has_offset) *offset = vt_half(part + 32 + 2 * c);
    return part + vt_part_scale_bytes(form);
  }
  const uint8_t *block = panel + (size_t)(part_number / 8) * vt_packed_block_bytes(form);
  const uint8_t *part = block + vt_header_bytes(form) + (size_t)(part_number % 8) * vt_packed_part_bytes(form);
  const float d = vt_half(block + 2 * c) * vt_format_factor(form);
  if (form == VT_Q2_K) {
    *scale = d * (float)(part[16 * half + c] & 15);
    *offset = -vt_half(block + 32 + 2 * c) * (float)(part[16 * half + c] >> 4);
  } else if (has_offset) {
    *scale = d * (float)part[c];
    *offset = -vt_half(block + 32 + 2 * c) * (float)part[16 + c];
  } else {
    *scale = d * (float)(int8_t)part[16 * half + c];
  }
  return part + vt_part_scale_bytes(form);
}

// Code j (0...31) of column c of a part.
static int32_t code_at(vt_format form, const uint8_t *codes, int c, int j) {
  const int bits = vt_format_bits(form), g = j / 4;
  if (bits == 8) return (int8_t)codes[32 * (j / 2) + 2 * c + j % 2];
  if (bits < 4) {
    const int byte = 4 * c + j % 4;
    int32_t q = codes[64 * (g / 4) + byte] >> 2 * (g % 4) & 3;
    if (bits == 3) q |= (codes[128 + byte] >> g & 1) << 2;
    return q;
  }
  const int byte = 4 * (c % 8) + j % 4, side = c / 8;
  int32_t q = codes[32 * g + byte] >> 4 * side & 15;
  if (bits == 5) q |= (codes[256 + 32 * side + byte] >> g & 1) << 4;
  if (bits == 6) q |= (codes[256 + 64 * side + 32 * (g / 4) + byte] >> 2 * (g % 4) & 3) << 4;
  return q;
}

// What code j of column c of a part stands for, as the sums take it.
static int32_t value_at(vt_format form, const uint8_t *codes, int c, int j) {
  const int32_t q = code_at(form, codes, c, j);
  const int8_t *table = vt_format_table(form);
  return table ? table[q] : form == VT_Q8_0 ? q : q - vt_format_zero(form);
}

// One sub-block's part of an output: what the file says of it, times the activations.
static float accumulate(vt_format format, vt_activation kind, float acc, int32_t sum, float scale, float offset,
                        float ascale, float asum) {
  acc = fmaf((float)sum, scale * ascale, acc);
  return kind != VT_ACTIVATION_I16 && vt_format_has_offset(format) ? fmaf(offset, asum, acc) : acc;
}

static void row_panel(vt_format format, vt_activation kind, int32_t k, const void *panel, const void *row, float *y) {
  const int32_t sub = vt_sub_block(format);
  for (int c = 0; c < VT_PANEL; c++) {
    float acc = 0;
    for (int32_t s = 0; s < k / sub; s++) {
      float scale, offset;
      const uint8_t *codes = locate(format, panel, s, c, &scale, &offset);
      int32_t sum = 0;
      for (int32_t at = s * sub; at < (s + 1) * sub; at++)
        sum += value_at(format, codes, c, at % 32) * activation_at(kind, row, 1, 0, at);
      const float asum = kind == VT_ACTIVATION_I16 ? 0 : vt_tile_asums(kind, row, k, 1, sub)[s];
      acc = accumulate(format, kind, acc, sum, scale, offset, vt_tile_scales(kind, row, k, 1)[s * sub / 32], asum);
    }
    y[c] = acc;
  }
}

static void unpack(vt_format format, vt_activation kind, int32_t k, const void *panel, void *unpacked) {
  const int32_t sub = vt_sub_block(format);
  float *scales = vt_unpacked_scales(kind, unpacked, k), *offsets = scales + k / sub * VT_PANEL;
  for (int32_t s = 0; s < k / sub; s++) {
    for (int c = 0; c < VT_PANEL; c++) {
      const uint8_t *codes = locate(format, panel, s, c, &scales[s * VT_PANEL + c], &offsets[s * VT_PANEL + c]);
      for (int32_t at = s * sub; at < (s + 1) * sub; at++) {
        const int32_t q = value_at(format, codes, c, at % 32);
        if (kind == VT_ACTIVATION_I16)
          ((int16_t *)unpacked)[at / 2 * 32 + 2 * c + at % 2] = (int16_t)q;
        else
          ((uint8_t *)unpacked)[at / 4 * 64 + 4 * c + at % 4] = (uint8_t)(q + vt_format_zero(format));
      }
    }
  }
}

static void tile_panel(vt_format format, vt_activation kind, int32_t k, const void *unpacked, int32_t rows,
                       const void *tile, float *c, int64_t ldc, int add) {
  const int32_t sub = vt_sub_block(format);
  const float *scales = vt_unpacked_scales(kind, unpacked, k), *offsets = scales + k / sub * VT_PANEL;
  for (int32_t r = 0; r < rows; r++) {
    for (int column = 0; column < VT_PANEL; column++) {
      float acc = 0;
      for (int32_t s = 0; s < k / sub; s++) {
        int32_t sum = 0;
        for (int32_t at = s * sub; at < (s + 1) * sub; at++) {
          const int32_t q = kind == VT_ACTIVATION_I16
                                ? ((const int16_t *)unpacked)[at / 2 * 32 + 2 * column + at % 2]
                                : ((const uint8_t *)unpacked)[at / 4 * 64 + 4 * column + at % 4] - vt_format_zero(format);
          sum += q * activation_at(kind, tile, rows, r, at);
        }
        const float asum = kind == VT_ACTIVATION_I16 ? 0 : vt_tile_asums(kind, tile, k, rows, sub)[s * rows + r];
        acc = accumulate(format, kind, acc, sum, scales[s * VT_PANEL + column], offsets[s * VT_PANEL + column],
                         vt_tile_scales(kind, tile, k, rows)[s * sub / 32 * rows + r], asum);
      }
      c[r * ldc + column] = add ? c[r * ldc + column] + acc : acc;
    }
  }
}

static void decode_panel(vt_format format, int32_t k, const void *panel, float *out) {
  const int32_t sub = vt_sub_block(format);
  for (int32_t i = 0; i < k; i++) {
    for (int c = 0; c < VT_PANEL; c++) {
      if (sub == 0) {
        vt_decode_row(format, 1, (const char *)panel + (size_t)(i * VT_PANEL + c) * vt_format_block_bytes(format),
                      &out[(size_t)i * VT_PANEL + c]);
        continue;
      }
      float scale, offset;
      const uint8_t *codes = locate(format, panel, i / sub, c, &scale, &offset);
      const float scaled = scale * (float)value_at(format, codes, c, i % 32);
      // Products are exact, so a minimum is added with the one rounding that the format's definition has.
      out[(size_t)i * VT_PANEL + c] = vt_format_has_offset(format) ? scaled + offset : scaled;
    }
  }
}

static void gate(vt_function f, int32_t rows, int32_t n, const float *g, const float *u, float *y, int64_t ldy) {
  for (; rows > 0; rows--, g += n, u += n, y += ldy)
    for (int32_t i = 0; i < n; i++) y[i] = vt_function_scalar(f, g[i]) * u[i];
}

static void finish(vt_function f, int32_t rows, int32_t n, const float *bias, float *y, int64_t ldy) {
  for (; rows > 0; rows--, y += ldy)
    for (int32_t i = 0; i < n; i++) y[i] = vt_function_scalar(f, bias ? y[i] + bias[i] : y[i]);
}

static const vt_linear_kernels kernels = {{4, 4, 4}, quantize, row_panel, NULL, unpack, tile_panel, decode_panel, gate,
                                          finish};

#if defined(__x86_64__)
extern const vt_linear_kernels vt_linear_kernels_avx2, vt_linear_kernels_avx512;
#elif defined(__aarch64__)
extern const vt_linear_kernels vt_linear_kernels_neon;
#endif

const vt_linear_kernels *vt_linear_kernels_for(vt_isa isa) {
#if defined(__x86_64__)
  if (isa == VT_ISA_AVX512) return &vt_linear_kernels_avx512;
  if (isa == VT_ISA_AVX2) return &vt_linear_kernels_avx2;
#elif defined(__aarch64__)
  if (isa == VT_ISA_NEON) return &vt_linear_kernels_neon;
#endif
  (void)isa;
  return &kernels;
}
