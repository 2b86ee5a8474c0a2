// Products of rows with weights packed in panels of 16 columns, and with plain row-major matrices.
//
// A panel is [k][16]: for each k the weights of 16 neighbouring outputs. Every output is one chain of fused
// multiply-adds in the order k = 0, 1, ..., so one row and many rows, one call and several over parts of k with
// `accumulate`, all give the same bits.
#ifndef VT_GEMM_H
#define VT_GEMM_H

#include <stdint.h>

#include "vt_isa.h"

enum { VT_PANEL_COLUMNS = 16 };

// C[rows][columns] = A[rows][k] · panels, or += when `accumulate`, over ceil(columns / 16) panels that lie
// `panel_stride` elements apart; strides in elements, those of 16 bits converted (exactly) as they are loaded. A tile of
// rows goes over all panels before the next one, so k * 16 * panels elements should fit the second-level cache.
typedef void vt_block_f32_fn(int32_t rows, int32_t k, const float *a, int64_t lda, const float *panels,
                             int64_t panel_stride, float *c, int64_t ldc, int32_t columns, int accumulate);
typedef void vt_block_16_fn(int32_t rows, int32_t k, const float *a, int64_t lda, const uint16_t *panels,
                            int64_t panel_stride, float *c, int64_t ldc, int32_t columns, int accumulate);

// As vt_block_f32_fn, with rows of A that a function gives: it writes the k <= `depth` numbers of one, and may write over
// eight more.
typedef void vt_row_fn(const void *source, int32_t row, float *to);
typedef void vt_block_rows_fn(int32_t rows, int32_t k, vt_row_fn *give, const void *source, const float *panels,
                              int64_t panel_stride, float *c, int64_t ldc, int32_t columns, int accumulate);

// C[rows][columns] = A[rows][k] · Bᵀ for a few rows and B[columns][k] as it lies, in the order of the panels.
// `far` is where all of B lies: what one row reads from afar is asked for ahead.
typedef enum { VT_NEAR, VT_FAR, VT_IN_MEMORY } vt_distance;
typedef void vt_direct_f32_fn(vt_distance far, int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda,
                              const float *b, int64_t ldb, float *c, int64_t ldc);
typedef void vt_direct_16_fn(vt_distance far, int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda,
                             const uint16_t *b, int64_t ldb, float *c, int64_t ldc);

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
  vt_block_f32_fn *block_f32;
  vt_block_16_fn *block_f16;
  vt_block_16_fn *block_bf16;
  vt_block_rows_fn *block_rows_f32;
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
