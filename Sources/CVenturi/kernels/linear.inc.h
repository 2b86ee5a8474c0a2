// The vector products with packed weights, written once over the lanes of simd/*.h. `vt_linear.h` states what is computed.
#include "activations.inc.h"
#include "linear_epilogue.inc.h"
#include "linear_row.inc.h"
#include "linear_tiles.inc.h"

// ---- exact decoding ----

// Bytes i of the 32-bit lanes of `values` (or int16 i of 8-bit forms), less `zero`, as floats.
VT_INLINE v16f lane_values(v16i values, int i, int wide, int zero) {
  const v16i q = wide ? v16i_shift_right(v16i_shift_left(values, i ? 0 : 16), 16)
                      : v16i_and(v16i_shift_right(values, 8 * i), v16i_set(255));
  return v16f_from_i32(v16i_sub(q, v16i_set(zero)));
}

// Products are exact, so a minimum is added with the one rounding that the format's definition has.
VT_INLINE void decode_of(vt_format format, int32_t k, const uint8_t *panel, float *out) {
  enum { CHUNK = 256 };
  // Aligned for both the values and the scales behind them; the most that 256 values of k unpack to (Q6_K, Q8_0).
  _Alignas(64) char unpacked[CHUNK * VT_PANEL * 2 + CHUNK / 16 * VT_PANEL * 8];
  const int32_t sub = vt_sub_block(format);
  const int wide = vt_product_bits(format) == 8, each = wide ? 2 : 4;
  const int has_minimum = vt_format_has_offset(format), zero = wide ? 0 : vt_format_zero(format);
  for (int32_t start = 0; start < k; start += CHUNK) {
    const int32_t length = k - start < CHUNK ? k - start : CHUNK;
    const uint8_t *source = panel + (size_t)(start / vt_packed_block_length(format)) * vt_packed_block_bytes(format);
    if (wide) unpack_words(format, length, source, unpacked);
    else unpack_of(format, length, source, unpacked);
    const float *scales = vt_unpacked_scales(wide ? VT_ACTIVATION_I16 : VT_ACTIVATION_I8, unpacked, length);
    const float *offsets = scales + length / sub * VT_PANEL;
    for (int32_t i = 0; i < length; i += each) {
      const v16f scale = v16f_load(scales + i / sub * VT_PANEL), offset = v16f_load(offsets + i / sub * VT_PANEL);
      const v16i values = v16i_load(unpacked + (size_t)i / (size_t)each * 64);
      for (int j = 0; j < each; j++) {
        const v16f scaled = v16f_mul(scale, lane_values(values, j, wide, zero));
        v16f_store(out + (size_t)(start + i + j) * VT_PANEL, has_minimum ? v16f_add(scaled, offset) : scaled);
      }
    }
  }
}

#define VT_DECODE(form)                                                                                                \
  case form: decode_of(form, k, panel, out); break

static void decode_panel(vt_format format, int32_t k, const void *panel, float *out) {
  const uint16_t *halves = panel;
  switch (format) {
    VT_DECODE(VT_Q4_0);
    VT_DECODE(VT_Q4_1);
    VT_DECODE(VT_Q5_0);
    VT_DECODE(VT_Q5_1);
    VT_DECODE(VT_Q8_0);
    VT_DECODE(VT_Q2_K);
    VT_DECODE(VT_Q3_K);
    VT_DECODE(VT_Q4_K);
    VT_DECODE(VT_Q5_K);
    VT_DECODE(VT_Q6_K);
    VT_DECODE(VT_IQ1_M);
    VT_DECODE(VT_IQ2_S);
    VT_DECODE(VT_IQ3_XXS);
    VT_DECODE(VT_IQ3_S);
    VT_DECODE(VT_IQ4_NL);
    VT_DECODE(VT_IQ4_XS);
    VT_DECODE(VT_TQ2_0);
    VT_DECODE(VT_MXFP4);
    VT_DECODE(VT_NVFP4);
  case VT_F32: memcpy(out, panel, (size_t)k * VT_PANEL * 4); break;
  case VT_F16:
    for (size_t at = 0; at < (size_t)k * VT_PANEL; at += 8) v8f_store(out + at, v8f_from_f16(halves + at));
    break;
  case VT_BF16:
    for (size_t at = 0; at < (size_t)k * VT_PANEL; at += 8) v8f_store(out + at, v8f_from_bf16(halves + at));
    break;
  default: break; // no form
  }
}

const vt_linear_kernels VT_SUFFIX(vt_linear_kernels) = {
    {VT_TILE_I8, VT_TILE_I8X2, VT_TILE_I16}, quantize, row_panel, tile_packed, unpack, tile_panel,
    decode_panel, gate, finish};
