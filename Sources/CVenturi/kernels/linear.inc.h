// The vector products with packed weights, written once over the lanes of simd/*.h. `vt_linear.h` states what is computed.
#include "exp.h"
#include "linear_layout.h"

// ---- activations ----

VT_INLINE float block_amax(const float *x) {
  v8f m = v8f_max(v8f_max(v8f_abs(v8f_load(x)), v8f_abs(v8f_load(x + 8))),
                  v8f_max(v8f_abs(v8f_load(x + 16)), v8f_abs(v8f_load(x + 24))));
  return v8f_max_lane(m);
}

static void quantize_i8(int32_t k, const float *x, void *row) {
  int8_t *q = row;
  float *scales = (float *)vt_i8_scales(row, k), *sums32 = (float *)vt_i8_sums32(row, k),
        *sums16 = (float *)vt_i8_sums16(row, k);
  for (int32_t b = 0; b < k / 32; b++, x += 32) {
    const float m = block_amax(x), scale = m / 127.0f;
    const v8f inverse = v8f_set(m > 0 ? 127.0f / m : 0);
    const v8i i0 = v8i_nearest(v8f_mul(v8f_load(x), inverse)), i1 = v8i_nearest(v8f_mul(v8f_load(x + 8), inverse)),
              i2 = v8i_nearest(v8f_mul(v8f_load(x + 16), inverse)),
              i3 = v8i_nearest(v8f_mul(v8f_load(x + 24), inverse));
    v8i_store_i8(q + 32 * b, i0, i1, i2, i3);
    const int32_t first = v8i_sum(v8i_add(i0, i1)), second = v8i_sum(v8i_add(i2, i3));
    scales[b] = scale;
    sums32[b] = scale * (float)(first + second);
    sums16[2 * b] = scale * (float)first;
    sums16[2 * b + 1] = scale * (float)second;
  }
}

static void quantize_i16(int32_t k, const float *x, void *row) {
  int16_t *q = row;
  float *scales = (float *)vt_i16_scales(row, k);
  for (int32_t b = 0; b < k / 32; b++, x += 32) {
    const float m = block_amax(x);
    const v8f inverse = v8f_set(m > 0 ? 32767.0f / m : 0);
    for (int i = 0; i < 32; i += 16)
      v8i_store_i16(q + 32 * b + i, v8i_nearest(v8f_mul(v8f_load(x + i), inverse)),
                    v8i_nearest(v8f_mul(v8f_load(x + i + 8), inverse)));
    scales[b] = m / 32767.0f;
  }
}

// ---- packed blocks ----

// The scales and offsets of 16 columns of one sub-block.
typedef struct { v8f scale[2], offset[2]; } block_scales;

// What a superblock's parts share.
typedef struct { v8f d[2], dmin[2]; } super_scales;

VT_INLINE super_scales load_super(vt_format format, const uint8_t *block) {
  super_scales s;
  for (int h = 0; h < 2; h++) {
    s.d[h] = v8f_from_f16((const uint16_t *)block + 8 * h);
    s.dmin[h] = format == VT_Q6_K ? v8f_zero() : v8f_mul(v8f_set(-1), v8f_from_f16((const uint16_t *)block + 16 + 8 * h));
  }
  return s;
}

// Scales of sub-block `s` of the superblock's part at `part` (Q6_K has two to a part).
VT_INLINE block_scales super_part(vt_format format, const super_scales *super, const uint8_t *part, int s) {
  block_scales b;
  for (int h = 0; h < 2; h++) {
    if (format == VT_Q6_K) {
      b.scale[h] = v8f_mul(super->d[h], v8f_from_i8(part + 16 * s + 8 * h));
      b.offset[h] = v8f_mul(v8f_set(-32), b.scale[h]);
    } else {
      b.scale[h] = v8f_mul(super->d[h], v8f_from_u8(part + 8 * h));
      b.offset[h] = v8f_mul(super->dmin[h], v8f_from_u8(part + 16 + 8 * h));
    }
  }
  return b;
}

VT_INLINE block_scales plain_scales(vt_format format, const uint8_t *block) {
  block_scales b;
  for (int h = 0; h < 2; h++) {
    b.scale[h] = v8f_from_f16((const uint16_t *)block + 8 * h);
    b.offset[h] = format == VT_Q4_1 || format == VT_Q5_1 ? v8f_from_f16((const uint16_t *)block + 16 + 8 * h)
                                                         : v8f_mul(v8f_set(-(float)vt_format_zero(format)), b.scale[h]);
  }
  return b;
}

