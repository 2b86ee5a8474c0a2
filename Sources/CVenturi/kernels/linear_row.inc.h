// One row against packed panels, written once over the sixteen lanes of a panel; `vt_linear.h` states what is computed.

// The scales and offsets of 16 columns of one sub-block.
typedef struct { v16f scale, offset; } block_scales;

// What a superblock's parts share.
typedef struct { v16f d, dmin; } super_scales;

VT_INLINE super_scales load_super(vt_format format, const uint8_t *block) {
  super_scales s;
  s.d = v16f_from_f16((const uint16_t *)block);
  s.dmin = format == VT_Q6_K ? v16f_zero() : v16f_mul(v16f_set(-1), v16f_from_f16((const uint16_t *)block + 16));
  return s;
}

// Scales of sub-block `s` of the superblock's part at `part` (Q6_K has two to a part).
VT_INLINE block_scales super_part(vt_format format, const super_scales *super, const uint8_t *part, int s) {
  block_scales b;
  if (format == VT_Q6_K) {
    b.scale = v16f_mul(super->d, v16f_from_i8(part + 16 * s));
    b.offset = v16f_mul(v16f_set(-32), b.scale);
  } else {
    b.scale = v16f_mul(super->d, v16f_from_u8(part));
    b.offset = v16f_mul(super->dmin, v16f_from_u8(part + 16));
  }
  return b;
}

VT_INLINE block_scales plain_scales(vt_format format, const uint8_t *block) {
  block_scales b;
  b.scale = v16f_from_f16((const uint16_t *)block);
  b.offset = format == VT_Q4_1 || format == VT_Q5_1 ? v16f_from_f16((const uint16_t *)block + 16)
                                                    : v16f_mul(v16f_set(-(float)vt_format_zero(format)), b.scale);
  return b;
}

// The unsigned bytes of group g: four values of k for each column.
VT_INLINE v64b group_values(vt_format format, const uint8_t *values, int g) {
  const v64b low = v64b_halves(values + 32 * g);
  switch (vt_format_bits(format)) {
  case 5: return v64b_with_bits(low, v64b_load(values + 256), 4 - g, 0x10);
  case 6: {
    const uint8_t *planes = values + 256 + 32 * (g / 4);
    return v64b_with_bits(low, v64b_load2(planes, planes + 64), 4 - 2 * (g % 4), 0x30);
  }
  default: return low;
  }
}

// Integer sums over groups first..<first+count of one row's block `a` against packed values.
VT_INLINE v16i packed_sums(vt_format format, vt_activation kind, const uint8_t *values, const char *a, int first,
                           int count) {
  const int chain = vdot_chain(vt_format_bits(format), count), refined = kind == VT_ACTIVATION_I8X2;
  v16i high = v16i_set(0), low = v16i_set(0);
#pragma clang loop unroll(full)
  for (int start = first; start < first + count; start += chain) {
    vdot h, l;
#pragma clang loop unroll(full)
    for (int g = start; g < start + chain; g++) {
      const v64b w = group_values(format, values, g), x = v64b_broadcast4(a + 4 * g);
      h = g == start ? vdot_first(w, x) : vdot_next(h, w, x);
      if (refined) {
        const v64b y = v64b_broadcast4(a + 32 + 4 * g);
        l = g == start ? vdot_first(w, y) : vdot_next(l, w, y);
      }
    }
    high = start == first ? vdot_sum(h) : v16i_add(high, vdot_sum(h));
    if (refined) low = start == first ? vdot_sum(l) : v16i_add(low, vdot_sum(l));
  }
  return refined ? v16i_add(v16i_shift_left(high, 8), low) : high;
}

VT_INLINE v16f accumulate(v16f acc, v16i sum, const block_scales *b, float ascale, float asum) {
  acc = v16f_fma(v16f_from_i32(sum), v16f_mul(b->scale, v16f_set(ascale)), acc);
  return v16f_fma(b->offset, v16f_set(asum), acc);
}

enum { PREFETCH = 1024 };

VT_INLINE void prefetch_block(const uint8_t *block, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(block + PREFETCH + at);
}

