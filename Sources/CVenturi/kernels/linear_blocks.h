// Reading the blocks of GGUF's rows: the scales of a block, and 32 values of it as the codes that panels hold. Portable,
// shared by the packer and the decoder. A value is scale · (what its code stands for) − minimum.
#ifndef VT_LINEAR_BLOCKS_H
#define VT_LINEAR_BLOCKS_H

#include "codebooks.h"
#include "linear_layout.h"

VT_LAYOUT uint32_t word(const uint8_t *bytes, int index) {
  uint32_t value;
  memcpy(&value, bytes + 4 * index, 4);
  return value;
}
VT_LAYOUT uint32_t half_word(const uint8_t *bytes) { return bytes[0] | (uint32_t)bytes[1] << 8; }
VT_LAYOUT void put_word(uint8_t *bytes, int index, uint32_t value) { memcpy(bytes + 4 * index, &value, 4); }

// Seven signs tell the eighth: their number is even.
VT_LAYOUT uint32_t eight_signs(uint32_t seven) {
  seven &= 127;
  return seven | (uint32_t)(__builtin_popcount(seven) & 1) << 7;
}

// The codes of eight values: two-bit levels of a codebook's entry, and a bit of `signs` (of all) for each.
VT_LAYOUT void put_eight(uint32_t entry, uint32_t signs, uint8_t *q) {
  for (int j = 0; j < 8; j++) q[j] = (uint8_t)((entry >> 2 * j & 3) | (signs >> j & 1) << 3);
}
// The same of two entries of four values with three-bit levels.
VT_LAYOUT void put_fours(uint32_t first, uint32_t second, uint32_t signs, uint8_t *q) {
  for (int j = 0; j < 8; j++)
    q[j] = (uint8_t)(((j < 4 ? first : second) >> 3 * (j % 4) & 7) | (signs >> j & 1) << 3);
}

// Low halves of 16 bytes for the first 16 values, high halves for the others.
VT_LAYOUT void put_halves(const uint8_t *qs, uint8_t q[32]) {
  for (int w = 0; w < 4; w++) {
    put_word(q, w, word(qs, w) & 0x0F0F0F0Fu);
    put_word(q, w + 4, word(qs, w) >> 4 & 0x0F0F0F0Fu);
  }
}

// Base-3 digit `n` of a byte that holds five (or four) of them as a fraction of 256.
VT_LAYOUT uint8_t digit(uint8_t byte, int n) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  return (uint8_t)((uint8_t)(byte * powers[n]) * 3 >> 8);
}

// Value i of a block of TQ1_0: 32 bytes of five digits each, then 16 of five, then 4 of four.
VT_LAYOUT uint8_t ternary(const uint8_t *block, int i) {
  if (i < 160) return digit(block[i % 32], i / 32);
  i -= 160;
  return i < 80 ? digit(block[32 + i % 16], i / 16) : digit(block[48 + (i - 80) % 4], (i - 80) / 4);
}