// The unsigned bytes of group g, columns 0-7 and 8-15.
VT_INLINE void group_values(vt_format format, const uint8_t *values, int g, v32b *left, v32b *right) {
  const v32b low = v32b_set(15), packed = v32b_load(values + 32 * g);
  *left = v32b_and(packed, low);
  *right = v32b_and(v32b_right(packed, 4), low);
  const int bits = vt_format_bits(format);
  if (bits == 4) return;
  const v32b mask = v32b_set(bits == 5 ? 0x10 : 0x30);
  const int shift = bits == 5 ? 4 - g : 4 - 2 * (g % 4);
  for (int h = 0; h < 2; h++) {
    const v32b plane = v32b_load(values + 256 + (bits == 5 ? 32 * h : 64 * h + 32 * (g / 4)));
    const v32b high = v32b_and(shift >= 0 ? v32b_left(plane, shift) : v32b_right(plane, -shift), mask);
    if (h == 0) *left = v32b_or(*left, high);
    else *right = v32b_or(*right, high);
  }
}

// Integer sums over groups first..<first+count of one row against packed values.
VT_INLINE void packed_sums(vt_format format, const uint8_t *values, const int8_t *a, int first, int count, v8i sum[2]) {
  const int chain = vt_format_chain(format);
  sum[0] = sum[1] = v8i_zero();
#pragma clang loop unroll(full)
  for (int start = first; start < first + count; start += chain) {
    v16s s0 = v16s_zero(), s1 = v16s_zero();
#pragma clang loop unroll(full)
    for (int g = start; g < start + chain; g++) {
      v32b left, right;
      group_values(format, values, g, &left, &right);
      const v32b x = v32b_broadcast4(a + 4 * g);
      s0 = v16s_add(s0, v16s_dot(left, x));
      s1 = v16s_add(s1, v16s_dot(right, x));
    }
    sum[0] = v8i_add(sum[0], v8i_pairs(s0));
    sum[1] = v8i_add(sum[1], v8i_pairs(s1));
  }
}

VT_INLINE void accumulate(v8f acc[2], const v8i sum[2], const block_scales *b, float ascale, float asum) {
  for (int h = 0; h < 2; h++) {
    acc[h] = v8f_fma(v8f_from_i32(sum[h]), v8f_mul(b->scale[h], v8f_set(ascale)), acc[h]);
    acc[h] = v8f_fma(b->offset[h], v8f_set(asum), acc[h]);
  }
}

// ---- one row ----

enum { PREFETCH = 1024 };

VT_INLINE void prefetch_block(const uint8_t *block, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 64) v32b_prefetch(block + PREFETCH + at);
}

VT_INLINE void row_panel_of(vt_format format, int32_t k, const uint8_t *block, const void *row, float *y) {
  const int8_t *a = row;
  const float *scales = vt_i8_scales(row, k), *sums32 = vt_i8_sums32(row, k), *sums16 = vt_i8_sums16(row, k);
  const size_t bytes = vt_packed_block_bytes(format);
  v8f acc[2] = {v8f_zero(), v8f_zero()};
  v8i sum[2];
  if (vt_format_block_length(format) == 32) {
    for (int32_t b = 0; b < k / 32; b++, block += bytes) {
      prefetch_block(block, bytes);
      const block_scales s = plain_scales(format, block);
      const int head = format == VT_Q4_1 || format == VT_Q5_1 ? 64 : 32;
      packed_sums(format, block + head, a + 32 * b, 0, 8, sum);
      accumulate(acc, sum, &s, scales[b], sums32[b]);
    }
  } else {
    const size_t part_bytes = vt_packed_part_bytes(format);
    for (int32_t b = 0; b < k / 32; b += 8, block += bytes) {
      const super_scales super = load_super(format, block);
      const uint8_t *part = block + (format == VT_Q6_K ? 32 : 64);
      for (int32_t p = b; p < b + 8; p++, part += part_bytes) {
        prefetch_block(part, part_bytes);
        if (format == VT_Q6_K) {
          for (int s = 0; s < 2; s++) {
            const block_scales scale = super_part(format, &super, part, s);
            if (s == 0) packed_sums(format, part + 32, a + 32 * p, 0, 4, sum);
            else packed_sums(format, part + 32, a + 32 * p, 4, 4, sum);
            accumulate(acc, sum, &scale, scales[p], sums16[2 * p + s]);
          }
        } else {
          const block_scales scale = super_part(format, &super, part, 0);
          packed_sums(format, part + 32, a + 32 * p, 0, 8, sum);
          accumulate(acc, sum, &scale, scales[p], sums32[p]);
        }
      }
    }
  }
  v8f_store(y, acc[0]);
  v8f_store(y + 8, acc[1]);
}

