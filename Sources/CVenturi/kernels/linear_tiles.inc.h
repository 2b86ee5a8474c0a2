// Tiles of rows against unpacked panels, written once over the sixteen lanes of a panel. Include after linear_row.inc.h.

// ---- unpacking ----

VT_INLINE void store_scales(const block_scales *b, float *scales, float *offsets, int32_t s) {
  v16f_store(scales + s * VT_PANEL, b->scale);
  v16f_store(offsets + s * VT_PANEL, b->offset);
}

// Scales and values of one part.
VT_INLINE void unpack_part(vt_format form, const super_scales *super, const uint8_t *part, float *scales,
                           float *offsets, uint8_t *out) {
#pragma clang loop unroll(full)
  for (int s = 0; s < 32 / vt_sub_block(form); s++) {
    const block_scales b = part_scales(form, super, part, s);
    store_scales(&b, scales, offsets, s);
  }
  const uint8_t *codes = part + vt_part_scale_bytes(form);
#pragma clang loop unroll(full)
  for (int g = 0; g < 8; g++) v64b_store(out + 64 * g, group_values(form, codes, g));
}

VT_INLINE void unpack_of(vt_format form, int32_t k, const uint8_t *part, void *unpacked) {
  const int32_t each = 32 / vt_sub_block(form) * VT_PANEL;
  float *scales = vt_unpacked_scales(VT_ACTIVATION_I8, unpacked, k), *offsets = scales + k / 32 * each;
  uint8_t *out = unpacked;
  super_scales super = {0};
  for (int32_t p = 0; p < k / 32; p++, out += 512, scales += each, offsets += each) {
    if (vt_format_is_super(form) && p % 8 == 0) super = load_super(form, part), part += vt_header_bytes(form);
    unpack_part(form, &super, part, scales, offsets, out);
    part += vt_packed_part_bytes(form);
  }
}

// Forms of 8 bits as int16.
VT_INLINE void unpack_words(vt_format form, int32_t k, const uint8_t *part, void *unpacked) {
  float *scales = vt_unpacked_scales(VT_ACTIVATION_I16, unpacked, k), *offsets = scales + k / 32 * VT_PANEL;
  int16_t *out = unpacked;
  super_scales super = {0};
  for (int32_t p = 0; p < k / 32; p++, out += 512) {
    if (vt_format_is_super(form) && p % 8 == 0) super = load_super(form, part), part += vt_header_bytes(form);
    const block_scales b = part_scales(form, &super, part, 0);
    store_scales(&b, scales, offsets, p);
    const uint8_t *codes = part + vt_part_scale_bytes(form);
#pragma clang loop unroll(full)
    for (int pair = 0; pair < 16; pair++) v32s_store(out + 32 * pair, pair_words(form, codes, pair));
    part += vt_packed_part_bytes(form);
  }
}

#define VT_UNPACK(form)                                                                                                \
  case form: unpack_of(form, k, panel, unpacked); break
#define VT_UNPACK_8(form)                                                                                              \
  case form:                                                                                                           \
    if (kind == VT_ACTIVATION_I16) unpack_words(form, k, panel, unpacked);                                             \
    else unpack_of(form, k, panel, unpacked);                                                                          \
    break

static void unpack(vt_format format, vt_activation kind, int32_t k, const void *panel, void *unpacked) {
  switch (format) {
    VT_UNPACK(VT_Q4_0);
    VT_UNPACK(VT_Q4_1);
    VT_UNPACK(VT_Q5_0);
    VT_UNPACK(VT_Q5_1);
    VT_UNPACK(VT_Q2_K);
    VT_UNPACK(VT_Q3_K);
    VT_UNPACK(VT_Q4_K);
    VT_UNPACK(VT_Q5_K);
    VT_UNPACK(VT_Q6_K);
    VT_UNPACK(VT_IQ1_M);
    VT_UNPACK(VT_IQ2_S);
    VT_UNPACK(VT_IQ3_XXS);
    VT_UNPACK(VT_IQ3_S);
    VT_UNPACK(VT_TQ2_0);
    VT_UNPACK(VT_MXFP4);
    VT_UNPACK(VT_NVFP4);
    VT_UNPACK_8(VT_Q8_0);
    VT_UNPACK_8(VT_IQ4_NL);
    VT_UNPACK_8(VT_IQ4_XS);
  default: break;
  }
}

// ---- tiles ----

VT_INLINE void put(float *c, v16f x, int add) { v16f_store(c, add ? v16f_add(v16f_load(c), x) : x); }

