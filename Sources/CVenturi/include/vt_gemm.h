// Products of rows with weights packed in panels of 16 columns, and with plain row-major matrices.
//
// A panel is [k][16]: for each k the weights of 16 neighbouring outputs. Every output is one chain of fused
// multiply-adds in the order k = 0, 1, ..., so one row and many rows, one call and several over parts of k with
// `accumulate`, all give the same bits.
#ifndef VT_GEMM_H
#define VT_GEMM_H

#include <stdint.h>

#include "vt_isa.h"

enum { VT_PANEL_COLUMNS = 16, VT_TILE_ROWS = 6 };

// C[rows][columns] = A[rows][k] · panel, or += when `accumulate`; columns in 1...16; strides in elements.
typedef void vt_panel_f32_fn(int32_t rows, int32_t k, const float *a, int64_t lda, const float *panel, float *c,
                             int64_t ldc, int32_t columns, int accumulate);
// The same over panels of binary16 or bfloat16, converted (exactly) as they are loaded.
typedef void vt_panel_16_fn(int32_t rows, int32_t k, const float *a, int64_t lda, const uint16_t *panel, float *c,
                            int64_t ldc, int32_t columns, int accumulate);

// One row over 4 adjacent panels, `panel_stride` elements apart: c[columns] = a[k] · panels, columns in 49...64.
// Eight independent chains hide the latency of the multiply-adds.
typedef void vt_panels4_f32_fn(int32_t k, const float *a, const float *panels, int64_t panel_stride, float *c,
                               int32_t columns, int accumulate);
typedef void vt_panels4_16_fn(int32_t k, const float *a, const uint16_t *panels, int64_t panel_stride, float *c,
                              int32_t columns, int accumulate);

typedef struct vt_gemm_kernels {
  vt_panel_f32_fn *panel_f32;
  vt_panel_16_fn *panel_f16;
  vt_panel_16_fn *panel_bf16;
  vt_panels4_f32_fn *panels4_f32;
  vt_panels4_16_fn *panels4_f16;
  vt_panels4_16_fn *panels4_bf16;
} vt_gemm_kernels;

// The kernels of `isa`; those of the reference where this build has none.
const vt_gemm_kernels *vt_gemm_kernels_for(vt_isa isa);

#endif
