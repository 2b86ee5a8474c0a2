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
