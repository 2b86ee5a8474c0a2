// Tiles of packed weights: rows times panels, with the sums in registers.
#include "../include/vt_gemm.h"
#include "../simd/vt_wide.h"

enum { VT_ELEMENT_F32, VT_ELEMENT_F16, VT_ELEMENT_BF16 };

// A tile of rows x panels keeps its sums in registers: VT_MOST_ROWS rows go over VT_MOST_SUMS / rows vectors.
#ifdef VT_SIXTEEN_LANES
extern const vt_gemm_kernels vt_gemm_kernels_avx2;
enum { VT_MOST_ROWS = 14, VT_MOST_SUMS = 28, VT_DIRECT_ROWS = 8, VT_DEPTH = 512, VT_BLOCK_PANELS = 24 };
#else
enum { VT_MOST_ROWS = 6, VT_MOST_SUMS = 12, VT_DIRECT_ROWS = 4, VT_DEPTH = 320, VT_BLOCK_PANELS = 16 };
#endif
enum {
  VT_VECTORS = VT_PANEL_COLUMNS / VT_LANES, // of a panel's row
  VT_STEPS = 8,                             // of k in a block that is transposed in registers
  VT_FEW_ROWS = 4,                          // up to which rows are read where they lie
  VT_RUN = 16,                              // steps of k that one row takes in a panel before it goes to the next
  VT_COPY_STRIDE = VT_DEPTH + 16,           // of copied rows; no power of two, which would crowd a few sets of the cache
};

// A vector of weights from element `index` on; `element` is a constant where this is inlined.
VT_INLINE vwf vt_weights(const int element, const void *panel, int64_t index) {
  switch (element) {
  case VT_ELEMENT_F16: return wide(from_f16)((const uint16_t *)panel + index);
  case VT_ELEMENT_BF16: return wide(from_bf16)((const uint16_t *)panel + index);
  default: return wide(load)((const float *)panel + index);
  }
}

VT_INLINE const void *vt_element_at(const int element, const void *base, int64_t index) {
  return element == VT_ELEMENT_F32 ? (const void *)((const float *)base + index)
                                   : (const void *)((const uint16_t *)base + index);
}

