// The bodies of vt_gemm_kernels over eight-lane vectors; include after simd/vt_*.h.
#include "../include/vt_gemm.h"

enum { VT_ELEMENT_F32, VT_ELEMENT_F16, VT_ELEMENT_BF16 };

// Eight weights at element `index` of a panel; `element` is a constant where this is inlined.
VT_INLINE v8f vt_panel_load(const int element, const void *panel, int64_t index) {
  switch (element) {
  case VT_ELEMENT_F16: return v8f_from_f16((const uint16_t *)panel + index);
  case VT_ELEMENT_BF16: return v8f_from_bf16((const uint16_t *)panel + index);
  default: return v8f_load((const float *)panel + index);
  }
}

// A block of `rows` <= 6 rows: 2 * rows sums stay in registers, and each k costs two loads of weights and one broadcast
// a row.
VT_INLINE void vt_tile(const int element, const int rows, int32_t k, const float *a, int64_t lda, const void *panel,
                       float *c, int64_t ldc, int32_t columns, int accumulate) {
  v8f sum[VT_TILE_ROWS][2];
  float edge[VT_TILE_ROWS][VT_PANEL_COLUMNS];
  if (!accumulate) {
    for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = v8f_zero();
  } else if (columns == VT_PANEL_COLUMNS) {
    for (int r = 0; r < rows; r++) sum[r][0] = v8f_load(c + r * ldc), sum[r][1] = v8f_load(c + r * ldc + 8);
  } else {
    memset(edge, 0, sizeof edge);
    for (int r = 0; r < rows; r++) {
      memcpy(edge[r], c + r * ldc, (size_t)columns * sizeof(float));
      sum[r][0] = v8f_load(edge[r]), sum[r][1] = v8f_load(edge[r] + 8);
    }
  }
  for (int64_t i = 0; i < k; i++) {
    const v8f low = vt_panel_load(element, panel, 16 * i), high = vt_panel_load(element, panel, 16 * i + 8);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const v8f x = v8f_broadcast(a + r * lda + i);
      sum[r][0] = v8f_fma(x, low, sum[r][0]);
      sum[r][1] = v8f_fma(x, high, sum[r][1]);
    }
  }
  if (columns == VT_PANEL_COLUMNS) {
    for (int r = 0; r < rows; r++) v8f_store(c + r * ldc, sum[r][0]), v8f_store(c + r * ldc + 8, sum[r][1]);
  } else {
    for (int r = 0; r < rows; r++) {
      v8f_store(edge[r], sum[r][0]), v8f_store(edge[r] + 8, sum[r][1]);
      memcpy(c + r * ldc, edge[r], (size_t)columns * sizeof(float));
    }
  }
}

VT_INLINE void vt_panel_rows(const int element, int32_t rows, int32_t k, const float *a, int64_t lda, const void *panel,
                        float *c, int64_t ldc, int32_t columns, int accumulate) {
  int32_t row = 0;
  for (; row + 6 <= rows; row += 6)
    vt_tile(element, 6, k, a + row * lda, lda, panel, c + row * ldc, ldc, columns, accumulate);
  a += row * lda, c += row * ldc;
  switch (rows - row) {
  case 5: vt_tile(element, 5, k, a, lda, panel, c, ldc, columns, accumulate); break;
  case 4: vt_tile(element, 4, k, a, lda, panel, c, ldc, columns, accumulate); break;
  case 3: vt_tile(element, 3, k, a, lda, panel, c, ldc, columns, accumulate); break;
  case 2: vt_tile(element, 2, k, a, lda, panel, c, ldc, columns, accumulate); break;
  case 1: vt_tile(element, 1, k, a, lda, panel, c, ldc, columns, accumulate); break;
  }
}

enum { VT_CONVERTED = 256 }; // steps of k that are converted at a time: 16 KiB, half of a first-level cache

VT_INLINE void vt_panel(const int element, int32_t rows, int32_t k, const float *a, int64_t lda, const void *panel,
                        float *c, int64_t ldc, int32_t columns, int accumulate) {
  if (element == VT_ELEMENT_F32 || rows <= VT_TILE_ROWS) {
    vt_panel_rows(element, rows, k, a, lda, panel, c, ldc, columns, accumulate);
    return;
  }
  // Many rows share one conversion of the weights.
  _Alignas(64) float converted[VT_CONVERTED * VT_PANEL_COLUMNS];
  int32_t first = 0;
  do {
    const int32_t steps = k - first < VT_CONVERTED ? k - first : VT_CONVERTED;
    for (int64_t i = 0; i < 2 * steps; i++)
      v8f_store(converted + 8 * i, vt_panel_load(element, panel, 16 * (int64_t)first + 8 * i));
    vt_panel_rows(VT_ELEMENT_F32, rows, steps, a + first, lda, converted, c, ldc, columns, accumulate || first > 0);
    first += steps;
  } while (first < k);
}

