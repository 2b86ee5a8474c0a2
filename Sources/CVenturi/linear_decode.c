// The plain decoding of a row of GGUF, exact and portable.
#include <string.h>

#include "kernels/linear_blocks.h"
#include "vt_linear.h"

// What code `q` of a block stands for.
VT_LAYOUT int32_t value_of(vt_format format, uint8_t q) {
  const vt_format form = vt_form_of(format);
  if (form == VT_Q8_0 || format == VT_Q8_K) return (int8_t)q;
  const int8_t *table = vt_format_table(form);
  return table ? table[q] : q - vt_format_zero(form);
}

// 32 values of a block. All products are exact, so that a minimum is subtracted (or added) with the one rounding that
// the types' definitions have.
VT_LAYOUT void decode_part(vt_format format, const uint8_t *block, int32_t b, float *out) {
  const vt_format form = vt_form_of(format);
  uint8_t q[32];
  block_values(format, block, b, q);
  for (int s = 0; s < 2; s++) {
    const vt_part_scale part = part_scale(format, block, b, s);
    const uint16_t bits = block_scale_bits(format, block, b, s);
    const float d = format == VT_Q8_K ? vt_float_from_bits(word(block, 0))
                    : form == VT_MXFP4 ? vt_float_from_bf16(bits)
                                       : vt_float_from_f16(bits);
    const float scale = d * vt_format_factor(form) * (float)part.scale;
    float min = 0;
    if (vt_format_has_offset(form)) min = vt_float_from_f16(block_min_bits(format, block)) * (float)part.min;
    for (int j = 16 * s; j < 16 * s + 16; j++) {
      const float value = scale * (float)value_of(format, q[j]);
      if (!vt_format_has_offset(form)) out[j] = value;
      else out[j] = vt_format_is_super(form) ? value - min : value + min;
    }
  }
}

VT_LAYOUT void decode_blocks(vt_format format, int32_t k, const uint8_t *block, float *out) {
  const int32_t length = vt_block_length(format);
  for (int32_t start = 0; start < k; start += length, block += vt_format_block_bytes(format))
    for (int32_t b = 0; b < length / 32; b++) decode_part(format, block, b, out + start + 32 * b);
}

void vt_decode_row(vt_format format, int32_t k, const void *row, float *out) {
  const uint8_t *bytes = row;
  switch (format) {
  case VT_F32: memcpy(out, row, (size_t)k * 4); break;
  case VT_F16:
    for (int32_t i = 0; i < k; i++) out[i] = vt_half(bytes + 2 * i);
    break;
  case VT_BF16:
    for (int32_t i = 0; i < k; i++) out[i] = vt_float_from_bf16((uint16_t)half_word(bytes + 2 * i));
    break;
#define VT_DECODE(format)                                                                                              \
  case format: decode_blocks(format, k, row, out); break
    VT_DECODE(VT_Q4_0);
    VT_DECODE(VT_Q4_1);
    VT_DECODE(VT_Q5_0);
    VT_DECODE(VT_Q5_1);
    VT_DECODE(VT_Q8_0);
    VT_DECODE(VT_Q8_1);
    VT_DECODE(VT_Q2_K);
    VT_DECODE(VT_Q3_K);
    VT_DECODE(VT_Q4_K);
    VT_DECODE(VT_Q5_K);
    VT_DECODE(VT_Q6_K);
    VT_DECODE(VT_Q8_K);
    VT_DECODE(VT_IQ1_S);
    VT_DECODE(VT_IQ1_M);
    VT_DECODE(VT_IQ2_XXS);
    VT_DECODE(VT_IQ2_XS);
    VT_DECODE(VT_IQ2_S);
    VT_DECODE(VT_IQ3_XXS);
    VT_DECODE(VT_IQ3_S);
    VT_DECODE(VT_IQ4_NL);
    VT_DECODE(VT_IQ4_XS);
    VT_DECODE(VT_TQ1_0);
    VT_DECODE(VT_TQ2_0);
    VT_DECODE(VT_Q1_0);
    VT_DECODE(VT_Q2_0);
    VT_DECODE(VT_MXFP4);
    VT_DECODE(VT_NVFP4);
  }
}
