#include <math.h>

#include "kernels/half.h"
#include "vt_gemm.h"

#pragma STDC FP_CONTRACT OFF

enum { DEPTH = 320 };

static float element_f32(const float *p, int64_t index) { return p[index]; }
static float element_f16(const uint16_t *p, int64_t index) { return vt_float_from_f16(p[index]); }
static float element_bf16(const uint16_t *p, int64_t index) { return vt_float_from_bf16(p[index]); }

#define VT_REFERENCE_FAMILY(name, type)                                                                            \
  static void block_##name(int32_t rows, int32_t k, const float *a, int64_t lda, const type *panels,               \
                           int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate) {               \
    for (int32_t row = 0; row < rows; row++)                                                                       \
      for (int32_t column = 0; column < columns; column++) {                                                       \
        const type *panel = panels + column / 16 * stride;                                                         \
        float sum = accumulate ? c[row * ldc + column] : 0;                                                        \
        for (int64_t i = 0; i < k; i++)                                                                            \
          sum = fmaf(a[row * lda + i], element_##name(panel, 16 * i + column % 16), sum);                          \
        c[row * ldc + column] = sum;                                                                               \
      }                                                                                                            \
  }                                                                                                                \
  static void direct_##name(vt_distance far, int32_t rows, int32_t columns, int32_t k, const float *a,             \
                            int64_t lda, const type *b, int64_t ldb, float *c, int64_t ldc) {                      \
    (void)far;                                                                                                     \
    for (int32_t row = 0; row < rows; row++)                                                                       \
      for (int32_t column = 0; column < columns; column++) {                                                       \
        float sum = 0;                                                                                             \
        for (int64_t i = 0; i < k; i++) sum = fmaf(a[row * lda + i], element_##name(b, column * ldb + i), sum);    \
        c[row * ldc + column] = sum;                                                                               \
      }                                                                                                            \
  }                                                                                                                \
  static void sweep_##name(int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda, const type *b,   \
                           int64_t ldb, float *c, int64_t ldc) {                                                   \
    for (int32_t row = 0; row < rows; row++)                                                                       \
      for (int32_t column = 0; column < columns; column++) {                                                       \
        float sum = 0;                                                                                             \
        for (int64_t i = 0; i < k; i++) sum = fmaf(a[row * lda + i], element_##name(b, i * ldb + column), sum);    \
        c[row * ldc + column] = sum;                                                                               \
      }                                                                                                            \
  }                                                                                                                \
  static void pack_##name(int32_t columns, int32_t k, const type *b, int64_t ldb, float *panel) {                  \
    for (int64_t i = 0; i < k; i++)                                                                                \
      for (int32_t j = 0; j < 16; j++) panel[16 * i + j] = j < columns ? element_##name(b, i * ldb + j) : 0;       \
  }                                                                                                                \
  static void pack_transposed_##name(int32_t columns, int32_t k, const type *b, int64_t ldb, float *panel) {       \
    for (int64_t i = 0; i < k; i++)                                                                                \
      for (int32_t j = 0; j < 16; j++) panel[16 * i + j] = j < columns ? element_##name(b, j * ldb + i) : 0;       \
  }

VT_REFERENCE_FAMILY(f32, float)
VT_REFERENCE_FAMILY(f16, uint16_t)
VT_REFERENCE_FAMILY(bf16, uint16_t)

static void block_rows_f32(int32_t rows, int32_t k, vt_row_fn *give, const void *source, const float *panels,
                           int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate) {
  float row[DEPTH + 8];
  for (int32_t r = 0; r < rows; r++) {
    give(source, r, row);
    block_f32(1, k, row, k, panels, stride, c + r * ldc, ldc, columns, accumulate);
  }
}

static const vt_gemm_kernels vt_gemm_kernels_reference = {
    .depth = DEPTH,
    .panels = 16,
    .block_f32 = block_f32,
    .block_f16 = block_f16,
    .block_bf16 = block_bf16,
    .block_rows_f32 = block_rows_f32,
    .direct_f32 = direct_f32,
    .direct_f16 = direct_f16,
    .direct_bf16 = direct_bf16,
    .sweep_f32 = sweep_f32,
    .sweep_f16 = sweep_f16,
    .sweep_bf16 = sweep_bf16,
    .pack_f32 = pack_f32,
    .pack_f16 = pack_f16,
    .pack_bf16 = pack_bf16,
    .pack_transposed_f32 = pack_transposed_f32,
    .pack_transposed_f16 = pack_transposed_f16,
    .pack_transposed_bf16 = pack_transposed_bf16,
};

const vt_gemm_kernels *vt_gemm_kernels_for(vt_isa isa) {
#if defined(__x86_64__)
  extern const vt_gemm_kernels vt_gemm_kernels_avx2, vt_gemm_kernels_avx512;
  if (isa == VT_ISA_AVX2) return &vt_gemm_kernels_avx2;
  if (isa == VT_ISA_AVX512) return &vt_gemm_kernels_avx512;
#elif defined(__aarch64__)
  extern const vt_gemm_kernels vt_gemm_kernels_neon;
  if (isa == VT_ISA_NEON) return &vt_gemm_kernels_neon;
#endif
  (void)isa;
  return &vt_gemm_kernels_reference;
}
