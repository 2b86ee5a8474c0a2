// Repacking of GGUF rows into panels: exact and portable.
#include <string.h>

#include "kernels/linear_blocks.h"
#include "vt_linear.h"

vt_format vt_format_form(vt_format format) { return vt_form_of(format); }

vt_activation vt_format_activation(vt_format format, int refined) {
  switch (vt_form_of(format)) {
  case VT_Q8_0: case VT_IQ4_NL: case VT_IQ4_XS: return refined ? VT_ACTIVATION_I16 : VT_ACTIVATION_I8;
  case VT_F16: case VT_BF16: case VT_F32: return VT_ACTIVATION_F32;
  default: return refined ? VT_ACTIVATION_I8X2 : VT_ACTIVATION_I8;
  }
}

int32_t vt_format_block_bytes(vt_format format) {
  switch (format) {
  case VT_Q4_0: case VT_IQ4_NL: case VT_Q1_0: case VT_Q2_0: return 18;
  case VT_Q4_1: return 20;
  case VT_Q5_0: return 22;
  case VT_Q5_1: return 24;
  case VT_Q8_0: return 34;
  case VT_Q8_1: case VT_NVFP4: return 36;
  case VT_Q2_K: return 84;
  case VT_Q3_K: case VT_IQ3_S: return 110;
  case VT_Q4_K: return 144;
  case VT_Q5_K: return 176;
  case VT_Q6_K: return 210;
  case VT_Q8_K: return 292;
  case VT_IQ1_S: return 50;
  case VT_IQ1_M: return 56;
  case VT_IQ2_XXS: case VT_TQ2_0: return 66;
  case VT_IQ2_XS: return 74;
  case VT_IQ2_S: return 82;
  case VT_IQ3_XXS: return 98;
  case VT_IQ4_XS: return 136;
  case VT_TQ1_0: return 54;
  case VT_MXFP4: return 17;
  case VT_F16: case VT_BF16: return 2;
  case VT_F32: return 4;
  }
  return 0;
}

size_t vt_panel_bytes(vt_format format, int32_t k) {
  const vt_format form = vt_form_of(format);
  return (size_t)(k / vt_packed_block_length(form)) * vt_packed_block_bytes(form);
}

size_t vt_activation_bytes(vt_activation kind, int32_t k) {
  size_t n = (size_t)k;
  switch (kind) {
  case VT_ACTIVATION_I8: return n + n / 32 * 28;
  case VT_ACTIVATION_I8X2: return 2 * n + n / 32 * 28;
  case VT_ACTIVATION_I16: return 2 * n + n / 32 * 4;
  case VT_ACTIVATION_F32: return 4 * n;
  }
  return 0;
}

size_t vt_unpacked_bytes(vt_format format, vt_activation kind, int32_t k) {
  size_t n = (size_t)k;
  int32_t sub = vt_sub_block(vt_form_of(format));
  if (sub == 0) return n * VT_PANEL * 4;
  return n * VT_PANEL * (kind == VT_ACTIVATION_I16 ? 2 : 1) + n / (size_t)sub * VT_PANEL * 8;
}

// Writes columns `lane` (values left) and `lane` + 8 (right): four values of k side by side, the left column in the low
// half-bytes and the right one in the high ones. Further bits go to planes that kernels shift into place by group.
VT_LAYOUT void put_values(int bits, const uint8_t left[32], const uint8_t right[32], int lane, uint8_t *out) {
  for (int g = 0; g < 8; g++)
    put_word(out + 32 * g, lane, (word(left, g) & 0x0F0F0F0Fu) | (word(right, g) & 0x0F0F0F0Fu) << 4);
  const uint8_t *sides[2] = {left, right};
  for (int side = 0; side < 2; side++) {
    if (bits == 5) {
      uint32_t plane = 0;
      for (int g = 0; g < 8; g++) plane |= (word(sides[side], g) >> 4 & 0x01010101u) << g;
      put_word(out + 256 + 32 * side, lane, plane);
    } else if (bits == 6) {
      for (int quarter = 0; quarter < 2; quarter++) {
        uint32_t plane = 0;
        for (int g = 0; g < 4; g++) plane |= (word(sides[side], 4 * quarter + g) >> 4 & 0x03030303u) << 2 * g;
        put_word(out + 256 + 64 * side + 32 * quarter, lane, plane);
      }
    }
  }
}

