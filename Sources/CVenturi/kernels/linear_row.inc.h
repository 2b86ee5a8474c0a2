// One row against packed panels, written once over the sixteen lanes of a panel; `vt_linear.h` states what is computed.

// What the values that the kernels multiply by are raised by.
VT_INLINE int kernel_zero(vt_format form) { return vt_product_bits(form) == 8 ? VT_BIAS_8 : vt_format_zero(form); }

// The scales and offsets of 16 columns of one sub-block.
typedef struct { v16f scale, offset; } block_scales;

// What a superblock's parts share.
typedef struct { v16f d, dmin; } super_scales;

VT_INLINE super_scales load_super(vt_format form, const uint8_t *block) {
  super_scales s;
  s.d = v16f_from_f16((const uint16_t *)block);
  if (vt_format_factor(form) != 1) s.d = v16f_mul(s.d, v16f_set(vt_format_factor(form)));
  s.dmin = vt_format_has_offset(form) ? v16f_mul(v16f_set(-1), v16f_from_f16((const uint16_t *)block + 16)) : v16f_zero();
  return s;
}

// Scales of sub-block `s` of the part at `part`.
VT_INLINE block_scales part_scales(vt_format form, const super_scales *super, const uint8_t *part, int s) {
  block_scales b;
  b.offset = v16f_zero();
  const uint16_t *halves = (const uint16_t *)part;
  if (!vt_format_is_super(form)) {
    b.scale = form == VT_MXFP4 ? v16f_from_bf16(halves) : v16f_from_f16(halves + 16 * s);
    if (vt_format_has_offset(form)) b.offset = v16f_from_f16(halves + 16);
  } else if (form == VT_Q2_K) {
    const v16i both = v16i_from_u8(part + 16 * s);
    b.scale = v16f_mul(super->d, v16f_from_i32(v16i_and(both, v16i_set(15))));
    b.offset = v16f_mul(super->dmin, v16f_from_i32(v16i_shift_right(both, 4)));
  } else if (vt_format_has_offset(form)) {
    b.scale = v16f_mul(super->d, v16f_from_u8(part));
    b.offset = v16f_mul(super->dmin, v16f_from_u8(part + 16));
  } else {
    b.scale = v16f_mul(super->d, v16f_from_i8(part + 16 * s));
  }
  return b;
}

// The codes of group g: four values of k for each column.
VT_INLINE v64b group_codes(vt_format form, const uint8_t *codes, int g) {
  switch (vt_format_bits(form)) {
  case 2: return v64b_field(v64b_load(codes + 64 * (g / 4)), 2 * (g % 4), 3);
  case 3: {
    const v64b low = v64b_field(v64b_load(codes + 64 * (g / 4)), 2 * (g % 4), 3);
    return v64b_with_bits(low, v64b_load(codes + 128), 2 - g, 4);
  }
  case 5: return v64b_with_bits(v64b_halves(codes + 32 * g), v64b_load(codes + 256), 4 - g, 0x10);
  case 6: {
    const uint8_t *planes = codes + 256 + 32 * (g / 4);
    return v64b_with_bits(v64b_halves(codes + 32 * g), v64b_load2(planes, planes + 64), 4 - 2 * (g % 4), 0x30);
  }
  case 8: return v64b_from_pairs(codes + 64 * g);
  default: return v64b_halves(codes + 32 * g);
  }
}

// What they stand for, raised by the kernel's zero.
VT_INLINE v64b group_values(vt_format form, const uint8_t *codes, int g) {
  const v64b q = group_codes(form, codes, g);
  if (!vt_format_table(form)) return q;
  return v64b_lookup(v64b_add(v64b_table(vt_format_table(form)), v64b_set((int8_t)kernel_zero(form))), q);
}

// Values 2·pair and 2·pair + 1 of each column as int16, for forms of 8 bits.
VT_INLINE v32s pair_words(vt_format form, const uint8_t *codes, int pair) {
  if (form == VT_Q8_0) return v32s_from_i8(codes + 32 * pair);
  return v32s_from_bytes(v64b_lookup(v64b_table(vt_format_table(form)), group_codes(form, codes, pair / 2)), pair % 2);
}

