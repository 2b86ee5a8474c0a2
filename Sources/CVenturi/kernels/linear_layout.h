// The layout of packed panels, shared by the packer and the kernels.
//
// A panel of 16 columns is a forward stream of parts of 32 values of k: their scales, then their codes.
//   plain forms     (16 f16 d | [16 f16 m] | codes) for each part; MXFP4's d is bf16, NVFP4 has two d, for 16 values each
//   superblocks     16 f16 d | [16 f16 dmin] | 8 × (scales | codes), where scales are bytes that multiply d:
//     Q4_K, Q5_K    16 scales | 16 mins                    Q2_K  16 pairs for each 16 values, scale low and min high
//     IQ4_XS, IQ3_S 16 scales                              the others  16 scales for each 16 values
// Codes, 64 bytes for each bit (512 B for Q8_0: for each pair of k 16 columns of two bytes). With four values of k
// side by side, "group" g holds k = 4g...4g+3:
//   4 bits and more  eight vectors of half-bytes: vector g has group g of column c at bytes 4c...4c+3, columns 0-7 in the
//                    low halves and 8-15 in the high ones
//   a fifth          two vectors (columns 0-7, 8-15), bit g for group g
//   fifth and sixth  four vectors (for each side groups 0-3, then 4-7), bits 2(g mod 4) and up
//   2 and 3 bits     four vectors (groups 0-3 of columns 0-7 and 8-15, then groups 4-7), bits 2(g mod 4) and up; a third
//                    as a fifth
// A code is an unsigned number or the index of a table with what it stands for. Floating-point panels are [k][16].
#ifndef VT_LINEAR_LAYOUT_H
#define VT_LINEAR_LAYOUT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../include/vt_linear.h"
#include "half.h"

#pragma STDC FP_CONTRACT OFF

#define VT_LAYOUT static inline __attribute__((always_inline, unused))

VT_LAYOUT vt_format vt_form_of(vt_format format) {
  switch (format) {
  case VT_Q8_1: return VT_Q8_0;
  case VT_Q8_K: return VT_F32; // its scale is a float
  case VT_TQ1_0: case VT_Q1_0: case VT_Q2_0: return VT_TQ2_0;
  case VT_IQ1_S: return VT_IQ1_M;
  case VT_IQ2_XXS: case VT_IQ2_XS: return VT_IQ2_S;
  default: return format;
  }
}

// Bits of a code in a panel of a form.
VT_LAYOUT int vt_format_bits(vt_format form) {
  switch (form) {
  case VT_Q2_K: case VT_TQ2_0: return 2;
  case VT_Q3_K: return 3;
  case VT_Q5_0: case VT_Q5_1: case VT_Q5_K: return 5;
  case VT_Q6_K: return 6;
  case VT_Q8_0: return 8;
  case VT_F16: case VT_BF16: case VT_F32: return 0;
  default: return 4;
  }
}

// What the codes of a form stand for, 16 numbers; NULL where they are numbers themselves.
VT_LAYOUT const int8_t *vt_format_table(vt_format form) {
  static const int8_t ternary[16] = {-1, 0, 1, 2};
  static const int8_t iq1[16] = {-7, 1, 9, 0, 0, 0, 0, 0, -9, -1, 7};
  static const int8_t iq2[16] = {8, 25, 43, 0, 0, 0, 0, 0, -8, -25, -43};
  static const int8_t iq3_xxs[16] = {4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62};
  static const int8_t iq3_s[16] = {1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15};
  static const int8_t iq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  static const int8_t fp4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
  switch (form) {
  case VT_TQ2_0: return ternary;
  case VT_IQ1_M: return iq1;
  case VT_IQ2_S: return iq2;
  case VT_IQ3_XXS: return iq3_xxs;
  case VT_IQ3_S: return iq3_s;
  case VT_IQ4_NL: case VT_IQ4_XS: return iq4;
  case VT_MXFP4: case VT_NVFP4: return fp4;
  default: return 0;
  }
}

// A power of two that goes with the scales of a form.
VT_LAYOUT float vt_format_factor(vt_format form) {
  switch (form) {
  case VT_IQ1_M: case VT_IQ2_S: return 0.125f;
  case VT_IQ3_XXS: return 0.25f;
  default: return 1;
  }
}

// Bits that the unsigned numbers take that the kernels multiply; those of 8 bits are signed in some sets.
VT_LAYOUT int vt_product_bits(vt_format form) {
  switch (form) {
  case VT_Q5_0: case VT_Q5_1: case VT_Q5_K: case VT_MXFP4: case VT_IQ3_S: return 5;
  case VT_Q6_K: case VT_NVFP4: case VT_IQ1_M: return 6;
  case VT_IQ2_S: case VT_IQ3_XXS: return 7;
  case VT_Q8_0: case VT_IQ4_NL: case VT_IQ4_XS: return 8;
  default: return 4;
  }
}

// What is added to a weight over its scale to make it unsigned: the weight is scale · (q − zero). 0 for types with a
// minimum; 128 is for the sets that multiply 8 bits as unsigned bytes.
VT_LAYOUT int vt_format_zero(vt_format form) {
  switch (form) {
  case VT_Q3_K: return 4;
  case VT_Q4_0: case VT_TQ2_0: return 8;
  case VT_Q5_0: case VT_MXFP4: case VT_IQ3_S: return 16;
  case VT_Q6_K: case VT_NVFP4: case VT_IQ1_M: return 32;
  case VT_IQ2_S: case VT_IQ3_XXS: return 64;
  case VT_Q8_0: case VT_IQ4_NL: case VT_IQ4_XS: return 128;
  default: return 0;
  }
}

