#include "vt_rope.h"

#pragma STDC FP_CONTRACT OFF

void vt_rope_row(float *x, int32_t heads, int32_t dim, int32_t rotated, const float *table) {
  for (int32_t h = 0; h < heads; h++, x += dim) {
    for (int32_t i = 0; i < rotated; i += 2) {
      const float a = x[i], b = x[i + 1];
      x[i] = a * table[i] - b * table[i + 1];
      x[i + 1] = a * table[i + 1] + b * table[i];
    }
  }
}

void vt_rope_row_halves(float *x, int32_t heads, int32_t dim, int32_t rotated, const float *table) {
  const int32_t half = rotated / 2;
  for (int32_t h = 0; h < heads; h++, x += dim) {
    for (int32_t i = 0; i < half; i++) {
      const float a = x[i], b = x[i + half];
      x[i] = a * table[2 * i] - b * table[2 * i + 1];
      x[i + half] = a * table[2 * i + 1] + b * table[2 * i];
    }
  }
}
