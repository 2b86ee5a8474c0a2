// One row against packed panels, written once over the sixteen lanes of a panel; `vt_linear.h` states what is computed.

// The zero of the unsigned values that the kernels multiply by.
VT_INLINE int kernel_zero(vt_format format) { return format == VT_Q8_0 ? VT_BIAS_8 : vt_format_zero(format); }

// The scales and offsets of 16 columns of one sub-block.
typedef struct { v16f scale, offset; } block_scales;

// What a superblock's parts share.
typedef struct { v16f d, dmin; } super_scales;

VT_INLINE super_scales load_super(vt_format format, const uint8_t *block) {
  super_scales s;
  s.d = v16f_from_f16((const uint16_t *)block);
  s.dmin = vt_format_has_offset(format) ? v16f_mul(v16f_set(-1), v16f_from_f16((const uint16_t *)block + 16))
                                        : v16f_zero();
  return s;
}

// Scales of sub-block `s` of the superblock's part at `part` (Q6_K has two to a part).
VT_INLINE block_scales super_part(vt_format format, const super_scales *super, const uint8_t *part, int s) {
  block_scales b;
  if (format == VT_Q6_K) {
    b.scale = v16f_mul(super->d, v16f_from_i8(part + 16 * s));
    b.offset = v16f_zero();
  } else {
    b.scale = v16f_mul(super->d, v16f_from_u8(part));
    b.offset = v16f_mul(super->dmin, v16f_from_u8(part + 16));
  }
  return b;
}

VT_INLINE block_scales plain_scales(vt_format format, const uint8_t *block) {
  block_scales b;
  b.scale = v16f_from_f16((const uint16_t *)block);
  b.offset = vt_format_has_offset(format) ? v16f_from_f16((const uint16_t *)block + 16) : v16f_zero();
  return b;
}

// The unsigned bytes of group g: four values of k for each column.
VT_INLINE v64b group_values(vt_format format, const uint8_t *values, int g) {
  if (format == VT_Q8_0) return v64b_from_pairs(values + 64 * g);
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

// Integer sums over groups first..<first+count of one row's block `a`, whose values add up to -`negated`, against packed
// values.
VT_INLINE v16i packed_sums(vt_format format, vt_activation kind, const uint8_t *values, const char *a, int first,
                           int count, int32_t negated) {
  const int bits = vt_format_bits(format), chain = vdot_chain(bits, count), refined = kind == VT_ACTIVATION_I8X2;
  v16i high = v16i_set(0), low = v16i_set(0);
#pragma clang loop unroll(full)
  for (int start = first; start < first + count; start += chain) {
    vdot h, l;
#pragma clang loop unroll(full)
    for (int g = start; g < start + chain; g++) {
      const v64b w = group_values(format, values, g), x = v64b_broadcast4(a + 4 * g);
      h = g == start ? vdot_first(bits, w, x) : vdot_next(bits, h, w, x);
      if (refined) {
        const v64b y = v64b_broadcast4(a + 32 + 4 * g);
        l = g == start ? vdot_first(bits, w, y) : vdot_next(bits, l, w, y);
      }
    }
    high = start == first ? vdot_sum(h) : v16i_add(high, vdot_sum(h));
    if (refined) low = start == first ? vdot_sum(l) : v16i_add(low, vdot_sum(l));
  }
  const v16i sum = refined ? v16i_add(v16i_shift_left(high, 8), low) : high;
  return kernel_zero(format) ? v16i_add(sum, v16i_set(kernel_zero(format) * negated)) : sum;
}

VT_INLINE v16f accumulate(vt_format format, v16f acc, v16i sum, const block_scales *b, float ascale, float asum) {
  acc = v16f_fma(v16f_from_i32(sum), v16f_mul(b->scale, v16f_set(ascale)), acc);
  return vt_format_has_offset(format) ? v16f_fma(b->offset, v16f_set(asum), acc) : acc;
}

enum { PREFETCH = 8192 };

VT_INLINE void prefetch_block(const uint8_t *block, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(block + PREFETCH + at);
}

VT_INLINE void row_panel_of(vt_format format, vt_activation kind, int32_t k, const uint8_t *block, const char *a,
                            float *y) {
  const float *scales = vt_tile_scales(kind, a, k, 1), *asums = vt_tile_asums(kind, a, k, 1);
  const int32_t *negated = vt_tile_negated(kind, a, k, 1, vt_sub_block(format));
  const size_t bytes = vt_packed_block_bytes(format), each = kind == VT_ACTIVATION_I8 ? 32 : 64;
  v16f acc = v16f_zero();
  if (vt_block_length(format) == 32) {
    for (int32_t b = 0; b < k / 32; b++, block += bytes, a += each) {
      prefetch_block(block, bytes);
      const block_scales s = plain_scales(format, block);
      const uint8_t *values = block + (vt_format_has_offset(format) ? 64 : 32);
      acc = accumulate(format, acc, packed_sums(format, kind, values, a, 0, 8, negated[b]), &s, scales[b], asums[b]);
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
          const v16i first = packed_sums(format, kind, part + 32, a, 0, 4, negated[2 * p]);
          const v16i second = packed_sums(format, kind, part + 32, a, 4, 4, negated[2 * p + 1]);
          acc = accumulate(format, acc, first, &s, scales[p], 0);
          acc = accumulate(format, acc, second, &t, scales[p], 0);
        } else {
          const v16i sum = packed_sums(format, kind, part + 32, a, 0, 8, 0);
          acc = accumulate(format, acc, sum, &s, scales[p], asums[p]);
        }
      }
    }
  }
  v16f_store(y, acc);
}

static void row_panel_words(int32_t k, const uint8_t *block, const char *a, float *y) {
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
  case VT_Q8_0:
    if (kind == VT_ACTIVATION_I16) row_panel_words(k, panel, row, y);
    else row_panel_of(VT_Q8_0, VT_ACTIVATION_I8, k, panel, row, y);
    break;
  default: break;
  }
}
