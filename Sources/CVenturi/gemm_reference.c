#include <math.h>

#include "kernels/half.h"
#include "vt_gemm.h"

#pragma STDC FP_CONTRACT OFF

static float panel_element_f32(const float *panel, int64_t index) { return panel[index]; }
static float panel_element_f16(const uint16_t *panel, int64_t index) { return vt_float_from_f16(panel[index]); }
static float panel_element_bf16(const uint16_t *panel, int64_t index) { return vt_float_from_bf16(panel[index]); }

#define VT_REFERENCE_PANEL(name, element)                                                                          \
  static void panel_##name(int32_t rows, int32_t k, const float *a, int64_t lda, const element *panel, float *c,   \
                           int64_t ldc, int32_t columns, int accumulate) {                                         \
    for (int32_t row = 0; row < rows; row++)                                                                       \
      for (int32_t column = 0; column < columns; column++) {                                                       \
        float sum = accumulate ? c[row * ldc + column] : 0;                                                        \
        for (int64_t i = 0; i < k; i++)                                                                            \
          sum = fmaf(a[row * lda + i], panel_element_##name(panel, 16 * i + column), sum);                         \
        c[row * ldc + column] = sum;                                                                               \
      }                                                                                                            \
  }                                                                                                                \
  static void panels4_##name(int32_t k, const float *a, const element *panels, int64_t stride, float *c,           \
                             int32_t columns, int accumulate) {                                                    \
    for (int32_t first = 0; first < columns; first += 16)                                                          \
      panel_##name(1, k, a, k, panels + first / 16 * stride, c + first, 16,                                        \
                   columns - first < 16 ? columns - first : 16, accumulate);                                       \
  }

VT_REFERENCE_PANEL(f32, float)
VT_REFERENCE_PANEL(f16, uint16_t)
VT_REFERENCE_PANEL(bf16, uint16_t)

static const vt_gemm_kernels vt_gemm_kernels_reference = {
    .panel_f32 = panel_f32,
    .panel_f16 = panel_f16,
    .panel_bf16 = panel_bf16,
    .panels4_f32 = panels4_f32,
    .panels4_f16 = panels4_f16,
    .panels4_bf16 = panels4_bf16,
};

const vt_gemm_kernels *vt_gemm_kernels_for(vt_isa isa) {
#if defined(__x86_64__)
  extern const vt_gemm_kernels vt_gemm_kernels_avx2;
  if (isa == VT_ISA_AVX2) return &vt_gemm_kernels_avx2;
#elif defined(__aarch64__)
  extern const vt_gemm_kernels vt_gemm_kernels_neon;
  if (isa == VT_ISA_NEON) return &vt_gemm_kernels_neon;
#endif
  (void)isa;
  return &vt_gemm_kernels_reference;
}
