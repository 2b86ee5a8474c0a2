// The bodies of vt_gemm_kernels over vectors of eight or sixteen lanes; include after simd/vt_*.h. One file because packed,
// plain and transposed weights share their tiles and loads.
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

// Elements from `p` on, at most a vector of them; the lanes from `count` on are zero.
VT_INLINE vwf vt_load_some(const int element, const void *p, int32_t count) {
  if (element == VT_ELEMENT_F32) {
    float lanes[VT_LANES] = {0};
    memcpy(lanes, p, (size_t)count * sizeof(float));
    return wide(load)(lanes);
  }
  uint16_t lanes[VT_LANES] = {0};
  memcpy(lanes, p, (size_t)count * sizeof(uint16_t));
  return vt_weights(element, lanes, 0);
}

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

VT_INLINE void vt_pack(const int element, int32_t columns, int32_t k, const void *b, int64_t ldb, float *panel) {
  for (int64_t i = 0; i < k; i++, panel += VT_PANEL_COLUMNS) {
    const void *row = vt_element_at(element, b, i * ldb);
#pragma clang loop unroll(full)
    for (int32_t j = 0; j < VT_PANEL_COLUMNS; j += VT_LANES) {
      const int32_t some = columns - j;
      wide(store)(panel + j, some >= VT_LANES ? vt_weights(element, row, j)
                             : some > 0       ? vt_load_some(element, vt_element_at(element, row, j), some)
                                              : wide(zero)());
    }
  }
}

// VT_STEPS elements of as many rows of B[..][k] as a vector has lanes, `ldb` apart: lane j of x[i] is b[j * ldb + i].
#ifdef VT_SIXTEEN_LANES
VT_INLINE void vt_load_steps(const int element, vwf x[VT_STEPS], const void *b, int64_t ldb) {
#pragma clang loop unroll(full)
  for (int i = 0; i < VT_STEPS; i++) {
    const void *p = vt_element_at(element, b, (i / 4 * 8 + i % 4) * ldb), *q = vt_element_at(element, p, 4 * ldb);
    x[i] = element == VT_ELEMENT_F32   ? v16f_load_pair(p, q)
           : element == VT_ELEMENT_F16 ? v16f_pair_from_f16(p, q)
                                       : v16f_pair_from_bf16(p, q);
  }
  v16f_transpose_pairs(x);
}
#else
VT_INLINE void vt_load_steps(const int element, vwf x[VT_STEPS], const void *b, int64_t ldb) {
  if (element == VT_ELEMENT_F32) {
    v8f_load_transposed(x, b, ldb);
    return;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < VT_STEPS; i++) x[i] = vt_weights(element, b, i * ldb);
  v8f_transpose(x);
}
#endif

VT_INLINE void vt_pack_transposed(const int element, int32_t columns, int32_t k, const void *b, int64_t ldb,
                                  float *panel) {
  const size_t bytes = element == VT_ELEMENT_F32 ? sizeof(float) : sizeof(uint16_t);
  for (int64_t i = 0; i < k; i += VT_STEPS) {
    const int32_t some = k - i < VT_STEPS ? (int32_t)(k - i) : VT_STEPS;
    // Sixteen short runs are too many for the hardware to foresee: the rows of the next panel are asked for here.
    if ((i & (element == VT_ELEMENT_F32 ? 15 : 31)) == 0)
      for (int j = 0; j < 16; j++) __builtin_prefetch(vt_element_at(element, b, (16 + j) * ldb + i), 0, 2);
    for (int32_t first = 0; first < VT_PANEL_COLUMNS; first += VT_LANES) {
      const void *from = vt_element_at(element, b, first * ldb + i);
      float *out = panel + VT_PANEL_COLUMNS * i + first;
      vwf x[VT_STEPS];
      if (some == VT_STEPS && first + VT_LANES <= columns) {
        vt_load_steps(element, x, from, ldb);
#pragma clang loop unroll(full)
        for (int j = 0; j < VT_STEPS; j++) wide(store)(out + VT_PANEL_COLUMNS * j, x[j]);
      } else { // what there is, among zeros
        float rows[VT_LANES * VT_STEPS] = {0};
        for (int32_t j = 0; j < VT_LANES && first + j < columns; j++)
          memcpy((char *)rows + j * VT_STEPS * bytes, vt_element_at(element, from, j * ldb), (size_t)some * bytes);
        vt_load_steps(element, x, rows, VT_STEPS);
        for (int j = 0; j < some; j++) wide(store)(out + VT_PANEL_COLUMNS * j, x[j]);
      }
    }
  }
}

#define VT_BLOCK(name, type, element)                                                                              \
  static void vt_block_##name(int32_t rows, int32_t k, const float *a, int64_t lda, const type *panels,            \
                              int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate) {            \
    vt_block(element, rows, k, a, lda, panels, stride, c, ldc, columns, accumulate);                               \
  }
VT_BLOCK(f32, float, VT_ELEMENT_F32)
VT_BLOCK(f16, uint16_t, VT_ELEMENT_F16)
VT_BLOCK(bf16, uint16_t, VT_ELEMENT_BF16)

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