static void row_panel_q8(int32_t k, const uint8_t *block, const void *row, float *y) {
  const int16_t *a = row;
  const float *scales = vt_i16_scales(row, k);
  v8f acc[2] = {v8f_zero(), v8f_zero()};
  for (int32_t b = 0; b < k / 32; b++, block += 544) {
    prefetch_block(block, 544);
    v8i s0 = v8i_zero(), s1 = v8i_zero();
#pragma clang loop unroll(full)
    for (int pair = 0; pair < 16; pair++) {
      const v16s x = v16s_broadcast2(a + 32 * b + 2 * pair);
      s0 = v8i_add(s0, v8i_dot(v16s_from_i8(block + 32 + 32 * pair), x));
      s1 = v8i_add(s1, v8i_dot(v16s_from_i8(block + 48 + 32 * pair), x));
    }
    const v8f ascale = v8f_set(scales[b]);
    acc[0] = v8f_fma(v8f_from_i32(s0), v8f_mul(v8f_from_f16((const uint16_t *)block), ascale), acc[0]);
    acc[1] = v8f_fma(v8f_from_i32(s1), v8f_mul(v8f_from_f16((const uint16_t *)block + 8), ascale), acc[1]);
  }
  v8f_store(y, acc[0]);
  v8f_store(y + 8, acc[1]);
}

static void row_panel(vt_format format, int32_t k, const void *panel, const void *row, float *y) {
  switch (format) {
  case VT_Q4_0: row_panel_of(VT_Q4_0, k, panel, row, y); break;
  case VT_Q4_1: row_panel_of(VT_Q4_1, k, panel, row, y); break;
  case VT_Q5_0: row_panel_of(VT_Q5_0, k, panel, row, y); break;
  case VT_Q5_1: row_panel_of(VT_Q5_1, k, panel, row, y); break;
  case VT_Q4_K: row_panel_of(VT_Q4_K, k, panel, row, y); break;
  case VT_Q5_K: row_panel_of(VT_Q5_K, k, panel, row, y); break;
  case VT_Q6_K: row_panel_of(VT_Q6_K, k, panel, row, y); break;
  case VT_Q8_0: row_panel_q8(k, panel, row, y); break;
  default: break;
  }
}

// ---- many rows ----

VT_INLINE void unpack_values(vt_format format, const uint8_t *values, uint8_t *out) {
#pragma clang loop unroll(full)
  for (int g = 0; g < 8; g++) {
    v32b left, right;
    group_values(format, values, g, &left, &right);
    v32b_store(out + 64 * g, left);
    v32b_store(out + 64 * g + 32, right);
  }
}

VT_INLINE void store_scales(const block_scales *b, float *scales, float *offsets, int32_t s) {
  for (int h = 0; h < 2; h++) {
    v8f_store(scales + s * VT_PANEL + 8 * h, b->scale[h]);
    v8f_store(offsets + s * VT_PANEL + 8 * h, b->offset[h]);
  }
}

VT_INLINE void unpack_of(vt_format format, int32_t k, const uint8_t *block, void *unpacked) {
  const int32_t sub = vt_format_sub_block(format);
  const size_t bytes = vt_packed_block_bytes(format);
  float *scales = vt_unpacked_scales(format, unpacked, k), *offsets = scales + k / sub * VT_PANEL;
  uint8_t *out = unpacked;
  if (vt_format_block_length(format) == 32) {
    for (int32_t b = 0; b < k / 32; b++, block += bytes, out += 512) {
      const block_scales s = plain_scales(format, block);
      store_scales(&s, scales, offsets, b);
      unpack_values(format, block + (format == VT_Q4_1 || format == VT_Q5_1 ? 64 : 32), out);
    }
    return;
  }
  for (int32_t b = 0; b < k / 32; b += 8, block += bytes) {
    const super_scales super = load_super(format, block);
    const uint8_t *part = block + (format == VT_Q6_K ? 32 : 64);
    for (int32_t p = b; p < b + 8; p++, part += vt_packed_part_bytes(format), out += 512) {
      for (int32_t s = 0; s < 32 / sub; s++) {
        const block_scales scale = super_part(format, &super, part, s);
        store_scales(&scale, scales, offsets, p * (32 / sub) + s);
      }
      unpack_values(format, part + 32, out);
    }
  }
}