VT_INLINE void row_panel_of(vt_format format, vt_activation kind, int32_t k, const uint8_t *block, const char *a,
                            float *y) {
  const float *scales = vt_tile_scales(kind, a, k, 1), *sums32 = vt_tile_sums32(kind, a, k, 1),
              *sums16 = vt_tile_sums16(kind, a, k, 1);
  const size_t bytes = vt_packed_block_bytes(format), each = kind == VT_ACTIVATION_I8 ? 32 : 64;
  v16f acc = v16f_zero();
  if (vt_format_block_length(format) == 32) {
    for (int32_t b = 0; b < k / 32; b++, block += bytes, a += each) {
      prefetch_block(block, bytes);
      const block_scales s = plain_scales(format, block);
      const uint8_t *values = block + (format == VT_Q4_1 || format == VT_Q5_1 ? 64 : 32);
      acc = accumulate(acc, packed_sums(format, kind, values, a, 0, 8), &s, scales[b], sums32[b]);
    }
  } else {
    const size_t part_bytes = vt_packed_part_bytes(format);
    for (int32_t b = 0; b < k / 32; b += 8, block += bytes) {
      const super_scales super = load_super(format, block);
      const uint8_t *part = block + (format == VT_Q6_K ? 32 : 64);
      for (int32_t p = b; p < b + 8; p++, part += part_bytes, a += each) {
        prefetch_block(part, part_bytes);
        const block_scales s = super_part(format, &super, part, 0);
        if (format == VT_Q6_K) {
          const block_scales t = super_part(format, &super, part, 1);
          acc = accumulate(acc, packed_sums(format, kind, part + 32, a, 0, 4), &s, scales[p], sums16[2 * p]);
          acc = accumulate(acc, packed_sums(format, kind, part + 32, a, 4, 4), &t, scales[p], sums16[2 * p + 1]);
        } else {
          acc = accumulate(acc, packed_sums(format, kind, part + 32, a, 0, 8), &s, scales[p], sums32[p]);
        }
      }
    }
  }
  v16f_store(y, acc);
}

static void row_panel_q8(int32_t k, const uint8_t *block, const char *a, float *y) {
  const float *scales = vt_tile_scales(VT_ACTIVATION_I16, a, k, 1);
  v16f acc = v16f_zero();
  for (int32_t b = 0; b < k / 32; b++, block += 544, a += 64) {
    prefetch_block(block, 544);
    // Two sums keep the latency of the products apart.
    v16i s0 = v16i_set(0), s1 = v16i_set(0);
#pragma clang loop unroll(full)
    for (int pair = 0; pair < 16; pair += 2) {
      s0 = v16i_dot(s0, v32s_from_i8(block + 32 + 32 * pair), v32s_broadcast2(a + 4 * pair));
      s1 = v16i_dot(s1, v32s_from_i8(block + 64 + 32 * pair), v32s_broadcast2(a + 4 * pair + 4));
    }
    const v16f scale = v16f_mul(v16f_from_f16((const uint16_t *)block), v16f_set(scales[b]));
    acc = v16f_fma(v16f_from_i32(v16i_add(s0, s1)), scale, acc);
  }
  v16f_store(y, acc);
}

#define VT_ROW(format)                                                                                                 \
  case format:                                                                                                         \
    if (kind == VT_ACTIVATION_I8X2) row_panel_of(format, VT_ACTIVATION_I8X2, k, panel, row, y);                        \
    else row_panel_of(format, VT_ACTIVATION_I8, k, panel, row, y);                                                     \
    break

static void row_panel(vt_format format, vt_activation kind, int32_t k, const void *panel, const void *row, float *y) {
  switch (format) {
    VT_ROW(VT_Q4_0);
    VT_ROW(VT_Q4_1);
    VT_ROW(VT_Q5_0);
    VT_ROW(VT_Q5_1);
    VT_ROW(VT_Q4_K);
    VT_ROW(VT_Q5_K);
    VT_ROW(VT_Q6_K);
  case VT_Q8_0: row_panel_q8(k, panel, row, y); break;
  default: break;
  }
}
