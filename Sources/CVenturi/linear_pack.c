// Repacking of GGUF rows into panels, and the plain decoding of a row. Both are exact and portable.
#include <string.h>

#include "kernels/linear_layout.h"
#include "vt_linear.h"

vt_activation vt_format_activation(vt_format format, int refined) {
  switch (format) {
  case VT_Q8_0: return refined ? VT_ACTIVATION_I16 : VT_ACTIVATION_I8;
  case VT_F16: case VT_BF16: case VT_F32: return VT_ACTIVATION_F32;
  default: return refined ? VT_ACTIVATION_I8X2 : VT_ACTIVATION_I8;
  }
}

int32_t vt_format_block_bytes(vt_format format) {
  switch (format) {
  case VT_Q4_0: return 18;
  case VT_Q4_1: return 20;
  case VT_Q5_0: return 22;
  case VT_Q5_1: return 24;
  case VT_Q8_0: return 34;
  case VT_Q4_K: return 144;
  case VT_Q5_K: return 176;
  case VT_Q6_K: return 210;
  case VT_F16: case VT_BF16: return 2;
  case VT_F32: return 4;
  }
  return 0;
}

size_t vt_panel_bytes(vt_format format, int32_t k) {
  return (size_t)(k / vt_block_length(format)) * vt_packed_block_bytes(format);
}

size_t vt_activation_bytes(vt_activation kind, int32_t k) {
  size_t n = (size_t)k;
  switch (kind) {
  case VT_ACTIVATION_I8: return n + n / 32 * 20;
  case VT_ACTIVATION_I8X2: return 2 * n + n / 32 * 20;
  case VT_ACTIVATION_I16: return 2 * n + n / 32 * 4;
  case VT_ACTIVATION_F32: return 4 * n;
  }
  return 0;
}

size_t vt_unpacked_bytes(vt_format format, vt_activation kind, int32_t k) {
  size_t n = (size_t)k;
  int32_t sub = vt_sub_block(format);
  if (sub == 0) return n * VT_PANEL * 4;
  return n * VT_PANEL * (kind == VT_ACTIVATION_I16 ? 2 : 1) + n / (size_t)sub * VT_PANEL * 8;
}

VT_LAYOUT uint32_t word(const uint8_t *bytes, int index) {
  uint32_t value;
  memcpy(&value, bytes + 4 * index, 4);
  return value;
}

VT_LAYOUT void put_word(uint8_t *bytes, int index, uint32_t value) { memcpy(bytes + 4 * index, &value, 4); }

// The quantised values of block `b` (32 values) of a source row's block as unsigned numbers, 0...63; Q8_0 as bytes.
VT_LAYOUT void block_values(vt_format format, const uint8_t *block, int32_t b, uint8_t q[32]) {
  switch (format) {
  case VT_Q4_0: case VT_Q4_1: {
    const uint8_t *qs = block + (format == VT_Q4_0 ? 2 : 4);
    for (int w = 0; w < 4; w++) {
      put_word(q, w, word(qs, w) & 0x0F0F0F0Fu);
      put_word(q, w + 4, word(qs, w) >> 4 & 0x0F0F0F0Fu);
    }
    return;
  }
  case VT_Q5_0: case VT_Q5_1: {
    const uint8_t *head = block + (format == VT_Q5_0 ? 2 : 4), *qs = head + 4;
    uint32_t high;
    memcpy(&high, head, 4);
    for (int w = 0; w < 8; w++) {
      // Four bits to the fifth bit of four bytes each: copies 7 bits apart bring bit i to bit 8i.
      const uint32_t bits = ((high >> 4 * w & 15) * 0x00204081u & 0x01010101u) << 4;
      put_word(q, w, (word(qs, w % 4) >> (w < 4 ? 0 : 4) & 0x0F0F0F0Fu) | bits);
    }
    return;
  }
  case VT_Q8_0:
    memcpy(q, block + 2, 32);
    return;
  case VT_Q4_K: case VT_Q5_K: {
    // 32 bytes of nibbles serve two blocks: the low halves the even one, the high halves the odd one.
    const uint8_t *high = block + 16, *qs = block + (format == VT_Q4_K ? 16 : 48) + b / 2 * 32;
    const int shift = b & 1 ? 4 : 0;
    for (int j = 0; j < 32; j++) q[j] = qs[j] >> shift & 15;
    if (format == VT_Q5_K)
      for (int j = 0; j < 32; j++) q[j] |= (uint8_t)((high[j] >> b & 1) << 4);
    return;
  }
  case VT_Q6_K: {
    const int half = b / 4, part = b % 4;
    const uint8_t *ql = block + half * 64 + (part & 1) * 32, *qh = block + 128 + half * 32;
    const int shift = part & 2 ? 4 : 0;
    for (int j = 0; j < 32; j++) q[j] = (uint8_t)((ql[j] >> shift & 15) | (qh[j] >> 2 * part & 3) << 4);
    return;
  }
  default: return;
  }
}

