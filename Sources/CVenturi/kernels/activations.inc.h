// Quantising rows of activations into tiles; include after simd/*_int.h. `vt_linear.h` has the layout.
#include "linear_layout.h"

VT_INLINE float block_amax(const float *x) {
  v8f m = v8f_max(v8f_max(v8f_abs(v8f_load(x)), v8f_abs(v8f_load(x + 8))),
                  v8f_max(v8f_abs(v8f_load(x + 16)), v8f_abs(v8f_load(x + 24))));
  return v8f_max_lane(m);
}

VT_INLINE v8i clamped(v8i x, int32_t limit) { return v8i_max(v8i_min(x, v8i_set(limit)), v8i_set(-limit)); }

// Quantises one block of 32 to integers of at most `largest` and returns its scale.
VT_INLINE float quantize_block(const float *x, int32_t largest, v8i q[4]) {
  const float m = block_amax(x);
  const v8f inverse = v8f_set(m > 0 ? (float)largest / m : 0);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) q[i] = clamped(v8i_nearest(v8f_mul(v8f_load(x + 8 * i), inverse)), largest);
  return m * (1.0f / (float)largest);
}

VT_INLINE void quantize_of(vt_activation kind, int32_t k, const float *x, int32_t rows, int32_t row, void *tile) {
  float *scales = (float *)vt_tile_scales(kind, tile, k, rows) + row,
        *asums = (float *)vt_tile_asums(kind, tile, k, rows) + row;
  int32_t *negated32 = (int32_t *)vt_tile_negated(kind, tile, k, rows, 32) + row,
          *negated16 = (int32_t *)vt_tile_negated(kind, tile, k, rows, 16) + row;
  char *out = (char *)tile + (kind == VT_ACTIVATION_I8 ? 32 : 64) * (size_t)row;
  const size_t step = (kind == VT_ACTIVATION_I8 ? 32 : 64) * (size_t)rows;
  for (int32_t b = 0; b < k / 32; b++, x += 32, out += step) {
    v8i q[4];
    if (kind == VT_ACTIVATION_I16) {
      scales[b * rows] = quantize_block(x, VT_I16_LARGEST, q);
      v8i_store_i16((int16_t *)out, q[0], q[1]);
      v8i_store_i16((int16_t *)out + 16, q[2], q[3]);
      continue;
    }
    const float scale = quantize_block(x, kind == VT_ACTIVATION_I8 ? VT_I8_LARGEST : VT_I8X2_LARGEST, q);
    int32_t sums[2], above[2] = {0, 0};
    if (kind == VT_ACTIVATION_I8X2) {
      v8i high[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        high[i] = v8i_shift_right(v8i_add(q[i], v8i_set(128)), 8);
        q[i] = v8i_sub(q[i], v8i_shift_left(high[i], 8));
      }
      const v32b bytes = v8i_bytes(high[0], high[1], high[2], high[3]);
      v32b_store(out, bytes);
      v32b_sums(bytes, above);
    }
    const v32b bytes = v8i_bytes(q[0], q[1], q[2], q[3]);
    v32b_store(out + (kind == VT_ACTIVATION_I8X2 ? 32 : 0), bytes);
    v32b_sums(bytes, sums);
    const int32_t first = 256 * above[0] + sums[0], second = 256 * above[1] + sums[1];
    scales[b * rows] = scale;
    asums[b * rows] = scale * (float)(first + second);
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