static void vt_panel_f32(int32_t rows, int32_t k, const float *a, int64_t lda, const float *panel, float *c,
                         int64_t ldc, int32_t columns, int accumulate) {
  vt_panel(VT_ELEMENT_F32, rows, k, a, lda, panel, c, ldc, columns, accumulate);
}
static void vt_panel_f16(int32_t rows, int32_t k, const float *a, int64_t lda, const uint16_t *panel, float *c,
                         int64_t ldc, int32_t columns, int accumulate) {
  vt_panel(VT_ELEMENT_F16, rows, k, a, lda, panel, c, ldc, columns, accumulate);
}
static void vt_panel_bf16(int32_t rows, int32_t k, const float *a, int64_t lda, const uint16_t *panel, float *c,
                          int64_t ldc, int32_t columns, int accumulate) {
  vt_panel(VT_ELEMENT_BF16, rows, k, a, lda, panel, c, ldc, columns, accumulate);
}

VT_INLINE void vt_panels4(const int element, int32_t k, const float *a, const void *panels, int64_t stride, float *c,
                          int32_t columns, int accumulate) {
  float edge[4 * VT_PANEL_COLUMNS];
  v8f sum[8];
  float *out = c;
  if (columns < 64) {
    out = edge;
    memset(edge, 0, sizeof edge);
    if (accumulate) memcpy(edge, c, (size_t)columns * sizeof(float));
  }
  for (int j = 0; j < 8; j++) sum[j] = accumulate ? v8f_load(out + 8 * j) : v8f_zero();
  for (int64_t i = 0; i < k; i++) {
    const v8f x = v8f_broadcast(a + i);
#pragma clang loop unroll(full)
    for (int j = 0; j < 8; j++)
      sum[j] = v8f_fma(x, vt_panel_load(element, panels, j / 2 * stride + 16 * i + 8 * (j & 1)), sum[j]);
  }
  for (int j = 0; j < 8; j++) v8f_store(out + 8 * j, sum[j]);
  if (columns < 64) memcpy(c, edge, (size_t)columns * sizeof(float));
}

static void vt_panels4_f32(int32_t k, const float *a, const float *panels, int64_t stride, float *c, int32_t columns,
                           int accumulate) {
  vt_panels4(VT_ELEMENT_F32, k, a, panels, stride, c, columns, accumulate);
}
static void vt_panels4_f16(int32_t k, const float *a, const uint16_t *panels, int64_t stride, float *c,
                           int32_t columns, int accumulate) {
  vt_panels4(VT_ELEMENT_F16, k, a, panels, stride, c, columns, accumulate);
}
static void vt_panels4_bf16(int32_t k, const float *a, const uint16_t *panels, int64_t stride, float *c,
                            int32_t columns, int accumulate) {
  vt_panels4(VT_ELEMENT_BF16, k, a, panels, stride, c, columns, accumulate);
}

VT_INLINE const void *vt_element_at(const int element, const void *base, int64_t index) {
  return element == VT_ELEMENT_F32 ? (const void *)((const float *)base + index)
                                   : (const void *)((const uint16_t *)base + index);
}

VT_INLINE void vt_block(const int element, int32_t rows, int32_t k, const float *a, int64_t lda, const void *panels,
                        int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate) {
  if (rows == 1) {
    int32_t first = 0;
    for (; columns - first > 3 * VT_PANEL_COLUMNS; first += 4 * VT_PANEL_COLUMNS)
      vt_panels4(element, k, a, vt_element_at(element, panels, first / 16 * stride), stride, c + first,
                 columns - first < 64 ? columns - first : 64, accumulate);
    for (; first < columns; first += VT_PANEL_COLUMNS)
      vt_tile(element, 1, k, a, lda, vt_element_at(element, panels, first / 16 * stride), c + first, ldc,
              columns - first < 16 ? columns - first : 16, accumulate);
    return;
  }
  // Half-precision panels are converted for many rows at a time, full ones stay where they are.
  const int32_t step = element == VT_ELEMENT_F32 ? VT_TILE_ROWS : 16 * VT_TILE_ROWS;
  for (int32_t row = 0; row < rows; row += step)
    for (int32_t first = 0; first < columns; first += VT_PANEL_COLUMNS) {
      const int32_t some = rows - row < step ? rows - row : step;
      if (element == VT_ELEMENT_F32) // the next panel's outputs are fetched while this one computes
        for (int32_t r = 0; r < some; r++) __builtin_prefetch(c + (row + r) * ldc + first + VT_PANEL_COLUMNS, 1);
      vt_panel(element, some, k, a + row * lda, lda, vt_element_at(element, panels, first / 16 * stride),
               c + row * ldc + first, ldc, columns - first < 16 ? columns - first : 16, accumulate);
    }
}