// A tile of `rows` rows of bytes against a panel, unpacked before or as it is read; float sums stay in registers between
// blocks of k.
VT_INLINE void tile_bytes(const int rows, const int refined, const int packed, vt_format form, int32_t k,
                          const uint8_t *part, const char *tile, float *c, int64_t ldc, int add) {
  enum { MOST = VT_TILE_I8 > 2 * VT_TILE_I8X2 ? VT_TILE_I8 : 2 * VT_TILE_I8X2 };
  const vt_activation kind = refined ? VT_ACTIVATION_I8X2 : VT_ACTIVATION_I8;
  const int sub = vt_sub_block(form), subs = 32 / sub, groups = 8 / subs;
  const int zero = kernel_zero(form), has_offset = vt_format_has_offset(form);
  const int parts = refined ? 2 * rows : rows, bits = vt_product_bits(form), chain = vdot_chain(bits, groups);
  const float *scales = (const float *)(part + (size_t)k * VT_PANEL), *offsets = scales + k / sub * VT_PANEL;
  const float *ascales = vt_tile_scales(kind, tile, k, rows);
  const float *asums = vt_tile_asums(kind, tile, k, rows, sub);
  const int32_t *negated = vt_tile_negated(kind, tile, k, rows, sub);
  super_scales super = {0};
  v16f acc[VT_TILE_I8];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) acc[r] = v16f_zero();
  for (int32_t b = 0; b < k / 32; b++) {
    if (packed) {
      if (vt_format_is_super(form) && b % 8 == 0) super = load_super(form, part), part += vt_header_bytes(form);
      prefetch_block(part, vt_packed_part_bytes(form));
    }
    const uint8_t *codes = part + (packed ? vt_part_scale_bytes(form) : 0);
#pragma clang loop unroll(full)
    for (int h = 0; h < subs; h++) {
      const int32_t s = b * subs + h;
      const char *a = tile + (size_t)b * 32 * (size_t)parts + h * sub;
      v16i sum[MOST];
#pragma clang loop unroll(full)
      for (int start = 0; start < groups; start += chain) {
        vdot some[MOST];
#pragma clang loop unroll(full)
        for (int g = start; g < start + chain; g++) {
          const int at = h * groups + g;
          const v64b w = packed ? group_values(form, codes, at) : v64b_load(codes + 64 * at);
#pragma clang loop unroll(full)
          for (int p = 0; p < parts; p++) {
            const v64b x = v64b_broadcast4(a + 32 * p + 4 * g);
            // Of a refined row the low bytes start from the zero's share.
            if (zero && VT_WIDE_DOT && g == 0 && (!refined || p % 2 == 1))
              some[p] = vdot_from(negated + s * rows + (refined ? p / 2 : p), zero, w, x);
            else
              some[p] = g == start ? vdot_first(bits, w, x) : vdot_next(bits, some[p], w, x);
          }
        }
#pragma clang loop unroll(full)
        for (int p = 0; p < parts; p++) sum[p] = start == 0 ? vdot_sum(some[p]) : v16i_add(sum[p], vdot_sum(some[p]));
      }
      block_scales weight;
      if (packed) {
        weight = part_scales(form, &super, part, h);
      } else {
        weight.scale = v16f_load(scales + s * VT_PANEL);
        weight.offset = has_offset ? v16f_load(offsets + s * VT_PANEL) : v16f_zero();
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        v16i q = refined ? v16i_add(v16i_shift_left(sum[2 * r], 8), sum[2 * r + 1]) : sum[r];
        if (zero && !VT_WIDE_DOT) q = v16i_add(q, v16i_set(zero * negated[s * rows + r]));
        const v16f ascale = v16f_broadcast(ascales + b * rows + r);
        acc[r] = v16f_fma(v16f_from_i32(q), v16f_mul(weight.scale, ascale), acc[r]);
        if (has_offset) acc[r] = v16f_fma(weight.offset, v16f_broadcast(asums + s * rows + r), acc[r]);
      }
    }
    part += packed ? vt_packed_part_bytes(form) : 512;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) put(c + r * ldc, acc[r], add);
}

// A tile of `rows` rows of 16-bit activations against 16-bit weights.
VT_INLINE void tile_words(const int rows, const int packed, vt_format form, int32_t k, const uint8_t *part,
                          const char *tile, float *c, int64_t ldc, int add) {
  const float *scales = vt_unpacked_scales(VT_ACTIVATION_I16, part, k);
  const float *ascales = vt_tile_scales(VT_ACTIVATION_I16, tile, k, rows);
  super_scales super = {0};
  v16f acc[VT_TILE_I16];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) acc[r] = v16f_zero();
  for (int32_t b = 0; b < k / 32; b++) {
    if (packed) {
      if (vt_format_is_super(form) && b % 8 == 0) super = load_super(form, part), part += vt_header_bytes(form);
      prefetch_block(part, vt_packed_part_bytes(form));
    }
    const uint8_t *codes = part + (packed ? vt_part_scale_bytes(form) : 0);
    v16i sum[VT_TILE_I16];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r] = v16i_set(0);
