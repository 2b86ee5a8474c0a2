// The bodies of vt_gemm_kernels over vectors of eight or sixteen lanes; include after simd/vt_*.h.
#include "gemm_direct.inc.h"

// A strip of the output stays in the first-level cache while four rows of B at a time are added to it.
VT_INLINE void vt_sweep(const int element, int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda,
                        const void *b, int64_t ldb, float *c, int64_t ldc) {
  enum { STRIP = 512 };
  for (int32_t first = 0; first < columns; first += STRIP) {
    const int32_t width = columns - first < STRIP ? columns - first : STRIP;
    for (int32_t r = 0; r < rows; r++) {
      float *out = c + r * ldc + first;
      memset(out, 0, (size_t)width * sizeof(float));
      for (int64_t i = 0; i < k; i += 4) {
        const int32_t steps = k - i < 4 ? (int32_t)(k - i) : 4;
        const float *x = a + r * lda + i;
        const void *strip = vt_element_at(element, b, i * ldb + first);
        int32_t j = 0;
        if (steps == 4) {
          const vwf x0 = wide(broadcast)(x), x1 = wide(broadcast)(x + 1), x2 = wide(broadcast)(x + 2),
                    x3 = wide(broadcast)(x + 3);
          for (; j + VT_LANES <= width; j += VT_LANES) {
            vwf sum = wide(fma)(x0, vt_weights(element, strip, j), wide(load)(out + j));
            sum = wide(fma)(x1, vt_weights(element, strip, ldb + j), sum);
            sum = wide(fma)(x2, vt_weights(element, strip, 2 * ldb + j), sum);
            wide(store)(out + j, wide(fma)(x3, vt_weights(element, strip, 3 * ldb + j), sum));
          }
        }
        for (; j < width; j += VT_LANES) {
          const int32_t some = width - j < VT_LANES ? width - j : VT_LANES;
          vwf sum = vt_load_some(VT_ELEMENT_F32, out + j, some);
          for (int32_t s = 0; s < steps; s++)
            sum = wide(fma)(wide(broadcast)(x + s),
                            vt_load_some(element, vt_element_at(element, strip, s * ldb + j), some), sum);
          float lanes[VT_LANES];
          wide(store)(lanes, sum);
          memcpy(out + j, lanes, (size_t)some * sizeof(float));
        }
      }
    }
  }
}

#define VT_GEMM_FAMILY(name, type, element)                                                                        \
  static void vt_direct_##name(vt_distance far, int32_t rows, int32_t columns, int32_t k, const float *a,          \
                               int64_t lda, const type *b, int64_t ldb, float *c, int64_t ldc) {                   \
    vt_direct(element, far, rows, columns, k, a, lda, b, ldb, c, ldc);                                             \
  }                                                                                                                \
  static void vt_sweep_##name(int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda,               \
                              const type *b, int64_t ldb, float *c, int64_t ldc) {                                 \
    vt_sweep(element, rows, columns, k, a, lda, b, ldb, c, ldc);                                                   \
  }                                                                                                                \
  static void vt_pack_##name(int32_t columns, int32_t k, const type *b, int64_t ldb, float *panel) {               \
    vt_pack(element, columns, k, b, ldb, panel);                                                                   \
  }                                                                                                                \
  static void vt_pack_transposed_##name(int32_t columns, int32_t k, const type *b, int64_t ldb, float *panel) {    \
    vt_pack_transposed(element, columns, k, b, ldb, panel);                                                        \
  }

VT_GEMM_FAMILY(f32, float, VT_ELEMENT_F32)
VT_GEMM_FAMILY(f16, uint16_t, VT_ELEMENT_F16)
VT_GEMM_FAMILY(bf16, uint16_t, VT_ELEMENT_BF16)

const vt_gemm_kernels VT_SUFFIX(vt_gemm_kernels) = {
    .depth = VT_DEPTH,
    .panels = VT_BLOCK_PANELS,
    .block_f32 = vt_block_f32,
    .block_f16 = vt_block_f16,
    .block_bf16 = vt_block_bf16,
    .block_rows_f32 = vt_block_rows,
    .direct_f32 = vt_direct_f32,
    .direct_f16 = vt_direct_f16,
    .direct_bf16 = vt_direct_bf16,
    .sweep_f32 = vt_sweep_f32,
    .sweep_f16 = vt_sweep_f16,
    .sweep_bf16 = vt_sweep_bf16,
    .pack_f32 = vt_pack_f32,
    .pack_f16 = vt_pack_f16,
    .pack_bf16 = vt_pack_bf16,
    .pack_transposed_f32 = vt_pack_transposed_f32,
    .pack_transposed_f16 = vt_pack_transposed_f16,
    .pack_transposed_bf16 = vt_pack_transposed_bf16,
};