// Integer sums over groups first..<first+count of one row's block `a`, whose values add up to -`negated`, against packed
// values.
VT_INLINE v16i packed_sums(vt_format format, vt_activation kind, const uint8_t *values, const char *a, int first,
                           int count, int32_t negated) {
  const int bits = vt_product_bits(format), chain = vdot_chain(bits, count), refined = kind == VT_ACTIVATION_I8X2;
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

// One part's share of the row's products.
VT_INLINE v16f add_part(vt_format form, vt_activation kind, v16f acc, const super_scales *super, const uint8_t *part,
                        const char *a, float ascale, const float *asums, const int32_t *negated) {
  const int subs = 32 / vt_sub_block(form), groups = 8 / subs;
  const uint8_t *codes = part + vt_part_scale_bytes(form);
#pragma clang loop unroll(full)
  for (int s = 0; s < subs; s++) {
    const block_scales b = part_scales(form, super, part, s);
    const v16i sum = packed_sums(form, kind, codes, a, s * groups, groups, negated[s]);
    acc = accumulate(form, acc, sum, &b, ascale, asums[s]);
  }
  return acc;
}

// The same of 16-bit activations, for forms of 8 bits.
VT_INLINE v16f add_words(vt_format form, v16f acc, const super_scales *super, const uint8_t *part, const char *a,
                         float ascale) {
  const uint8_t *codes = part + vt_part_scale_bytes(form);
  // Two sums keep the latency of the products apart.
  v16i s0 = v16i_set(0), s1 = v16i_set(0);
#pragma clang loop unroll(full)
  for (int pair = 0; pair < 16; pair += 2) {
    s0 = v16i_dot(s0, pair_words(form, codes, pair), v32s_broadcast2(a + 4 * pair));
    s1 = v16i_dot(s1, pair_words(form, codes, pair + 1), v32s_broadcast2(a + 4 * pair + 4));
  }
  const v16f scale = v16f_mul(part_scales(form, super, part, 0).scale, v16f_set(ascale));
  return v16f_fma(v16f_from_i32(v16i_add(s0, s1)), scale, acc);
}

VT_INLINE void row_panel_of(vt_format form, vt_activation kind, int32_t k, const uint8_t *part, const char *a,
                            float *y) {
  const int32_t sub = vt_sub_block(form), subs = 32 / sub, each = kind == VT_ACTIVATION_I8 ? 32 : 64;
  const int is_super = vt_format_is_super(form);
  const float *scales = vt_tile_scales(kind, a, k, 1), *asums = vt_tile_asums(kind, a, k, 1, sub);
  const int32_t *negated = vt_tile_negated(kind, a, k, 1, sub);
  const size_t bytes = vt_packed_part_bytes(form);
  super_scales super = {0};
  v16f acc = v16f_zero();
  for (int32_t p = 0; p < k / 32;) {
    if (is_super) super = load_super(form, part), part += vt_header_bytes(form);
    for (const int32_t end = is_super ? p + 8 : k / 32; p < end; p++, part += bytes, a += each) {
      prefetch_block(part, bytes);
      acc = kind == VT_ACTIVATION_I16
                ? add_words(form, acc, &super, part, a, scales[p])
                : add_part(form, kind, acc, &super, part, a, scales[p], asums + subs * p, negated + subs * p);
    }
  }
  v16f_store(y, acc);
}

#define VT_ROW_OF(form, refined)                                                                                       \
  case form:                                                                                                           \
    if (kind == refined) row_panel_of(form, refined, k, panel, row, y);                                                \
    else row_panel_of(form, VT_ACTIVATION_I8, k, panel, row, y);                                                       \
    break
#define VT_ROW(form) VT_ROW_OF(form, VT_ACTIVATION_I8X2)
#define VT_ROW_8(form) VT_ROW_OF(form, VT_ACTIVATION_I16)

static void row_panel(vt_format format, vt_activation kind, int32_t k, const void *panel, const void *row, float *y) {
  switch (format) {
    VT_ROW(VT_Q4_0);
    VT_ROW(VT_Q4_1);
    VT_ROW(VT_Q5_0);
    VT_ROW(VT_Q5_1);
    VT_ROW(VT_Q2_K);
    VT_ROW(VT_Q3_K);
    VT_ROW(VT_Q4_K);
    VT_ROW(VT_Q5_K);
    VT_ROW(VT_Q6_K);
    VT_ROW(VT_IQ1_M);
    VT_ROW(VT_IQ2_S);
    VT_ROW(VT_IQ3_XXS);
    VT_ROW(VT_IQ3_S);
    VT_ROW(VT_TQ2_0);
    VT_ROW(VT_MXFP4);
    VT_ROW(VT_NVFP4);
    VT_ROW_8(VT_Q8_0);
    VT_ROW_8(VT_IQ4_NL);
    VT_ROW_8(VT_IQ4_XS);
  default: break;
  }
}