// Up to eight elements from `p` on; lanes from `count` on are zero.
VT_INLINE v8f vt_load_some(const int element, const void *p, int32_t count) {
  if (element == VT_ELEMENT_F32) {
    float lanes[8] = {0};
    memcpy(lanes, p, (size_t)count * sizeof(float));
    return v8f_load(lanes);
  }
  uint16_t lanes[8] = {0};
  memcpy(lanes, p, (size_t)count * sizeof(uint16_t));
  return vt_panel_load(element, lanes, 0);
}

VT_INLINE void vt_dot_tile(const int element, const int rows, const int columns, int32_t k, const float *a,
                           int64_t lda, const void *b, int64_t ldb, float *c, int64_t ldc) {
  v8f sum[4][4];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) sum[r][j] = v8f_zero();
  int64_t i = 0;
  for (; i + 8 <= k; i += 8) {
    v8f x[4];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) x[r] = v8f_load(a + r * lda + i);
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) {
      const v8f y = vt_panel_load(element, b, j * ldb + i);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) sum[r][j] = v8f_fma(x[r], y, sum[r][j]);
    }
  }
  if (i < k)
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) {
      const v8f y = vt_load_some(element, vt_element_at(element, b, j * ldb + i), (int32_t)(k - i));
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++)
        sum[r][j] = v8f_fma(vt_load_some(VT_ELEMENT_F32, a + r * lda + i, (int32_t)(k - i)), y, sum[r][j]);
    }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    if (columns == 4) {
      v8f_sum4(c + r * ldc, sum[r][0], sum[r][1], sum[r][2], sum[r][3]);
    } else {
#pragma clang loop unroll(full)
      for (int j = 0; j < columns; j++) c[r * ldc + j] = v8f_sum(sum[r][j]);
    }
  }
}

// Columns go by groups of `wide`, and all rows pass over a group while it is near.
VT_INLINE void vt_dot(const int element, int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda,
                      const void *b, int64_t ldb, float *c, int64_t ldc) {
  const int32_t wide = rows > 2 ? 3 : 4;
  for (int32_t j = 0; j < columns;) {
    const void *group = vt_element_at(element, b, j * ldb);
    const int full = columns - j >= wide;
    for (int32_t r = 0; r < rows;) {
      const float *x = a + r * lda;
      float *y = c + r * ldc + j;
      const int32_t left = rows - r;
      if (full && rows > 2) {
        switch (left) {
        case 1: vt_dot_tile(element, 1, 3, k, x, lda, group, ldb, y, ldc); break;
        case 2: vt_dot_tile(element, 2, 3, k, x, lda, group, ldb, y, ldc); break;
        case 3: vt_dot_tile(element, 3, 3, k, x, lda, group, ldb, y, ldc); break;
        default: vt_dot_tile(element, 4, 3, k, x, lda, group, ldb, y, ldc); break;
        }
        r += 4;
      } else if (full) {
        if (left == 1) vt_dot_tile(element, 1, 4, k, x, lda, group, ldb, y, ldc);
        else vt_dot_tile(element, 2, 4, k, x, lda, group, ldb, y, ldc);
        r += 2;
      } else {
        vt_dot_tile(element, 1, 1, k, x, lda, group, ldb, y, ldc);
        r += 1;
      }
    }
    j += full ? wide : 1;
  }
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
          const v8f x0 = v8f_broadcast(x), x1 = v8f_broadcast(x + 1), x2 = v8f_broadcast(x + 2),
                    x3 = v8f_broadcast(x + 3);
          for (; j + 8 <= width; j += 8) {
            v8f sum = v8f_fma(x0, vt_panel_load(element, strip, j), v8f_load(out + j));
            sum = v8f_fma(x1, vt_panel_load(element, strip, ldb + j), sum);
            sum = v8f_fma(x2, vt_panel_load(element, strip, 2 * ldb + j), sum);
            v8f_store(out + j, v8f_fma(x3, vt_panel_load(element, strip, 3 * ldb + j), sum));
          }
        }
        for (; j < width; j += 8) {
          const int32_t some = width - j < 8 ? width - j : 8;
          v8f sum = vt_load_some(VT_ELEMENT_F32, out + j, some);
          for (int32_t s = 0; s < steps; s++)
            sum = v8f_fma(v8f_broadcast(x + s),
                          vt_load_some(element, vt_element_at(element, strip, s * ldb + j), some), sum);
          float lanes[8];
          v8f_store(lanes, sum);
          memcpy(out + j, lanes, (size_t)some * sizeof(float));
        }
      }
    }
  }
}