// The codes of values 32b...32b+31 of a source block; Q8_0's are its bytes.
VT_LAYOUT void block_values(vt_format format, const uint8_t *block, int32_t b, uint8_t q[32]) {
  switch (format) {
  case VT_Q4_0: put_halves(block + 2, q); return;
  case VT_Q4_1: put_halves(block + 4, q); return;
  case VT_IQ4_NL: put_halves(block + 2, q); return;
  case VT_IQ4_XS: put_halves(block + 8 + 16 * b, q); return;
  case VT_MXFP4: put_halves(block + 1, q); return;
  case VT_NVFP4:
    for (int j = 0; j < 32; j++) q[j] = block[4 + 16 * b + j / 16 * 8 + j % 8] >> (j & 8 ? 4 : 0) & 15;
    return;
  case VT_Q5_0: case VT_Q5_1: {
    const uint8_t *head = block + (format == VT_Q5_0 ? 2 : 4), *qs = head + 4;
    const uint32_t high = word(head, 0);
    for (int w = 0; w < 8; w++) {
      // Four bits to the fifth bit of four bytes each: copies 7 bits apart bring bit i to bit 8i.
      const uint32_t bits = ((high >> 4 * w & 15) * 0x00204081u & 0x01010101u) << 4;
      put_word(q, w, (word(qs, w % 4) >> (w < 4 ? 0 : 4) & 0x0F0F0F0Fu) | bits);
    }
    return;
  }
  case VT_Q8_0: memcpy(q, block + 2, 32); return;
  case VT_Q8_1: memcpy(q, block + 4, 32); return;
  case VT_Q8_K: memcpy(q, block + 4 + 32 * b, 32); return;
  case VT_Q2_K: case VT_Q3_K: {
    // 32 bytes of two-bit fields serve four blocks.
    const uint8_t *qs = block + (format == VT_Q2_K ? 16 : 32) + b / 4 * 32;
    for (int w = 0; w < 8; w++) {
      uint32_t value = word(qs, w) >> 2 * (b % 4) & 0x03030303u;
      if (format == VT_Q3_K) value |= (word(block, w) >> b & 0x01010101u) << 2;
      put_word(q, w, value);
    }
    return;
  }
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
  case VT_TQ1_0:
    for (int j = 0; j < 32; j++) q[j] = ternary(block, 32 * b + j);
    return;
  case VT_TQ2_0:
    for (int j = 0; j < 32; j++) q[j] = block[b / 4 * 32 + j] >> 2 * (b % 4) & 3;
    return;
  case VT_Q1_0:
    for (int j = 0; j < 32; j++) q[j] = (uint8_t)((block[2 + 4 * b + j / 8] >> j % 8 & 1) << 1);
    return;
  case VT_Q2_0:
    for (int j = 0; j < 32; j++) q[j] = block[2 + 8 * b + j / 4] >> 2 * (j % 4) & 3;
    return;
  case VT_IQ2_XXS: {
    const uint8_t *qs = block + 2 + 8 * b;
    for (int l = 0; l < 4; l++) put_eight(vt_codebook_iq2_xxs[qs[l]], eight_signs(word(qs, 1) >> 7 * l), q + 8 * l);
    return;
  }
  case VT_IQ2_XS:
    for (int l = 0; l < 4; l++) {
      const uint32_t code = half_word(block + 2 + 8 * b + 2 * l);
      put_eight(vt_codebook_iq2_xs[code & 511], eight_signs(code >> 9), q + 8 * l);
    }
    return;
  case VT_IQ2_S: {
    const uint8_t *qs = block + 2 + 4 * b, *signs = qs + 32, high = block[66 + b];
    for (int l = 0; l < 4; l++)
      put_eight(vt_codebook_iq2_s[qs[l] | (high >> 2 * l & 3) << 8], signs[l], q + 8 * l);
    return;
  }
  case VT_IQ3_XXS: {
    const uint8_t *qs = block + 2 + 8 * b;
    const uint32_t signs = word(block + 66, b);
    for (int l = 0; l < 4; l++)
      put_fours(vt_codebook_iq3_xxs[qs[2 * l]], vt_codebook_iq3_xxs[qs[2 * l + 1]], eight_signs(signs >> 7 * l),
                q + 8 * l);
    return;
  }
  case VT_IQ3_S: {
    const uint8_t *qs = block + 2 + 8 * b, high = block[66 + b], *signs = block + 74 + 4 * b;
    for (int l = 0; l < 4; l++) {
      const uint16_t *book = vt_codebook_iq3_s;
      put_fours(book[qs[2 * l] | (high >> 2 * l & 1) << 8], book[qs[2 * l + 1] | (high >> (2 * l + 1) & 1) << 8],
                signs[l], q + 8 * l);
    }
    return;
  }
  case VT_IQ1_S: {
    const uint32_t high = half_word(block + 34 + 2 * b);
    for (int l = 0; l < 4; l++)
      put_eight(vt_codebook_iq1[block[2 + 4 * b + l] | (high >> 3 * l & 7) << 8], high & 0x8000 ? 255 : 0, q + 8 * l);
    return;
  }
  case VT_IQ1_M:
    for (int l = 0; l < 4; l++) {
      const uint32_t high = (uint32_t)block[32 + 2 * b + l / 2] >> 4 * (l % 2);
      put_eight(vt_codebook_iq1[block[4 * b + l] | (high & 7) << 8], high & 8 ? 255 : 0, q + 8 * l);
    }
    return;
  case VT_F16: case VT_BF16: case VT_F32: return;
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

// What scales the block's scale (and minimum) for values 32b+16s and up, s 0 or 1; 1 where a block has one scale only.
typedef struct { int32_t scale, min; } vt_part_scale;

VT_LAYOUT vt_part_scale part_scale(vt_format format, const uint8_t *block, int32_t b, int s) {
  switch (format) {
  case VT_Q2_K: return (vt_part_scale){block[2 * b + s] & 15, block[2 * b + s] >> 4};
  case VT_Q3_K: {
    const uint8_t *packed = block + 96;
    const int i = 2 * b + s;
    const int32_t low = packed[i % 8] >> (i < 8 ? 0 : 4) & 15, high = packed[8 + i % 4] >> i / 4 * 2 & 3;
    return (vt_part_scale){(low | high << 4) - 32, 0};
  }
  case VT_Q4_K: case VT_Q5_K: {
    uint8_t scale, min;
    scale_and_min(block + 4, b, &scale, &min);
    return (vt_part_scale){scale, min};
  }
  case VT_Q6_K: return (vt_part_scale){(int8_t)block[192 + 2 * b + s], 0};
  case VT_IQ4_XS: {
    const uint32_t low = block[4 + b / 2] >> b % 2 * 4 & 15, high = half_word(block + 2) >> 2 * b & 3;
    return (vt_part_scale){(int32_t)(low | high << 4) - 32, 0};
  }
  case VT_IQ2_XXS: return (vt_part_scale){2 * (block[9 + 8 * b] >> 4) + 1, 0};
  case VT_IQ2_XS: return (vt_part_scale){2 * (block[66 + b] >> 4 * s & 15) + 1, 0};
  case VT_IQ2_S: return (vt_part_scale){2 * (block[74 + b] >> 4 * s & 15) + 1, 0};
  case VT_IQ3_XXS: return (vt_part_scale){2 * (block[69 + 4 * b] >> 4) + 1, 0};
  case VT_IQ3_S: return (vt_part_scale){2 * (block[106 + b / 2] >> b % 2 * 4 & 15) + 1, 0};
  case VT_IQ1_S: return (vt_part_scale){2 * (block[35 + 2 * b] >> 4 & 7) + 1, 0};
  case VT_IQ1_M: {
    const uint32_t fields = half_word(block + 48 + b / 2 * 2) >> b % 2 * 6;
    return (vt_part_scale){2 * (int32_t)(fields >> 3 * s & 7) + 1, 0};
  }
  default: return (vt_part_scale){1, 1};
  }
}

// The block's scale for values 32b+16s and up, as 16 bits of the form's kind: BF16 for MXFP4, F16 for the others.
VT_LAYOUT uint16_t block_scale_bits(vt_format format, const uint8_t *block, int32_t b, int s) {
  switch (format) {
  case VT_Q6_K: return (uint16_t)half_word(block + 208);
  case VT_Q2_K: return (uint16_t)half_word(block + 80);
  case VT_Q3_K: return (uint16_t)half_word(block + 108);
  case VT_TQ1_0: return (uint16_t)half_word(block + 52);
  case VT_TQ2_0: return (uint16_t)half_word(block + 64);
  case VT_IQ1_M: // four bits at the top of each word of scales
    return (uint16_t)(block[49] >> 4 | (block[51] & 0xF0) | (block[53] & 0xF0) << 4 | (block[55] & 0xF0) << 8);
  case VT_MXFP4: // 2^(e − 128): codes stand for twice their values
    return (uint16_t)(block[0] < 2 ? 0x20 << block[0] : (block[0] - 1) << 7);
  case VT_NVFP4: { // half of an unsigned E4M3, without its top bit; its NaN counts as zero
    const uint8_t bits = block[2 * b + s];
    const int exponent = bits >> 3 & 15, fraction = bits & 7;
    if (bits == 0x7F) return 0;
    if (exponent == 0) return vt_f16_from_float((float)fraction * 0x1p-10f);
    return (uint16_t)((exponent + 7) << 10 | fraction << 7);
  }
  default: return (uint16_t)half_word(block);
  }
}

// The block's minimum, as F16.
VT_LAYOUT uint16_t block_min_bits(vt_format format, const uint8_t *block) {
  return (uint16_t)half_word(block + (format == VT_Q2_K ? 82 : 2));
}

#endif