#pragma clang loop unroll_count(4)
    for (int pair = 0; pair < 16; pair++) {
      const v32s w = packed ? pair_words(form, codes, pair) : v32s_load(codes + 64 * pair);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) sum[r] = v16i_dot(sum[r], w, v32s_broadcast2(tile + 64 * r + 4 * pair));
    }
    tile += 64 * rows;
    const v16f scale = packed ? part_scales(form, &super, part, 0).scale : v16f_load(scales + b * VT_PANEL);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
      acc[r] = v16f_fma(v16f_from_i32(sum[r]), v16f_mul(scale, v16f_broadcast(ascales + b * rows + r)), acc[r]);
    part += packed ? vt_packed_part_bytes(form) : 1024;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) put(c + r * ldc, acc[r], add);
}

// One body for each number of rows, so that every loop inside unrolls; sizes beyond the tile's fold away.
#define VT_CASE(most, n, call)                                                                                         \
  case n:                                                                                                              \
    if (n <= most) {                                                                                                   \
      enum { ROWS = n <= most ? n : 1 };                                                                               \
      call;                                                                                                            \
    }                                                                                                                  \
    break
#define VT_CASES(most, call)                                                                                           \
  switch (rows) {                                                                                                      \
    VT_CASE(most, 1, call);                                                                                            \
    VT_CASE(most, 2, call);                                                                                            \
    VT_CASE(most, 3, call);                                                                                            \
    VT_CASE(most, 4, call);                                                                                            \
    VT_CASE(most, 5, call);                                                                                            \
    VT_CASE(most, 6, call);                                                                                            \
    VT_CASE(most, 7, call);                                                                                            \
    VT_CASE(most, 8, call);                                                                                            \
    VT_CASE(most, 9, call);                                                                                            \
    VT_CASE(most, 10, call);                                                                                           \
    VT_CASE(most, 11, call);                                                                                           \
    VT_CASE(most, 12, call);                                                                                           \
  }

#define VT_TILE_FUNCTION(name, form, packed)                                                                           \
  static void name(int rows, int32_t k, const void *panel, const void *tile, float *c, int64_t ldc, int add) {         \
    VT_CASES(VT_TILE_I8, tile_bytes(ROWS, 0, packed, form, k, panel, tile, c, ldc, add))                               \
  }
#define VT_REFINED_FUNCTION(name, form, packed)                                                                        \
  static void name(int rows, int32_t k, const void *panel, const void *tile, float *c, int64_t ldc, int add) {         \
    VT_CASES(VT_TILE_I8X2, tile_bytes(ROWS, 1, packed, form, k, panel, tile, c, ldc, add))                             \
  }
#define VT_WORDS_FUNCTION(name, form, packed)                                                                          \
  static void name(int rows, int32_t k, const void *panel, const void *tile, float *c, int64_t ldc, int add) {         \
    VT_CASES(VT_TILE_I16, tile_words(ROWS, packed, form, k, panel, tile, c, ldc, add))                                 \
  }
