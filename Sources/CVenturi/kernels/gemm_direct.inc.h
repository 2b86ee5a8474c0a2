// Products with Bᵀ where it lies, for rows too few to pay for packing.
#include "gemm_pack.inc.h"

// A square of Bᵀ: as many k of as many columns as a vector has lanes.
VT_INLINE void vt_load_square(const int element, vwf w[VT_LANES], const void *b, int64_t ldb) {
#ifdef VT_SIXTEEN_LANES
  // Each line is come to once; halves of lines would come to it twice, and it may have gone from the cache meanwhile.
#pragma clang loop unroll(full)
  for (int j = 0; j < VT_LANES; j++) w[j] = vt_weights(element, b, j * ldb);
  v16f_transpose(w);
#else
  vt_load_steps(element, w, b, ldb);
#endif
}

// The products of as many k with as many columns of Bᵀ as a vector has lanes are added to the rows' sums.
VT_INLINE void vt_direct_steps(const int element, const int rows, int64_t step, const float *a, int64_t lda,
                               const void *b, int64_t ldb, vwf *sum) {
  vwf w[VT_LANES];
  vt_load_square(element, w, vt_element_at(element, b, step), ldb);
#pragma clang loop unroll(full)
  for (int j = 0; j < VT_LANES; j++)
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r] = wide(fma)(wide(broadcast)(a + r * lda + step + j), w[j], sum[r]);
}

// The runs of a group of columns of Bᵀ are many and short for the hardware to foresee: what is read in some steps is asked
// for, at the runs' end the group that is `next` elements behind this one.
VT_INLINE void vt_ask_ahead(const int element, const void *group, int64_t step, int64_t k, int64_t ldb, int64_t next) {
  enum { AHEAD = 64 };
  if ((step & (element == VT_ELEMENT_F32 ? 15 : 31)) != 0) return;
  const void *ahead = vt_element_at(element, group, step + AHEAD < k ? step + AHEAD : next + step + AHEAD - k);
#pragma clang loop unroll(full)
  for (int j = 0; j < VT_LANES; j++) __builtin_prefetch(vt_element_at(element, ahead, j * ldb));
}

// `columns` and `k` are whole vectors.
VT_INLINE void vt_direct_rows(const int element, const int rows, int32_t columns, int32_t k, const float *a,
                              int64_t lda, const void *b, int64_t ldb, float *c, int64_t ldc) {
  for (int32_t first = 0; first < columns; first += VT_LANES) {
    const void *group = vt_element_at(element, b, first * ldb);
    vwf sum[VT_DIRECT_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r] = wide(zero)();
    for (int64_t i = 0; i < k; i += VT_LANES) {
      vt_ask_ahead(element, group, i, k, ldb, VT_LANES * ldb);
      vt_direct_steps(element, rows, i, a, lda, group, ldb, sum);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) wide(store)(c + r * ldc + first, sum[r]);
  }
}

// One row is held up by the latency of its sums, so two groups of columns go at a time. The second lags: both in step
// would ask for more lines of the same sets than a cache has ways where rows are a power of two apart.
VT_INLINE void vt_direct_pairs(const int element, const int asks, int32_t columns, int32_t k, const float *a,
                               const void *b, int64_t ldb, float *c) {
  enum { LAG = 144 };
  const int64_t lag = (k / 2 < LAG ? k / 2 : LAG) / VT_LANES * VT_LANES;
#define VT_STEP(group, step, sum)                                                                                      \
  do {                                                                                                                 \
    if (asks) vt_ask_ahead(element, group, step, k, ldb, 2 * VT_LANES * ldb);                                          \
    vt_direct_steps(element, 1, step, a, k, group, ldb, &sum);                                                         \
  } while (0)
  vwf lead = wide(zero)();
  for (int64_t i = 0; i < lag; i += VT_LANES) VT_STEP(b, i, lead);
  for (int32_t first = 0; first < columns; first += 2 * VT_LANES) {
    const void *leading = vt_element_at(element, b, first * ldb);
    const void *following = vt_element_at(element, leading, VT_LANES * ldb);
    const int alone = columns - first <= VT_LANES, last = columns - first <= 2 * VT_LANES;
    vwf follow = wide(zero)();
    if (alone)
      for (int64_t i = lag; i < k; i += VT_LANES) VT_STEP(leading, i, lead);
    else
      for (int64_t i = lag; i < k; i += VT_LANES) {
        VT_STEP(leading, i, lead);
        VT_STEP(following, i - lag, follow);
      }
    wide(store)(c + first, lead);
    if (alone) return;
    lead = wide(zero)();
    leading = vt_element_at(element, leading, 2 * VT_LANES * ldb);
    for (int64_t i = 0; i < lag; i += VT_LANES) {
      if (!last) VT_STEP(leading, i, lead);
      VT_STEP(following, i + k - lag, follow);
    }
    wide(store)(c + first + VT_LANES, follow);
  }
#undef VT_STEP
}