VT_LAYOUT int vt_format_has_offset(vt_format form) {
  return form == VT_Q4_1 || form == VT_Q5_1 || form == VT_Q2_K || form == VT_Q4_K || form == VT_Q5_K;
}

// Whether a form's scales come in superblocks of 256 values.
VT_LAYOUT int vt_format_is_super(vt_format form) {
  switch (form) {
  case VT_Q2_K: case VT_Q3_K: case VT_Q4_K: case VT_Q5_K: case VT_Q6_K:
  case VT_IQ1_M: case VT_IQ2_S: case VT_IQ3_XXS: case VT_IQ3_S: case VT_IQ4_XS:
    return 1;
  default: return 0;
  }
}

// Values of a block of a source.
VT_LAYOUT int32_t vt_block_length(vt_format format) {
  switch (format) {
  case VT_F16: case VT_BF16: case VT_F32: return 1;
  case VT_Q4_0: case VT_Q4_1: case VT_Q5_0: case VT_Q5_1: case VT_Q8_0: case VT_Q8_1: case VT_IQ4_NL: case VT_MXFP4:
    return 32;
  case VT_Q2_0: case VT_NVFP4: return 64;
  case VT_Q1_0: return 128;
  default: return 256;
  }
}

// Values of a form that share a scale; 0 for floating-point formats.
VT_LAYOUT int32_t vt_sub_block(vt_format form) {
  switch (form) {
  case VT_F16: case VT_BF16: case VT_F32: return 0;
  case VT_Q2_K: case VT_Q3_K: case VT_Q6_K: case VT_IQ1_M: case VT_IQ2_S: case VT_IQ3_XXS: case VT_NVFP4: return 16;
  default: return 32;
  }
}

// Bytes in front of the parts of a superblock.
VT_LAYOUT size_t vt_header_bytes(vt_format form) {
  return !vt_format_is_super(form) ? 0 : vt_format_has_offset(form) ? 64 : 32;
}

// Bytes in front of the codes of a part.
VT_LAYOUT size_t vt_part_scale_bytes(vt_format form) {
  if (!vt_format_is_super(form)) return vt_format_has_offset(form) || form == VT_NVFP4 ? 64 : 32;
  return form == VT_IQ4_XS || form == VT_IQ3_S ? 16 : 32;
}

// Bytes of 32 values of k.
VT_LAYOUT size_t vt_packed_part_bytes(vt_format form) {
  return vt_part_scale_bytes(form) + 64 * (size_t)vt_format_bits(form);
}

// Bytes of a block of a panel: a superblock, 32 values of a plain form, a value of floats.
VT_LAYOUT size_t vt_packed_block_bytes(vt_format form) {
  switch (form) {
  case VT_F16: case VT_BF16: return 2 * VT_PANEL;
  case VT_F32: return 4 * VT_PANEL;
  default: return vt_header_bytes(form) + (vt_format_is_super(form) ? 8 : 1) * vt_packed_part_bytes(form);
  }
}

// Values of k of such a block.
VT_LAYOUT int32_t vt_packed_block_length(vt_format form) {
  return vt_sub_block(form) == 0 ? 1 : vt_format_is_super(form) ? 256 : 32;
}

// The exact value of two bytes of IEEE binary16.
VT_LAYOUT float vt_half(const void *bytes) {
  uint16_t bits;
  memcpy(&bits, bytes, 2);
  return vt_float_from_f16(bits);
}

// The parts of a tile of activations; element (b, r) of each is at b * rows + r.
VT_LAYOUT const float *vt_tile_scales(vt_activation kind, const void *tile, int32_t k, int32_t rows) {
  return (const float *)((const char *)tile + (size_t)rows * (size_t)k * (kind == VT_ACTIVATION_I8 ? 1 : 2));
}
// The scaled sums of `sub` values; element (s, r).
VT_LAYOUT const float *vt_tile_asums(vt_activation kind, const void *tile, int32_t k, int32_t rows, int32_t sub) {
  return vt_tile_scales(kind, tile, k, rows) + (size_t)rows * (size_t)k / 32 * (sub == 32 ? 1 : 5);
}
// Minus the sums of `sub` values; element (s, r).
VT_LAYOUT const int32_t *vt_tile_negated(vt_activation kind, const void *tile, int32_t k, int32_t rows, int32_t sub) {
  return (const int32_t *)(vt_tile_scales(kind, tile, k, rows) + (size_t)rows * (size_t)k / 32 * (sub == 32 ? 2 : 3));
}

// The largest magnitudes of the quantised forms. 127 · 256 leaves high and low bytes inside their range.
enum { VT_I8_LARGEST = 127, VT_I8X2_LARGEST = 127 * 256, VT_I16_LARGEST = 32767 };

typedef struct { float scale, inverse; } vt_block_scale;

// The scale of a block whose largest magnitude has the bits `most`: the order of the bits is that of the magnitudes, with
// infinity and NaN above all numbers. A block that holds one of these has no scale, and makes its products NaN.
VT_LAYOUT vt_block_scale vt_scale_of(int32_t most, int32_t largest) {
  if (most >= 0x7F800000) return (vt_block_scale){NAN, 0};
  float m;
  memcpy(&m, &most, 4);
  return (vt_block_scale){m * (1.0f / (float)largest), m > 0 ? (float)largest / m : 0};
}

// The scales and offsets of an unpacked panel, [k / sub][16] each, behind its values.
VT_LAYOUT float *vt_unpacked_scales(vt_activation kind, const void *unpacked, int32_t k) {
  return (float *)((char *)unpacked + (size_t)k * VT_PANEL * (kind == VT_ACTIVATION_I16 ? 2 : 1));
}

#endif