#define VT_TILE_FUNCTIONS(name, form)                                                                                  \
  VT_TILE_FUNCTION(name##_tile, form, 0)                                                                               \
  VT_REFINED_FUNCTION(name##_refined, form, 0)

// Unpacked, many forms are alike.
VT_TILE_FUNCTIONS(q4_0, VT_Q4_0)
VT_TILE_FUNCTIONS(q4_1, VT_Q4_1)
VT_TILE_FUNCTIONS(q5_0, VT_Q5_0)
VT_TILE_FUNCTIONS(q5_1, VT_Q5_1)
VT_TILE_FUNCTIONS(q2_k, VT_Q2_K)
VT_TILE_FUNCTIONS(q3_k, VT_Q3_K)
VT_TILE_FUNCTIONS(q6_k, VT_Q6_K)
VT_TILE_FUNCTIONS(iq2_s, VT_IQ2_S)
VT_TILE_FUNCTION(q8_0_tile, VT_Q8_0, 0)
VT_WORDS_FUNCTION(q8_0_words, VT_Q8_0, 0)

static void tile_panel(vt_format format, vt_activation kind, int32_t k, const void *u, int32_t rows, const void *tile,
                       float *c, int64_t ldc, int add) {
  const int refined = kind != VT_ACTIVATION_I8;
  switch (format) {
  case VT_Q4_0: case VT_TQ2_0: (refined ? q4_0_refined : q4_0_tile)(rows, k, u, tile, c, ldc, add); break;
  case VT_Q4_1: case VT_Q4_K: (refined ? q4_1_refined : q4_1_tile)(rows, k, u, tile, c, ldc, add); break;
  case VT_Q5_0: case VT_MXFP4: case VT_IQ3_S: (refined ? q5_0_refined : q5_0_tile)(rows, k, u, tile, c, ldc, add); break;
  case VT_Q5_1: case VT_Q5_K: (refined ? q5_1_refined : q5_1_tile)(rows, k, u, tile, c, ldc, add); break;
  case VT_Q2_K: (refined ? q2_k_refined : q2_k_tile)(rows, k, u, tile, c, ldc, add); break;
  case VT_Q3_K: (refined ? q3_k_refined : q3_k_tile)(rows, k, u, tile, c, ldc, add); break;
  case VT_Q6_K: case VT_NVFP4: case VT_IQ1_M: (refined ? q6_k_refined : q6_k_tile)(rows, k, u, tile, c, ldc, add); break;
  case VT_IQ2_S: case VT_IQ3_XXS: (refined ? iq2_s_refined : iq2_s_tile)(rows, k, u, tile, c, ldc, add); break;
  case VT_Q8_0: case VT_IQ4_NL: case VT_IQ4_XS: (refined ? q8_0_words : q8_0_tile)(rows, k, u, tile, c, ldc, add); break;
  default: break;
  }
}

// Packed, none is.
#define VT_PACKED_FUNCTIONS(form)                                                                                      \
  VT_TILE_FUNCTION(form##_PACKED_TILE, form, 1)                                                                        \
  VT_REFINED_FUNCTION(form##_PACKED_REFINED, form, 1)
#define VT_PACKED_FUNCTIONS_8(form)                                                                                    \
  VT_TILE_FUNCTION(form##_PACKED_TILE, form, 1)                                                                        \
  VT_WORDS_FUNCTION(form##_PACKED_REFINED, form, 1)

VT_PACKED_FUNCTIONS(VT_Q4_0)
VT_PACKED_FUNCTIONS(VT_Q4_1)
VT_PACKED_FUNCTIONS(VT_Q5_0)
VT_PACKED_FUNCTIONS(VT_Q5_1)
VT_PACKED_FUNCTIONS(VT_Q2_K)
VT_PACKED_FUNCTIONS(VT_Q3_K)
VT_PACKED_FUNCTIONS(VT_Q4_K)
VT_PACKED_FUNCTIONS(VT_Q5_K)
VT_PACKED_FUNCTIONS(VT_Q6_K)
VT_PACKED_FUNCTIONS(VT_IQ1_M)
VT_PACKED_FUNCTIONS(VT_IQ2_S)
VT_PACKED_FUNCTIONS(VT_IQ3_XXS)
VT_PACKED_FUNCTIONS(VT_IQ3_S)
VT_PACKED_FUNCTIONS(VT_TQ2_0)
VT_PACKED_FUNCTIONS(VT_MXFP4)
VT_PACKED_FUNCTIONS(VT_NVFP4)
VT_PACKED_FUNCTIONS_8(VT_Q8_0)
VT_PACKED_FUNCTIONS_8(VT_IQ4_NL)
VT_PACKED_FUNCTIONS_8(VT_IQ4_XS)

#define VT_PACKED(form)                                                                                                \
  case form:                                                                                                           \
    if (kind == VT_ACTIVATION_I8) form##_PACKED_TILE(rows, k, panel, tile, c, ldc, add);                               \
    else form##_PACKED_REFINED(rows, k, panel, tile, c, ldc, add);                                                     \
    break

static void tile_packed(vt_format format, vt_activation kind, int32_t k, const void *panel, int32_t rows,
                        const void *tile, float *c, int64_t ldc, int add) {
  switch (format) {
    VT_PACKED(VT_Q4_0);
    VT_PACKED(VT_Q4_1);
    VT_PACKED(VT_Q5_0);
    VT_PACKED(VT_Q5_1);
    VT_PACKED(VT_Q2_K);
    VT_PACKED(VT_Q3_K);
    VT_PACKED(VT_Q4_K);
    VT_PACKED(VT_Q5_K);
    VT_PACKED(VT_Q6_K);
    VT_PACKED(VT_IQ1_M);
    VT_PACKED(VT_IQ2_S);
    VT_PACKED(VT_IQ3_XXS);
    VT_PACKED(VT_IQ3_S);
    VT_PACKED(VT_TQ2_0);
    VT_PACKED(VT_MXFP4);
    VT_PACKED(VT_NVFP4);
    VT_PACKED(VT_Q8_0);
    VT_PACKED(VT_IQ4_NL);
    VT_PACKED(VT_IQ4_XS);
  default: break;
  }
}