static void unpack_q8(int32_t k, const uint8_t *block, void *unpacked) {
  float *scales = vt_unpacked_scales(VT_Q8_0, unpacked, k), *offsets = scales + k / 32 * VT_PANEL;
  int16_t *out = unpacked;
  for (int32_t b = 0; b < k / 32; b++, block += 544, out += 512) {
    for (int h = 0; h < 2; h++) {
      v8f_store(scales + b * VT_PANEL + 8 * h, v8f_from_f16((const uint16_t *)block + 8 * h));
      v8f_store(offsets + b * VT_PANEL + 8 * h, v8f_zero());
    }
    for (int at = 0; at < 512; at += 16) v16s_store(out + at, v16s_from_i8(block + 32 + at));
  }
}

static void unpack(vt_format format, int32_t k, const void *panel, void *unpacked) {
  switch (format) {
  case VT_Q4_0: unpack_of(VT_Q4_0, k, panel, unpacked); break;
  case VT_Q4_1: unpack_of(VT_Q4_1, k, panel, unpacked); break;
  case VT_Q5_0: unpack_of(VT_Q5_0, k, panel, unpacked); break;
  case VT_Q5_1: unpack_of(VT_Q5_1, k, panel, unpacked); break;
  case VT_Q4_K: unpack_of(VT_Q4_K, k, panel, unpacked); break;
  case VT_Q5_K: unpack_of(VT_Q5_K, k, panel, unpacked); break;
  case VT_Q6_K: unpack_of(VT_Q6_K, k, panel, unpacked); break;
  case VT_Q8_0: unpack_q8(k, panel, unpacked); break;
  default: break;
  }
}