// Writes column c of two or three bits as planes.
VT_LAYOUT void put_planes(int bits, const uint8_t q[32], int c, uint8_t *out) {
  uint32_t planes[3] = {0, 0, 0};
  for (int g = 0; g < 8; g++) {
    planes[g / 4] |= (word(q, g) & 0x03030303u) << 2 * (g % 4);
    planes[2] |= (word(q, g) >> 2 & 0x01010101u) << g;
  }
  for (int p = 0; p < bits; p++) put_word(out + 64 * p, c, planes[p]);
}

// Packs the codes of part `b` of 16 blocks.
VT_LAYOUT void pack_codes(vt_format format, const uint8_t *const blocks[VT_PANEL], int32_t b, uint8_t *out) {
  const int bits = vt_format_bits(vt_form_of(format));
  uint8_t left[32], right[32];
  if (bits == 8) {
    // Two values of k side by side for each column; columns 0-7, then 8-15.
    for (int c = 0; c < VT_PANEL; c++) {
      block_values(format, blocks[c], b, left);
      for (int pair = 0; pair < 16; pair++) memcpy(out + 32 * pair + 2 * c, left + 2 * pair, 2);
    }
  } else if (bits < 4) {
    for (int c = 0; c < VT_PANEL; c++) {
      block_values(format, blocks[c], b, left);
      put_planes(bits, left, c, out);
    }
  } else {
    for (int lane = 0; lane < 8; lane++) {
      block_values(format, blocks[lane], b, left);
      block_values(format, blocks[lane + 8], b, right);
      put_values(bits, left, right, lane, out);
    }
  }
}

VT_LAYOUT void put_half(uint8_t *out, int c, uint16_t bits) { memcpy(out + 2 * c, &bits, 2); }

// Packs the bytes that scale part `b` of 16 superblocks.
VT_LAYOUT void pack_part_scales(vt_format format, const uint8_t *const blocks[VT_PANEL], int32_t b, uint8_t *out) {
  const vt_format form = vt_form_of(format);
  for (int c = 0; c < VT_PANEL; c++) {
    const vt_part_scale first = part_scale(format, blocks[c], b, 0), second = part_scale(format, blocks[c], b, 1);
    if (form == VT_Q2_K) {
      out[c] = (uint8_t)(first.scale | first.min << 4);
      out[16 + c] = (uint8_t)(second.scale | second.min << 4);
    } else {
      out[c] = (uint8_t)first.scale;
      if (vt_part_scale_bytes(form) == 16) continue;
      out[16 + c] = (uint8_t)(vt_format_has_offset(form) ? first.min : second.scale);
    }
  }
}

// Packs one block of 16 columns; `blocks[c]` is the source's block of column c.
VT_LAYOUT void pack_block(vt_format format, const uint8_t *const blocks[VT_PANEL], uint8_t *out) {
  const vt_format form = vt_form_of(format);
  const int is_super = vt_format_is_super(form), has_offset = vt_format_has_offset(form);
  for (int32_t b = 0; b < vt_block_length(format) / 32; b++) {
    if (!is_super || b == 0) {
      for (int c = 0; c < VT_PANEL; c++) {
        put_half(out, c, block_scale_bits(format, blocks[c], b, 0));
        if (has_offset) put_half(out + 32, c, block_min_bits(format, blocks[c]));
        if (form == VT_NVFP4) put_half(out + 32, c, block_scale_bits(format, blocks[c], b, 1));
      }
      out += is_super ? vt_header_bytes(form) : vt_part_scale_bytes(form);
    }
    if (is_super) {
      pack_part_scales(format, blocks, b, out);
      out += vt_part_scale_bytes(form);
    }
    pack_codes(format, blocks, b, out);
    out += 64 * vt_format_bits(form);
  }
}

