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

// C[rows][columns] = A[rows][k] · panels, or +=, over ceil(columns / 16) panels that lie `panel_stride` elements apart.
// Rows go by blocks of 6 over all panels, so k * 16 * panels elements should fit the second-level cache.
typedef void vt_block_f32_fn(int32_t rows, int32_t k, const float *a, int64_t lda, const float *panels,
                             int64_t panel_stride, float *c, int64_t ldc, int32_t columns, int accumulate);
typedef void vt_block_16_fn(int32_t rows, int32_t k, const float *a, int64_t lda, const uint16_t *panels,
                            int64_t panel_stride, float *c, int64_t ldc, int32_t columns, int accumulate);

// C[rows][columns] = A[rows][k] · Bᵀ for a few rows and B[columns][k] as it lies, in the order of the panels.
typedef void vt_direct_f32_fn(int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda, const float *b,
                              int64_t ldb, float *c, int64_t ldc);
typedef void vt_direct_16_fn(int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda, const uint16_t *b,
                             int64_t ldb, float *c, int64_t ldc);

// C[rows][columns] = A[rows][k] · B for a few rows and B[k][columns] as it lies, in the order of the panels.
typedef void vt_sweep_f32_fn(int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda, const float *b,
                             int64_t ldb, float *c, int64_t ldc);
typedef void vt_sweep_16_fn(int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda, const uint16_t *b,
                            int64_t ldb, float *c, int64_t ldc);

// One panel [k][16] of f32 from `columns` <= 16 columns of B[k][..] (pack) or rows of B[..][k] (pack_transposed); the
// missing columns are zeros.
typedef void vt_pack_f32_fn(int32_t columns, int32_t k, const float *b, int64_t ldb, float *panel);
typedef void vt_pack_16_fn(int32_t columns, int32_t k, const uint16_t *b, int64_t ldb, float *panel);

typedef struct vt_gemm_kernels {
  // A block that suits the caches: steps of k, with which a tile's rows fit the first level, and panels, which fit the
  // second.
  int32_t depth;
  int32_t panels;
  vt_panel_f32_fn *panel_f32;
  vt_panel_16_fn *panel_f16;
  vt_panel_16_fn *panel_bf16;
  vt_panels4_f32_fn *panels4_f32;
  vt_panels4_16_fn *panels4_f16;
  vt_panels4_16_fn *panels4_bf16;
  vt_block_f32_fn *block_f32;
  vt_block_16_fn *block_f16;
  vt_block_16_fn *block_bf16;
  vt_direct_f32_fn *direct_f32;
  vt_direct_16_fn *direct_f16;
  vt_direct_16_fn *direct_bf16;
  vt_sweep_f32_fn *sweep_f32;
  vt_sweep_16_fn *sweep_f16;
  vt_sweep_16_fn *sweep_bf16;
  vt_pack_f32_fn *pack_f32;
  vt_pack_16_fn *pack_f16;
  vt_pack_16_fn *pack_bf16;
  vt_pack_f32_fn *pack_transposed_f32;
  vt_pack_16_fn *pack_transposed_f16;
  vt_pack_16_fn *pack_transposed_bf16;
} vt_gemm_kernels;

// The kernels of `isa`; those of the reference where this build has none.
const vt_gemm_kernels *vt_gemm_kernels_for(vt_isa isa);

#endif
