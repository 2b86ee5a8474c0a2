// Quantising rows of activations into tiles; include after simd/*_int.h. `vt_linear.h` has the layout.
#include "linear_layout.h"

// Quantises one block of 32 to integers of at most `largest` and returns its scale. What is no number or does not fit
// converts to the least integer, so only that side needs a limit.
VT_INLINE float quantize_block(const float *x, int32_t largest, v16i q[2]) {
  const v16f a = v16f_load(x), b = v16f_load(x + 16);
  const v16i magnitude = v16i_set(0x7FFFFFFF);
  const int32_t most = v16i_max_lane(v16i_max(v16i_and(v16f_bits(a), magnitude), v16i_and(v16f_bits(b), magnitude)));
  const vt_block_scale s = vt_scale_of(most, largest);
  const v16f inverse = v16f_set(s.inverse);
  q[0] = v16i_max(v16i_nearest(v16f_mul(a, inverse)), v16i_set(-largest));
  q[1] = v16i_max(v16i_nearest(v16f_mul(b, inverse)), v16i_set(-largest));
  return s.scale;
}

VT_INLINE void quantize_of(vt_activation kind, int32_t k, const float *x, int32_t rows, int32_t row, void *tile) {
  float *scales = (float *)vt_tile_scales(kind, tile, k, rows) + row,
        *asums32 = (float *)vt_tile_asums(kind, tile, k, rows, 32) + row,
        *asums16 = (float *)vt_tile_asums(kind, tile, k, rows, 16) + row;
  int32_t *negated32 = (int32_t *)vt_tile_negated(kind, tile, k, rows, 32) + row,
          *negated16 = (int32_t *)vt_tile_negated(kind, tile, k, rows, 16) + row;
  char *out = (char *)tile + (kind == VT_ACTIVATION_I8 ? 32 : 64) * (size_t)row;
  const size_t step = (kind == VT_ACTIVATION_I8 ? 32 : 64) * (size_t)rows;
  for (int32_t b = 0; b < k / 32; b++, x += 32, out += step) {
    v16i q[2];
    if (kind == VT_ACTIVATION_I16) {
      scales[b * rows] = quantize_block(x, VT_I16_LARGEST, q);
      v16i_store_i16((int16_t *)out, q[0]);
      v16i_store_i16((int16_t *)out + 16, q[1]);
      continue;
    }
    const float scale = quantize_block(x, kind == VT_ACTIVATION_I8 ? VT_I8_LARGEST : VT_I8X2_LARGEST, q);
    int32_t sums[2], above[2] = {0, 0};
    if (kind == VT_ACTIVATION_I8X2) {
      v16i high[2];
#pragma clang loop unroll(full)
      for (int i = 0; i < 2; i++) {
        high[i] = v16i_shift_right(v16i_add(q[i], v16i_set(128)), 8);
        q[i] = v16i_sub(q[i], v16i_shift_left(high[i], 8));
      }
      const v32b bytes = v16i_bytes(high[0], high[1]);
      v32b_store(out, bytes);
      v32b_sums(bytes, above);
    }
    const v32b bytes = v16i_bytes(q[0], q[1]);
    v32b_store(out + (kind == VT_ACTIVATION_I8X2 ? 32 : 0), bytes);
    v32b_sums(bytes, sums);
    const int32_t first = 256 * above[0] + sums[0], second = 256 * above[1] + sums[1];
    scales[b * rows] = scale;
    asums32[b * rows] = scale * (float)(first + second);
    asums16[2 * b * rows] = scale * (float)first;
    asums16[(2 * b + 1) * rows] = scale * (float)second;
    negated32[b * rows] = -(first + second);
    negated16[2 * b * rows] = -first;
    negated16[(2 * b + 1) * rows] = -second;
  }
}

static void quantize(vt_activation kind, int32_t k, const float *x, int32_t rows, int32_t row, void *tile) {
  switch (kind) {
  case VT_ACTIVATION_I8: quantize_of(VT_ACTIVATION_I8, k, x, rows, row, tile); break;
  case VT_ACTIVATION_I8X2: quantize_of(VT_ACTIVATION_I8X2, k, x, rows, row, tile); break;
  case VT_ACTIVATION_I16: quantize_of(VT_ACTIVATION_I16, k, x, rows, row, tile); break;
  case VT_ACTIVATION_F32: break;
  }
}
