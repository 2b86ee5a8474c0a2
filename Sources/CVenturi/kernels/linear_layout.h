// The layout of packed panels, shared by the packer and the kernels.
//
// One packed block of 16 columns, scales first so that a panel is one forward stream:
//   Q4_0  16 f16 d | 256 B          Q4_1  16 f16 d | 16 f16 m | 256 B
//   Q5_0  16 f16 d | 256 B | 64 B   Q5_1  16 f16 d | 16 f16 m | 256 B | 64 B
//   Q8_0  16 f16 d | 512 B
//   Q4_K  16 f16 d | 16 f16 dmin | 8 × (16 scales | 16 mins | 256 B)       Q5_K  the same with (... | 256 B | 64 B)
//   Q6_K  16 f16 d | 8 × (16 scales | 16 scales | 256 B | 128 B)           (a scale for each 16 values of k)
// 256 B are eight vectors of half-bytes: vector g holds k = 4g...4g+3 of column c at bytes 4c...4c+3, columns 0-7 in
// the low halves and 8-15 in the high ones. The fifth bits are two vectors (columns 0-7, 8-15), bit g for group g; the
// fifth and sixth are four (for each side groups 0-3, then 4-7), bits 2(g mod 4) and up.
// Q8_0's 512 B: for each pair of k 16 columns of two bytes. Floating-point panels are [k][16].
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

VT_LAYOUT int vt_format_bits(vt_format format) {
  switch (format) {
  case VT_Q4_0: case VT_Q4_1: case VT_Q4_K: return 4;
  case VT_Q5_0: case VT_Q5_1: case VT_Q5_K: return 5;
  case VT_Q6_K: return 6;
  case VT_Q8_0: return 8;
  default: return 0;
  }
}

// Values of a block, and values that share a scale (0 for floating-point formats).
VT_LAYOUT int32_t vt_block_length(vt_format format) {
  switch (format) {
  case VT_Q4_K: case VT_Q5_K: case VT_Q6_K: return 256;
  case VT_F16: case VT_BF16: case VT_F32: return 1;
  default: return 32;
  }
}
VT_LAYOUT int32_t vt_sub_block(vt_format format) {
  switch (format) {
  case VT_F16: case VT_BF16: case VT_F32: return 0;
  case VT_Q6_K: return 16;
  default: return 32;
  }
}

// What is subtracted from the unsigned value: the weight is scale · (q − zero). 0 for types with a minimum. Q8_0's are
// signed in the file: 128 is for the sets that multiply them as unsigned bytes.
VT_LAYOUT int vt_format_zero(vt_format format) {
  switch (format) {
  case VT_Q4_0: return 8;
  case VT_Q5_0: return 16;
  case VT_Q6_K: return 32;
  case VT_Q8_0: return 128;
  default: return 0;
  }
}

VT_LAYOUT int vt_format_has_offset(vt_format format) {
  return format == VT_Q4_1 || format == VT_Q5_1 || format == VT_Q4_K || format == VT_Q5_K;
}

// Bytes of one 32-value part inside a superblock.
VT_LAYOUT size_t vt_packed_part_bytes(vt_format format) {
  switch (format) {
  case VT_Q4_K: return 32 + 256;
  case VT_Q5_K: return 32 + 256 + 64;
  case VT_Q6_K: return 32 + 256 + 128;
  default: return 0;
  }
}

VT_LAYOUT size_t vt_packed_block_bytes(vt_format format) {
  switch (format) {
  case VT_Q4_0: return 32 + 256;
  case VT_Q4_1: return 64 + 256;
  case VT_Q5_0: return 32 + 256 + 64;
  case VT_Q5_1: return 64 + 256 + 64;
  case VT_Q8_0: return 32 + 512;
  case VT_Q4_K: case VT_Q5_K: return 64 + 8 * vt_packed_part_bytes(format);
  case VT_Q6_K: return 32 + 8 * vt_packed_part_bytes(format);
  case VT_F16: case VT_BF16: return 2 * VT_PANEL;
  case VT_F32: return 4 * VT_PANEL;
  }
  return 0;
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
VT_LAYOUT const float *vt_tile_asums(vt_activation kind, const void *tile, int32_t k, int32_t rows) {
  return vt_tile_scales(kind, tile, k, rows) + (size_t)rows * (size_t)k / 32;
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