// The 6-bit scale and minimum of block `b` in the 12 packed bytes of Q4_K and Q5_K.
VT_LAYOUT void scale_and_min(const uint8_t *packed, int32_t b, uint8_t *scale, uint8_t *min) {
  if (b < 4) {
    *scale = packed[b] & 63;
    *min = packed[b + 4] & 63;
  } else {
    *scale = (uint8_t)((packed[b + 4] & 15) | packed[b - 4] >> 6 << 4);
    *min = (uint8_t)(packed[b + 4] >> 4 | packed[b] >> 6 << 4);
  }
}

// Writes columns `lane` (values left) and `lane` + 8 (right): four values of k side by side, the left column in the low
// half-bytes and the right one in the high ones. Further bits go to planes that kernels shift into place by group.
VT_LAYOUT void put_values(vt_format format, const uint8_t left[32], const uint8_t right[32], int lane, uint8_t *out) {
  for (int g = 0; g < 8; g++)
    put_word(out + 32 * g, lane, (word(left, g) & 0x0F0F0F0Fu) | (word(right, g) & 0x0F0F0F0Fu) << 4);
  const uint8_t *sides[2] = {left, right};
  for (int side = 0; side < 2; side++) {
    if (vt_format_bits(format) == 5) {
      uint32_t plane = 0;
      for (int g = 0; g < 8; g++) plane |= (word(sides[side], g) >> 4 & 0x01010101u) << g;
      put_word(out + 256 + 32 * side, lane, plane);
    } else if (vt_format_bits(format) == 6) {
      for (int quarter = 0; quarter < 2; quarter++) {
        uint32_t plane = 0;
        for (int g = 0; g < 4; g++) plane |= (word(sides[side], 4 * quarter + g) >> 4 & 0x03030303u) << 2 * g;
        put_word(out + 256 + 64 * side + 32 * quarter, lane, plane);
      }
    }
  }
}

// Packs one block of 16 columns; `blocks[c]` is the source's block of column c.
VT_LAYOUT void pack_block(vt_format format, const uint8_t *const blocks[VT_PANEL], uint8_t *out) {
  if (format == VT_Q8_0) {
    for (int c = 0; c < VT_PANEL; c++) memcpy(out + 2 * c, blocks[c], 2);
    // Two values of k side by side for each column; columns 0-7, then 8-15.
    for (int pair = 0; pair < 16; pair++)
      for (int c = 0; c < VT_PANEL; c++) memcpy(out + 32 + 32 * pair + 2 * c, blocks[c] + 2 + 2 * pair, 2);
    return;
  }
  const int is_super = vt_block_length(format) == 256;
  const int has_minimum = format != VT_Q4_0 && format != VT_Q5_0 && format != VT_Q6_K;
  for (int c = 0; c < VT_PANEL; c++) {
    memcpy(out + 2 * c, blocks[c] + (format == VT_Q6_K ? 208 : 0), 2);
    if (has_minimum) memcpy(out + 32 + 2 * c, blocks[c] + 2, 2);
  }
  out += has_minimum ? 64 : 32;
  for (int b = 0; b < (is_super ? 8 : 1); b++) {
    uint8_t left[32], right[32];
    if (is_super) {
      for (int c = 0; c < VT_PANEL; c++) {
        if (format == VT_Q6_K) {
          out[c] = blocks[c][192 + 2 * b];
          out[16 + c] = blocks[c][192 + 2 * b + 1];
        } else {
          scale_and_min(blocks[c] + 4, b, out + c, out + 16 + c);
        }
      }
      out += 32;
    }
    for (int lane = 0; lane < 8; lane++) {
      block_values(format, blocks[lane], b, left);
      block_values(format, blocks[lane + 8], b, right);
      put_values(format, left, right, lane, out);
    }
    out += 256 + (vt_format_bits(format) == 5 ? 64 : vt_format_bits(format) == 6 ? 128 : 0);
  }
}