// rows x panels outputs, whose sums stay in registers: each k costs a load for each vector of weights and a broadcast
// for each row. The last panel may have fewer columns.
VT_INLINE void vt_tile(const int element, const int rows, const int panels, int32_t k, const float *a, int64_t lda,
                       const void *weights, int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate) {
  const int vectors = panels * VT_VECTORS;
  const int whole = columns == panels * VT_PANEL_COLUMNS;
  vwf sum[VT_MOST_SUMS];
  float edge[VT_MOST_SUMS * VT_LANES];
  float *out = c;
  int64_t ldout = ldc;
  if (!whole) {
    out = edge, ldout = panels * VT_PANEL_COLUMNS;
    if (accumulate) {
      memset(edge, 0, sizeof edge);
      for (int r = 0; r < rows; r++) memcpy(edge + r * ldout, c + r * ldc, (size_t)columns * sizeof(float));
    }
  }
  if (accumulate) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[r * vectors + v] = wide(load)(out + r * ldout + VT_LANES * v);
  } else {
#pragma clang loop unroll(full)
    for (int s = 0; s < rows * vectors; s++) sum[s] = wide(zero)();
  }
  // Halves are a model's weights, which come from memory; of each panel the lines that are read later are fetched, at
  // its end those of the panels that follow on these.
  const int fetches = element != VT_ELEMENT_F32 && rows <= VT_FEW_ROWS, ahead = rows == 1 ? 128 : 64;
  int64_t i = 0;
  // One row waits for memory alone, and memory is fastest where it is read in long runs.
  for (; fetches && rows == 1 && i + VT_RUN <= k; i += VT_RUN)
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) {
      const uint16_t *run = (const uint16_t *)weights + p * stride + VT_PANEL_COLUMNS * i;
      const int64_t later = VT_PANEL_COLUMNS * ahead + (i + ahead < k ? 0 : panels * stride - VT_PANEL_COLUMNS * k);
#pragma clang loop unroll(full)
      for (int j = 0; j < VT_RUN; j++) {
        if (j % 2 == 0) __builtin_prefetch(run + VT_PANEL_COLUMNS * j + later);
        const vwf x = wide(broadcast)(a + i + j);
#pragma clang loop unroll(full)
        for (int v = 0; v < VT_VECTORS; v++) {
          vwf *const total = &sum[p * VT_VECTORS + v];
          *total = wide(fma)(x, vt_weights(element, run, VT_PANEL_COLUMNS * j + v * VT_LANES), *total);
        }
      }
    }
  for (; i < k; i++) {
    if (fetches && i % 2 == 0) {
      const int64_t later = i + ahead < k ? VT_PANEL_COLUMNS * (i + ahead)
                                          : panels * stride + VT_PANEL_COLUMNS * (i + ahead - k);
#pragma clang loop unroll(full)
      for (int p = 0; p < panels; p++) __builtin_prefetch((const uint16_t *)weights + p * stride + later);
    }
    vwf w[VT_MOST_SUMS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      w[v] = vt_weights(element, weights,
                        v / VT_VECTORS * stride + VT_PANEL_COLUMNS * i + v % VT_VECTORS * VT_LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const vwf x = wide(broadcast)(a + r * lda + i);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[r * vectors + v] = wide(fma)(x, w[v], sum[r * vectors + v]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) wide(store)(out + r * ldout + VT_LANES * v, sum[r * vectors + v]);
  if (!whole)
    for (int r = 0; r < rows; r++) memcpy(c + r * ldc, edge + r * ldout, (size_t)columns * sizeof(float));
}

// A tile's rows over all panels of a block. The rows of the tile that comes after it, if `next` has them `ldnext` apart,
// are fetched meanwhile.
VT_INLINE void vt_strip(const int element, const int rows, int32_t k, const float *a, int64_t lda,
                        const void *weights, int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate,
                        const float *next, int64_t ldnext) {
  // Up to four panels: one row needs the independent sums that hide the latency of a multiply-add.
  const int most = VT_MOST_SUMS / rows / VT_VECTORS, panels = most >= 4 ? 4 : most >= 2 ? 2 : 1;
  int32_t first = 0;
  for (; columns - first > (panels - 1) * VT_PANEL_COLUMNS; first += panels * VT_PANEL_COLUMNS) {
    const int32_t left = columns - first, some = panels * VT_PANEL_COLUMNS;
    if (rows > VT_FEW_ROWS) // the next outputs, too
#pragma clang loop unroll(disable)
      for (int r = 0; r < rows; r++)
        for (int32_t i = 0; i < some; i += 16) __builtin_prefetch(c + r * ldc + first + some + i, 1);
    if (next) {
      const int32_t from = (int32_t)((int64_t)k * first / columns) / 16 * 16;
      const int32_t to = (int32_t)((int64_t)k * (first + some) / columns);
#pragma clang loop unroll(disable)
      for (int r = 0; r < rows; r++)
#pragma clang loop unroll(disable)
        for (int32_t i = from; i < to; i += 16) __builtin_prefetch(next + r * ldnext + i, 0, 2);
    }
    vt_tile(element, rows, panels, k, a, lda, vt_element_at(element, weights, first / VT_PANEL_COLUMNS * stride),
            stride, c + first, ldc, left < some ? left : some, accumulate);
  }
  if (panels > 2)
    for (; columns - first > VT_PANEL_COLUMNS; first += 2 * VT_PANEL_COLUMNS)
      vt_tile(element, rows, 2, k, a, lda, vt_element_at(element, weights, first / VT_PANEL_COLUMNS * stride), stride,
              c + first, ldc, columns - first < 2 * VT_PANEL_COLUMNS ? columns - first : 2 * VT_PANEL_COLUMNS,
              accumulate);
  for (; first < columns; first += VT_PANEL_COLUMNS)
    vt_tile(element, rows, 1, k, a, lda, vt_element_at(element, weights, first / VT_PANEL_COLUMNS * stride), stride,
            c + first, ldc, columns - first < VT_PANEL_COLUMNS ? columns - first : VT_PANEL_COLUMNS, accumulate);
}

// Up to VT_FEW_ROWS rows where they lie.
VT_INLINE void vt_few_rows(const int element, int32_t rows, int32_t k, const float *a, int64_t lda,
                           const void *weights, int64_t stride, float *c, int64_t ldc, int32_t columns,
                           int accumulate) {
  switch (rows) {
  case 1: vt_strip(element, 1, k, a, lda, weights, stride, c, ldc, columns, accumulate, NULL, 0); break;
  case 2: vt_strip(element, 2, k, a, lda, weights, stride, c, ldc, columns, accumulate, NULL, 0); break;
  case 3: vt_strip(element, 3, k, a, lda, weights, stride, c, ldc, columns, accumulate, NULL, 0); break;
  case 4: vt_strip(element, 4, k, a, lda, weights, stride, c, ldc, columns, accumulate, NULL, 0); break;
  }
}

// Up to VT_MOST_ROWS rows that were copied to a constant stride, so that one register addresses all of them.
static void vt_copied_rows(int32_t rows, int32_t k, const float *a, const float *weights, int64_t stride, float *c,
                           int64_t ldc, int32_t columns, int accumulate, const float *next, int64_t ldnext) {
#define VT_ROWS(n)                                                                                                     \
  case n:                                                                                                              \
    vt_strip(VT_ELEMENT_F32, n <= VT_MOST_ROWS ? n : VT_MOST_ROWS, k, a, VT_COPY_STRIDE, weights, stride, c, ldc,      \
             columns, accumulate, next, ldnext);                                                                       \
    break;
  switch (rows) {
    VT_ROWS(1)
    VT_ROWS(2)
    VT_ROWS(3)
    VT_ROWS(4)
    VT_ROWS(5)
    VT_ROWS(6)
#ifdef VT_SIXTEEN_LANES
    VT_ROWS(7)
    VT_ROWS(8)
    VT_ROWS(9)
    VT_ROWS(10)
    VT_ROWS(11)
    VT_ROWS(12)
    VT_ROWS(13)
    VT_ROWS(14)
#endif
  }
#undef VT_ROWS
}

VT_INLINE void vt_block(const int element, int32_t rows, int32_t k, const float *a, int64_t lda, const void *weights,
                        int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate) {
  if (rows <= VT_FEW_ROWS) {
    vt_few_rows(element, rows, k, a, lda, weights, stride, c, ldc, columns, accumulate);
    return;
  }
  if (element != VT_ELEMENT_F32) { // a few panels at a time stay near for all rows
    enum { SOME = 4 * VT_PANEL_COLUMNS };
    for (int32_t first = 0; first < columns; first += SOME)
      for (int32_t row = 0; row < rows; row += VT_FEW_ROWS)
        vt_few_rows(element, rows - row < VT_FEW_ROWS ? rows - row : VT_FEW_ROWS, k, a + row * lda, lda,
                    vt_element_at(element, weights, first / VT_PANEL_COLUMNS * stride), stride,
                    c + row * ldc + first, ldc, columns - first < SOME ? columns - first : SOME, accumulate);
    return;
  }
  _Alignas(64) float copy[VT_MOST_ROWS * VT_COPY_STRIDE];
  int32_t start = 0;
  do {
    const int32_t steps = k - start < VT_DEPTH ? k - start : VT_DEPTH;
    const int32_t tiles = (rows + VT_MOST_ROWS - 1) / VT_MOST_ROWS;
    for (int32_t tile = 0, row = 0; tile < tiles; tile++) { // tiles of nearly equal height
      const int32_t some = rows / tiles + (tile < rows % tiles);
      for (int32_t r = 0; r < some; r++)
        memcpy(copy + r * VT_COPY_STRIDE, a + (row + r) * lda + start, (size_t)steps * sizeof(float));
      vt_copied_rows(some, steps, copy, (const float *)weights + VT_PANEL_COLUMNS * (int64_t)start, stride,
                     c + row * ldc, ldc, columns, accumulate || start > 0,
                     row + 2 * some <= rows ? a + (row + some) * lda + start : NULL, lda);
      row += some;
    }
    start += steps;
  } while (start < k);
}

#define VT_BLOCK(name, type, element)                                                                              \
  static void vt_block_##name(int32_t rows, int32_t k, const float *a, int64_t lda, const type *panels,            \
                              int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate) {            \
    vt_block(element, rows, k, a, lda, panels, stride, c, ldc, columns, accumulate);                               \
  }
VT_BLOCK(f32, float, VT_ELEMENT_F32)
VT_BLOCK(f16, uint16_t, VT_ELEMENT_F16)
VT_BLOCK(bf16, uint16_t, VT_ELEMENT_BF16)

// Rows go to the copies as they are given.
static void vt_block_rows(int32_t rows, int32_t k, vt_row_fn *give, const void *source, const float *panels,
                          int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate) {
  _Alignas(64) float copy[VT_MOST_ROWS * VT_COPY_STRIDE];
  const int32_t tiles = (rows + VT_MOST_ROWS - 1) / VT_MOST_ROWS;
  for (int32_t tile = 0, row = 0; tile < tiles; tile++) {
    const int32_t some = rows / tiles + (tile < rows % tiles);
    for (int32_t r = 0; r < some; r++) give(source, row + r, copy + r * VT_COPY_STRIDE);
    vt_copied_rows(some, k, copy, panels, stride, c + row * ldc, ldc, columns, accumulate, NULL, 0);
    row += some;
  }
}