// `rows` (1...4) rows against an unpacked panel of bytes. Float sums live in c between blocks of k.
VT_INLINE void tile_bytes(int rows, int sub, int chain, int32_t k, const uint8_t *values, const float *scales,
                          const float *offsets, const char *activations, size_t stride, float *c, int64_t ldc) {
  v8f acc[4][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) acc[r][0] = acc[r][1] = v8f_zero();
  for (int32_t s = 0; s < k / sub; s++) {
    v8i sum[4][2];
#pragma clang loop unroll(full)
    for (int start = 0; start < sub / 4; start += chain) {
      v16s part[4][2];
#pragma clang loop unroll(full)
      for (int g = 0; g < chain; g++) {
        const v32b left = v32b_load(values), right = v32b_load(values + 32);
        values += 64;
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
          const v32b x = v32b_broadcast4(activations + (size_t)r * stride + (size_t)s * sub + 4 * (start + g));
          const v16s p0 = v16s_dot(left, x), p1 = v16s_dot(right, x);
          part[r][0] = g == 0 ? p0 : v16s_add(part[r][0], p0);
          part[r][1] = g == 0 ? p1 : v16s_add(part[r][1], p1);
        }
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++)
        for (int h = 0; h < 2; h++) {
          const v8i wide = v8i_pairs(part[r][h]);
          sum[r][h] = start == 0 ? wide : v8i_add(sum[r][h], wide);
        }
    }
    const v8f scale[2] = {v8f_load(scales + s * VT_PANEL), v8f_load(scales + s * VT_PANEL + 8)};
    const v8f offset[2] = {v8f_load(offsets + s * VT_PANEL), v8f_load(offsets + s * VT_PANEL + 8)};
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const void *row = activations + (size_t)r * stride;
      const v8f ascale = v8f_broadcast(vt_i8_scales(row, k) + s * sub / 32);
      const v8f asum = v8f_broadcast((sub == 32 ? vt_i8_sums32(row, k) : vt_i8_sums16(row, k)) + s);
      for (int h = 0; h < 2; h++) {
        acc[r][h] = v8f_fma(v8f_from_i32(sum[r][h]), v8f_mul(scale[h], ascale), acc[r][h]);
        acc[r][h] = v8f_fma(offset[h], asum, acc[r][h]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    v8f_store(c + r * ldc, acc[r][0]);
    v8f_store(c + r * ldc + 8, acc[r][1]);
  }
}

// `rows` (1...4) rows of 16-bit activations against an unpacked panel of 16-bit weights.
VT_INLINE void tile_words(int rows, int32_t k, const int16_t *values, const float *scales, const char *activations,
                          size_t stride, float *c, int64_t ldc) {
  v8f acc[4][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) acc[r][0] = acc[r][1] = v8f_zero();
  for (int32_t s = 0; s < k / 32; s++) {
    v8i sum[4][2];
#pragma clang loop unroll_count(4)
    for (int pair = 0; pair < 16; pair++) {
      const v16s left = v16s_load(values), right = v16s_load(values + 16);
      values += 32;
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        const v16s x = v16s_broadcast2(activations + (size_t)r * stride + 2 * ((size_t)s * 32 + 2 * (size_t)pair));
        const v8i p0 = v8i_dot(left, x), p1 = v8i_dot(right, x);
        sum[r][0] = pair == 0 ? p0 : v8i_add(sum[r][0], p0);
        sum[r][1] = pair == 0 ? p1 : v8i_add(sum[r][1], p1);
      }
    }
    const v8f scale[2] = {v8f_load(scales + s * VT_PANEL), v8f_load(scales + s * VT_PANEL + 8)};
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const v8f ascale = v8f_broadcast(vt_i16_scales(activations + (size_t)r * stride, k) + s);
      for (int h = 0; h < 2; h++)
        acc[r][h] = v8f_fma(v8f_from_i32(sum[r][h]), v8f_mul(scale[h], ascale), acc[r][h]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    v8f_store(c + r * ldc, acc[r][0]);
    v8f_store(c + r * ldc + 8, acc[r][1]);
  }
}

// One function for each number of rows in a tile, so that every loop inside unrolls.
#define VT_TILES(name, sub, chain)                                                                                     \
  static void name(int rows, int32_t k, const void *unpacked, const char *a, size_t stride, float *c, int64_t ldc) {   \
    const uint8_t *values = unpacked;                                                                                  \
    const float *scales = (const float *)(values + (size_t)k * VT_PANEL), *offsets = scales + k / sub * VT_PANEL;      \
    switch (rows) {                                                                                                    \
    case 1: tile_bytes(1, sub, chain, k, values, scales, offsets, a, stride, c, ldc); break;                           \
    case 2: tile_bytes(2, sub, chain, k, values, scales, offsets, a, stride, c, ldc); break;                           \
    case 3: tile_bytes(3, sub, chain, k, values, scales, offsets, a, stride, c, ldc); break;                           \
    default: tile_bytes(4, sub, chain, k, values, scales, offsets, a, stride, c, ldc); break;                          \
    }                                                                                                                  \
  }

VT_TILES(tiles_4_bits, 32, 8)
VT_TILES(tiles_5_bits, 32, 4)
VT_TILES(tiles_6_bits, 16, 2)

static void tiles_8_bits(int rows, int32_t k, const void *unpacked, const char *a, size_t stride, float *c,
                         int64_t ldc) {
  const float *scales = vt_unpacked_scales(VT_Q8_0, unpacked, k);
  switch (rows) {
  case 1: tile_words(1, k, unpacked, scales, a, stride, c, ldc); break;
  case 2: tile_words(2, k, unpacked, scales, a, stride, c, ldc); break;
  case 3: tile_words(3, k, unpacked, scales, a, stride, c, ldc); break;
  default: tile_words(4, k, unpacked, scales, a, stride, c, ldc); break;
  }
}

static void rows_panel(vt_format format, int32_t k, const void *unpacked, int32_t rows, const void *activations,
                       size_t stride, float *c, int64_t ldc) {
  for (int32_t r = 0; r < rows; r += 4) {
    const int tile = rows - r < 4 ? rows - r : 4;
    const char *a = (const char *)activations + (size_t)r * stride;
    switch (vt_format_bits(format)) {
    case 4: tiles_4_bits(tile, k, unpacked, a, stride, c + r * ldc, ldc); break;
    case 5: tiles_5_bits(tile, k, unpacked, a, stride, c + r * ldc, ldc); break;
    case 6: tiles_6_bits(tile, k, unpacked, a, stride, c + r * ldc, ldc); break;
    default: tiles_8_bits(tile, k, unpacked, a, stride, c + r * ldc, ldc); break;
    }
  }
}

// ---- exact decoding ----

// Bytes i of the 32-bit lanes of `values` (or int16 i of Q8_0), less `zero`, as floats.
VT_INLINE v8f lane_values(v8i values, int i, int wide, int zero) {
  const v8i q = wide ? v8i_shift_right(v8i_shift_left(values, i ? 0 : 16), 16)
                     : v8i_and(v8i_shift_right(values, 8 * i), v8i_set(255));
  return v8f_from_i32(v8i_sub(q, v8i_set(zero)));
}

// Products are exact, so a minimum is added with the one rounding that the format's definition has.
VT_INLINE void decode_of(vt_format format, int32_t k, const uint8_t *panel, float *out) {
  enum { CHUNK = 256 };
  // Aligned for both the values and the scales behind them; the most that 256 values of k unpack to (Q6_K, Q8_0).
  _Alignas(32) char unpacked[CHUNK * VT_PANEL * 2 + CHUNK / 16 * VT_PANEL * 8];
  const int32_t sub = vt_format_sub_block(format);
  const int wide = format == VT_Q8_0, each = wide ? 2 : 4;
  const int has_minimum = format == VT_Q4_1 || format == VT_Q5_1 || format == VT_Q4_K || format == VT_Q5_K;
  for (int32_t start = 0; start < k; start += CHUNK) {
    const int32_t length = k - start < CHUNK ? k - start : CHUNK;
    const uint8_t *source = panel + (size_t)(start / vt_format_block_length(format)) * vt_packed_block_bytes(format);
    if (wide) unpack_q8(length, source, unpacked);
    else unpack_of(format, length, source, unpacked);
    const float *scales = vt_unpacked_scales(format, unpacked, length), *offsets = scales + length / sub * VT_PANEL;
    for (int32_t i = 0; i < length; i += each) {
      for (int h = 0; h < 2; h++) {
        const v8f scale = v8f_load(scales + i / sub * VT_PANEL + 8 * h);
        const v8f offset = v8f_load(offsets + i / sub * VT_PANEL + 8 * h);
        const v8i values = v8i_load(unpacked + (size_t)i / (size_t)each * 64 + 32 * (size_t)h);
        for (int j = 0; j < each; j++) {
          const v8f scaled = v8f_mul(scale, lane_values(values, j, wide, vt_format_zero(format)));
          v8f_store(out + (size_t)(start + i + j) * VT_PANEL + 8 * h, has_minimum ? v8f_add(scaled, offset) : scaled);
        }
      }
    }
  }
}

static void decode_panel(vt_format format, int32_t k, const void *panel, float *out) {
  const uint16_t *halves = panel;
  switch (format) {
  case VT_Q4_0: decode_of(VT_Q4_0, k, panel, out); break;
  case VT_Q4_1: decode_of(VT_Q4_1, k, panel, out); break;
  case VT_Q5_0: decode_of(VT_Q5_0, k, panel, out); break;
  case VT_Q5_1: decode_of(VT_Q5_1, k, panel, out); break;
  case VT_Q8_0: decode_of(VT_Q8_0, k, panel, out); break;
  case VT_Q4_K: decode_of(VT_Q4_K, k, panel, out); break;
  case VT_Q5_K: decode_of(VT_Q5_K, k, panel, out); break;
  case VT_Q6_K: decode_of(VT_Q6_K, k, panel, out); break;
  case VT_F32: memcpy(out, panel, (size_t)k * VT_PANEL * 4); break;
  case VT_F16:
    for (size_t at = 0; at < (size_t)k * VT_PANEL; at += 8) v8f_store(out + at, v8f_from_f16(halves + at));
    break;
  case VT_BF16:
    for (size_t at = 0; at < (size_t)k * VT_PANEL; at += 8) v8f_store(out + at, v8f_from_bf16(halves + at));
    break;
  }
}

static void silu_gate(int32_t n, const float *g, const float *u, float *y) {
  for (int32_t i = 0; i < n; i += 8) {
    const v8f x = v8f_load(g + i), below = v8f_add(v8f_set(1), v8f_exp(v8f_sub(v8f_zero(), x)));
    v8f_store(y + i, v8f_mul(v8f_div(x, below), v8f_load(u + i)));
  }
}

const vt_linear_kernels VT_SUFFIX(vt_linear_kernels) = {quantize_i8, quantize_i16, row_panel, unpack,
                                                        rows_panel,  decode_panel, silu_gate};