VT_INLINE void vt_pack(const int element, int32_t columns, int32_t k, const void *b, int64_t ldb, float *panel) {
  for (int64_t i = 0; i < k; i++) {
    const void *row = vt_element_at(element, b, i * ldb);
    if (columns == VT_PANEL_COLUMNS) {
      v8f_store(panel + 16 * i, vt_panel_load(element, row, 0));
      v8f_store(panel + 16 * i + 8, vt_panel_load(element, row, 8));
    } else {
      v8f_store(panel + 16 * i, vt_load_some(element, row, columns < 8 ? columns : 8));
      v8f_store(panel + 16 * i + 8,
                columns > 8 ? vt_load_some(element, vt_element_at(element, row, 8), columns - 8) : v8f_zero());
    }
  }
}

VT_INLINE void vt_pack_transposed(const int element, int32_t columns, int32_t k, const void *b, int64_t ldb,
                                  float *panel) {
  for (int64_t i = 0; i < k; i += 8) {
    const int32_t some = k - i < 8 ? (int32_t)(k - i) : 8;
    // Sixteen short runs are too many for the hardware to foresee: the rows of the next panel are asked for here, but not
    // where they would crowd each other out of the same sets of the cache.
    if ((i & (element == VT_ELEMENT_F32 ? 15 : 31)) == 0 && (ldb & 511) != 0)
      for (int j = 0; j < 16; j++) __builtin_prefetch(vt_element_at(element, b, (16 + j) * ldb + i), 0, 2);
    for (int32_t half = 0; half < 16; half += 8) {
      v8f x[8];
      if (element == VT_ELEMENT_F32 && some == 8 && half + 8 <= columns) {
        v8f_load_transposed(x, (const float *)b + half * ldb + i, ldb);
#pragma clang loop unroll(full)
        for (int j = 0; j < 8; j++) v8f_store(panel + 16 * (i + j) + half, x[j]);
        continue;
      }
#pragma clang loop unroll(full)
      for (int j = 0; j < 8; j++) {
        const void *row = vt_element_at(element, b, (half + j) * ldb + i);
        x[j] = half + j >= columns ? v8f_zero() : some == 8 ? vt_panel_load(element, row, 0)
                                                           : vt_load_some(element, row, some);
      }
      v8f_transpose(x);
      if (some == 8) {
#pragma clang loop unroll(full)
        for (int j = 0; j < 8; j++) v8f_store(panel + 16 * (i + j) + half, x[j]);
      } else {
        for (int j = 0; j < some; j++) v8f_store(panel + 16 * (i + j) + half, x[j]);
      }
    }
  }
}

#define VT_GEMM_FAMILY(name, type, element)                                                                        \
  static void vt_block_##name(int32_t rows, int32_t k, const float *a, int64_t lda, const type *panels,            \
                              int64_t stride, float *c, int64_t ldc, int32_t columns, int accumulate) {            \
    vt_block(element, rows, k, a, lda, panels, stride, c, ldc, columns, accumulate);                               \
  }                                                                                                                \
  static void vt_dot_##name(int32_t rows, int32_t columns, int32_t k, const float *a, int64_t lda, const type *b,  \
                            int64_t ldb, float *c, int64_t ldc) {                                                  \
    vt_dot(element, rows, columns, k, a, lda, b, ldb, c, ldc);                                                     \
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
    .panel_f32 = vt_panel_f32,
    .panel_f16 = vt_panel_f16,
    .panel_bf16 = vt_panel_bf16,
    .panels4_f32 = vt_panels4_f32,
    .panels4_f16 = vt_panels4_f16,
    .panels4_bf16 = vt_panels4_bf16,
    .block_f32 = vt_block_f32,
    .block_f16 = vt_block_f16,
    .block_bf16 = vt_block_bf16,
    .dot_f32 = vt_dot_f32,
    .dot_f16 = vt_dot_f16,
    .dot_bf16 = vt_dot_bf16,
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
