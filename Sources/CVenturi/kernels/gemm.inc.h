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

const vt_gemm_kernels VT_SUFFIX(vt_gemm_kernels) = {
    .panel_f32 = vt_panel_f32,
    .panel_f16 = vt_panel_f16,
    .panel_bf16 = vt_panel_bf16,
    .panels4_f32 = vt_panels4_f32,
    .panels4_f16 = vt_panels4_f16,
    .panels4_bf16 = vt_panels4_bf16,
};
