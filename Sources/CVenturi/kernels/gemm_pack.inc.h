// Weights laid out in panels, from B and from Bᵀ.
#include "gemm_tiles.inc.h"

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