// Asking costs more than it saves where a cache near by has the matrix.
VT_INLINE void vt_direct_row(const int element, vt_distance far, int32_t columns, int32_t k, const float *a,
                             const void *b, int64_t ldb, float *c) {
  if (far != VT_NEAR) vt_direct_pairs(element, 1, columns, k, a, b, ldb, c);
  else vt_direct_pairs(element, 0, columns, k, a, b, ldb, c);
}

// What is no whole vector of columns or steps goes through a panel.
VT_INLINE void vt_direct_rest(const int element, int32_t rows, int32_t columns, int32_t k, const float *a,
                              int64_t lda, const void *b, int64_t ldb, float *c, int64_t ldc, int accumulate) {
  enum { SOME = 128 };
  _Alignas(64) float panel[SOME * VT_PANEL_COLUMNS];
  for (int32_t first = 0; first < columns; first += VT_PANEL_COLUMNS) {
    const int32_t some = columns - first < VT_PANEL_COLUMNS ? columns - first : VT_PANEL_COLUMNS;
    for (int32_t i = 0; i < k; i += SOME) {
      const int32_t steps = k - i < SOME ? k - i : SOME;
      vt_pack_transposed(element, some, steps, vt_element_at(element, b, first * ldb + i), ldb, panel);
      vt_block_f32(rows, steps, a + i, lda, panel, 0, c + first, ldc, some, accumulate || i > 0);
    }
  }
}

VT_INLINE void vt_direct(const int element, vt_distance far, int32_t rows, int32_t columns, int32_t k, const float *a,
                         int64_t lda, const void *b, int64_t ldb, float *c, int64_t ldc) {
#ifdef VT_SIXTEEN_LANES
  // Half as many runs at a time are read faster from memory; the bits are the same.
  if (element == VT_ELEMENT_F32 && far == VT_IN_MEMORY && rows == 1) {
    vt_gemm_kernels_avx2.direct_f32(far, rows, columns, k, a, lda, b, ldb, c, ldc);
    return;
  }
#endif
  const int32_t steps = k / VT_LANES * VT_LANES, whole = columns / VT_LANES * VT_LANES;
  if (steps > 0 && whole > 0)
    for (int32_t row = 0; row < rows; row += VT_DIRECT_ROWS) {
      const float *x = a + row * lda;
      float *y = c + row * ldc;
#define VT_ROWS(n)                                                                                                     \
  case n: vt_direct_rows(element, n, whole, steps, x, lda, b, ldb, y, ldc); break;
      switch (rows - row < VT_DIRECT_ROWS ? rows - row : VT_DIRECT_ROWS) {
      case 1: vt_direct_row(element, far, whole, steps, x, b, ldb, y); break;
        VT_ROWS(2)
        VT_ROWS(3)
        VT_ROWS(4)
#ifdef VT_SIXTEEN_LANES
        VT_ROWS(5)
        VT_ROWS(6)
        VT_ROWS(7)
        VT_ROWS(8)
#endif
      }
#undef VT_ROWS
    }
  if (steps < k)
    vt_direct_rest(element, rows, whole, k - steps, a + steps, lda, vt_element_at(element, b, steps), ldb, c, ldc,
                   steps > 0);
  if (whole < columns)
    vt_direct_rest(element, rows, columns - whole, k, a, lda, vt_element_at(element, b, whole * ldb), ldb, c + whole,
                   ldc, 0);
}