VT_LAYOUT void pack_of(vt_format format, int32_t k, const uint8_t *rows, size_t row_bytes, int32_t columns, uint8_t *out) {
  static const uint8_t zeros[256];
  const size_t block_bytes = (size_t)vt_format_block_bytes(format);
  for (int32_t b = 0; b < k / vt_block_length(format); b++, out += vt_packed_block_bytes(format)) {
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

void vt_pack_panel(vt_format format, int32_t k, const void *rows, size_t row_bytes, int32_t columns, void *panel) {
  switch (format) {
  case VT_Q4_0: pack_of(VT_Q4_0, k, rows, row_bytes, columns, panel); break;
  case VT_Q4_1: pack_of(VT_Q4_1, k, rows, row_bytes, columns, panel); break;
  case VT_Q5_0: pack_of(VT_Q5_0, k, rows, row_bytes, columns, panel); break;
  case VT_Q5_1: pack_of(VT_Q5_1, k, rows, row_bytes, columns, panel); break;
  case VT_Q8_0: pack_of(VT_Q8_0, k, rows, row_bytes, columns, panel); break;
  case VT_Q4_K: pack_of(VT_Q4_K, k, rows, row_bytes, columns, panel); break;
  case VT_Q5_K: pack_of(VT_Q5_K, k, rows, row_bytes, columns, panel); break;
  case VT_Q6_K: pack_of(VT_Q6_K, k, rows, row_bytes, columns, panel); break;
  case VT_F16: case VT_BF16: pack_floats(2, k, rows, row_bytes, columns, panel); break;
  case VT_F32: pack_floats(4, k, rows, row_bytes, columns, panel); break;
  }
}

void vt_decode_row(vt_format format, int32_t k, const void *row, float *out) {
  const uint8_t *block = row;
  const int32_t length = vt_block_length(format);
  for (int32_t start = 0; start < k; start += length, block += vt_format_block_bytes(format)) {
    switch (format) {
    case VT_F32: memcpy(out + start, block, 4); break;
    case VT_F16: out[start] = vt_half(block); break;
    case VT_BF16: {
      uint16_t bits;
      memcpy(&bits, block, 2);
      uint32_t wide = (uint32_t)bits << 16;
      memcpy(out + start, &wide, 4);
      break;
    }
    default:
      for (int32_t b = 0; b < length / 32; b++) {
        uint8_t q[32], scale, min;
        block_values(format, block, b, q);
        for (int32_t j = 0; j < 32; j++) {
          float value = 0;
          switch (format) {
          case VT_Q4_0: value = (float)(q[j] - 8) * vt_half(block); break;
          case VT_Q5_0: value = (float)(q[j] - 16) * vt_half(block); break;
          case VT_Q4_1: case VT_Q5_1: value = (float)q[j] * vt_half(block) + vt_half(block + 2); break;
          case VT_Q8_0: value = (float)(int8_t)q[j] * vt_half(block); break;
          case VT_Q4_K: case VT_Q5_K:
            scale_and_min(block + 4, b, &scale, &min);
            value = vt_half(block) * (float)scale * (float)q[j] - vt_half(block + 2) * (float)min;
            break;
          case VT_Q6_K:
            value = vt_half(block + 208) * (float)(int8_t)block[192 + 2 * b + j / 16] * (float)(q[j] - 32);
            break;
          default: break;
          }
          out[start + 32 * b + j] = value;
        }
      }
    }
  }
}