VT_LAYOUT void pack_of(vt_format format, int32_t k, const uint8_t *rows, size_t row_bytes, int32_t columns,
                       uint8_t *out) {
  static const uint8_t zeros[256];
  const size_t block_bytes = (size_t)vt_format_block_bytes(format);
  const int32_t length = vt_block_length(format);
  for (int32_t b = 0; b < k / length; b++, out += vt_panel_bytes(format, length)) {
    const uint8_t *blocks[VT_PANEL];
    for (int32_t c = 0; c < VT_PANEL; c++)
      blocks[c] = c < columns ? rows + (size_t)c * row_bytes + (size_t)b * block_bytes : zeros;
    pack_block(format, blocks, out);
  }
}

static void pack_floats(size_t size, int32_t k, const uint8_t *rows, size_t row_bytes, int32_t columns, uint8_t *out) {
  for (int32_t i = 0; i < k; i++)
    for (int32_t c = 0; c < VT_PANEL; c++, out += size) {
      if (c < columns) memcpy(out, rows + (size_t)c * row_bytes + (size_t)i * size, size);
      else memset(out, 0, size);
    }
}

// Packs what only floats hold.
static void pack_decoded(vt_format format, int32_t k, const uint8_t *rows, size_t row_bytes, int32_t columns,
                         uint8_t *out) {
  float values[256];
  memset(out, 0, vt_panel_bytes(format, k));
  for (int32_t start = 0; start < k; start += 256, out += 256 * VT_PANEL * 4)
    for (int32_t c = 0; c < columns; c++) {
      const size_t at = (size_t)(start / 256) * (size_t)vt_format_block_bytes(format);
      vt_decode_row(format, 256, rows + (size_t)c * row_bytes + at, values);
      for (int32_t i = 0; i < 256; i++) memcpy(out + (i * VT_PANEL + c) * 4, values + i, 4);
    }
}

#define VT_PACK(format)                                                                                                \
  case format: pack_of(format, k, rows, row_bytes, columns, panel); break

void vt_pack_panel(vt_format format, int32_t k, const void *rows, size_t row_bytes, int32_t columns, void *panel) {
  switch (format) {
    VT_PACK(VT_Q4_0);
    VT_PACK(VT_Q4_1);
    VT_PACK(VT_Q5_0);
    VT_PACK(VT_Q5_1);
    VT_PACK(VT_Q8_0);
    VT_PACK(VT_Q8_1);
    VT_PACK(VT_Q2_K);
    VT_PACK(VT_Q3_K);
    VT_PACK(VT_Q4_K);
    VT_PACK(VT_Q5_K);
    VT_PACK(VT_Q6_K);
    VT_PACK(VT_IQ1_S);
    VT_PACK(VT_IQ1_M);
    VT_PACK(VT_IQ2_XXS);
    VT_PACK(VT_IQ2_XS);
    VT_PACK(VT_IQ2_S);
    VT_PACK(VT_IQ3_XXS);
    VT_PACK(VT_IQ3_S);
    VT_PACK(VT_IQ4_NL);
    VT_PACK(VT_IQ4_XS);
    VT_PACK(VT_TQ1_0);
    VT_PACK(VT_TQ2_0);
    VT_PACK(VT_Q1_0);
    VT_PACK(VT_Q2_0);
    VT_PACK(VT_MXFP4);
    VT_PACK(VT_NVFP4);
  case VT_Q8_K: pack_decoded(format, k, rows, row_bytes, columns, panel); break;
  case VT_F16: case VT_BF16: pack_floats(2, k, rows, row_bytes, columns, panel); break;
  case VT_F32: pack_floats(4, k, rows, row_bytes, columns, panel); break;
  }
}
