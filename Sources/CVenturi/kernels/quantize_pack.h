// How quantised values lie in GGUF's blocks. Values arrive as words of four, `words[w][lane]` holding values 4w...4w+3
// of a sub-block, each raised so that it is not negative.
#ifndef VT_QUANTIZE_PACK_H
#define VT_QUANTIZE_PACK_H

#include <stdint.h>
#include <string.h>

enum { VT_GROUP = 16 };

#define VT_PACK static inline __attribute__((always_inline, unused))

VT_PACK void vt_put16(uint8_t *p, uint16_t value) { memcpy(p, &value, 2); }
VT_PACK void vt_put32(uint8_t *p, uint32_t value) { memcpy(p, &value, 4); }

// Bit 0 of four bytes as four bits.
VT_PACK uint32_t vt_four_bits(uint32_t bytes) { return (bytes & 0x01010101u) * 0x01020408u >> 24 & 15; }

// 32 values in half-bytes: the first 16 in the low ones.
VT_PACK void vt_pack_nibbles(const uint32_t (*words)[VT_GROUP], int lane, uint8_t *out) {
  for (int w = 0; w < 4; w++)
    vt_put32(out + 4 * w, (words[w][lane] & 0x0F0F0F0Fu) | (words[w + 4][lane] & 0x0F0F0F0Fu) << 4);
}

VT_PACK void vt_pack_fifth_bits(const uint32_t (*words)[VT_GROUP], int lane, uint8_t *out) {
  uint32_t bits = 0;
  for (int w = 0; w < 8; w++) bits |= vt_four_bits(words[w][lane] >> 4) << 4 * w;
  vt_put32(out, bits);
}

// Signed bytes, which were raised by 128.
VT_PACK void vt_pack_bytes(const uint32_t (*words)[VT_GROUP], int lane, uint8_t *out) {
  for (int w = 0; w < 8; w++) vt_put32(out + 4 * w, words[w][lane] ^ 0x80808080u);
}

// Word w (four values) of the 64 of a superblock whose sub-blocks of 16 or 32 values are lanes from `first` on.
VT_PACK uint32_t vt_super_word(const uint32_t (*words)[VT_GROUP], int first, int n, int w) {
  return n == 16 ? words[w % 4][first + w / 4] : words[w % 8][first + w / 8];
}

// Eight 6-bit scales and minima in 12 bytes, as Q4_K and Q5_K have them.
VT_PACK void vt_pack_scales_and_mins(const int32_t *scales, const int32_t *mins, uint8_t *out) {
  for (int j = 0; j < 4; j++) {
    out[j] = (uint8_t)(scales[j] | scales[j + 4] >> 4 << 6);
    out[j + 4] = (uint8_t)(mins[j] | mins[j + 4] >> 4 << 6);
    out[j + 8] = (uint8_t)((scales[j + 4] & 15) | (mins[j + 4] & 15) << 4);
  }
}

// 256 values of 4 bits: of 64 values the first 32 in the low halves of 32 bytes.
VT_PACK void vt_pack_super_nibbles(const uint32_t (*words)[VT_GROUP], int first, uint8_t *out) {
  for (int pair = 0; pair < 4; pair++)
    for (int w = 0; w < 8; w++)
      vt_put32(out + 32 * pair + 4 * w, (words[w][first + 2 * pair] & 0x0F0F0F0Fu) |
                                            (words[w][first + 2 * pair + 1] & 0x0F0F0F0Fu) << 4);
}

// Byte j takes as bit b the fifth bit of value j of sub-block b.
VT_PACK void vt_pack_super_fifth_bits(const uint32_t (*words)[VT_GROUP], int first, uint8_t *out) {
  for (int w = 0; w < 8; w++) {
    uint32_t bits = 0;
    for (int b = 0; b < 8; b++) bits |= (words[w][first + b] >> 4 & 0x01010101u) << b;
    vt_put32(out + 4 * w, bits);
  }
}

// 256 values' two low bits: of 128 values four runs of 32, each two bits higher in the same 32 bytes.
VT_PACK void vt_pack_pairs_of_bits(const uint32_t (*words)[VT_GROUP], int first, uint8_t *out) {
  for (int half = 0; half < 2; half++)
    for (int w = 0; w < 8; w++) {
      uint32_t bits = 0;
      for (int run = 0; run < 4; run++)
        bits |= (vt_super_word(words, first, 16, 32 * half + 8 * run + w) & 0x03030303u) << 2 * run;
      vt_put32(out + 32 * half + 4 * w, bits);
    }
}

// Q3_K's third bits: byte j takes as bit r that of value j of the r-th run of 32.
VT_PACK void vt_pack_third_bits(const uint32_t (*words)[VT_GROUP], int first, uint8_t *out) {
  for (int w = 0; w < 8; w++) {
    uint32_t bits = 0;
    for (int run = 0; run < 8; run++)
      bits |= (vt_super_word(words, first, 16, 8 * run + w) >> 2 & 0x01010101u) << run;
    vt_put32(out + 4 * w, bits);
  }
}

// Q3_K's 16 scales of 6 bits, raised by 32, in 12 bytes.
VT_PACK void vt_pack_six_bit_scales(const int32_t *scales, uint8_t *out) {
  for (int j = 0; j < 8; j++) out[j] = (uint8_t)(((scales[j] + 32) & 15) | ((scales[j + 8] + 32) & 15) << 4);
  for (int j = 0; j < 4; j++) {
    int bits = 0;
    for (int i = 0; i < 4; i++) bits |= (scales[4 * i + j] + 32) >> 4 << 2 * i;
    out[8 + j] = (uint8_t)bits;
  }
}

// Q6_K: 128 bytes of low halves, then 64 bytes of the two upper bits.
VT_PACK void vt_pack_six_bits(const uint32_t (*words)[VT_GROUP], int first, uint8_t *low, uint8_t *high) {
  for (int half = 0; half < 2; half++)
    for (int w = 0; w < 8; w++) {
      uint32_t q[4], bits = 0;
      for (int run = 0; run < 4; run++) {
        q[run] = vt_super_word(words, first, 16, 32 * half + 8 * run + w);
        bits |= (q[run] >> 4 & 0x03030303u) << 2 * run;
      }
      vt_put32(low + 64 * half + 4 * w, (q[0] & 0x0F0F0F0Fu) | (q[2] & 0x0F0F0F0Fu) << 4);
      vt_put32(low + 64 * half + 32 + 4 * w, (q[1] & 0x0F0F0F0Fu) | (q[3] & 0x0F0F0F0Fu) << 4);
      vt_put32(high + 32 * half + 4 * w, bits);
    }
}

#endif
