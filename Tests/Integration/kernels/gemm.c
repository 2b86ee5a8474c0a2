#include <stdlib.h>
#include <string.h>

#include "kernel_test.h"

enum { ROWS = 31, COLUMNS = 80, DEPTH = 1200, LDC = COLUMNS + 3, GUARDED = ROWS * LDC };

#define FAMILY(name, type)                                                                                        \
  static void check_##name(const float *a, const type *b, int32_t rows, int32_t columns, int32_t k) {              \
    const vt_gemm_kernels *fast = vt_gemm_kernels_for(tested_isa);                                                 \
    const vt_gemm_kernels *twin = vt_gemm_kernels_for(VT_ISA_REFERENCE);                                           \
    static float x[GUARDED], y[GUARDED], p[16 * DEPTH], q[16 * DEPTH];                                             \
    const int64_t lda = DEPTH + 1, ldb = DEPTH + 5, stride = 16 * DEPTH;                                           \
    for (int more = 0; more < 2; more++) {                                                                         \
      fill_random(x, GUARDED);                                                                                     \
      memcpy(y, x, sizeof x);                                                                                      \
      fast->block_##name(rows, k, a, lda, b, stride, x, LDC, columns, more);                                       \
      twin->block_##name(rows, k, a, lda, b, stride, y, LDC, columns, more);                                       \
      expect_equal_f32(x, y, GUARDED, "block_" #name " %dx%dx%d accumulate %d", rows, columns, k, more);           \
    }                                                                                                              \
    const type *end = before_guard(b, (size_t)((columns - 1) * ldb + k) * sizeof *b);                              \
    for (vt_distance far = VT_NEAR; far <= VT_IN_MEMORY; far++) {                                                  \
      fast->direct_##name(far, rows, columns, k, a, lda, end, ldb, x, LDC);                                        \
      twin->direct_##name(far, rows, columns, k, a, lda, end, ldb, y, LDC);                                        \
      expect_equal_f32(x, y, GUARDED, "direct_" #name " %dx%dx%d far %d", rows, columns, k, far);                  \
    }                                                                                                              \
    fast->sweep_##name(rows, columns, k, a, lda, b, COLUMNS, x, LDC);                                              \
    twin->sweep_##name(rows, columns, k, a, lda, b, COLUMNS, y, LDC);                                              \
    expect_equal_f32(x, y, GUARDED, "sweep_" #name " %dx%dx%d", rows, columns, k);                                 \
    const int32_t packed = (columns - 1) % 16 + 1;                                                                 \
    fast->pack_##name(packed, k, b, COLUMNS, p);                                                                  \
    twin->pack_##name(packed, k, b, COLUMNS, q);                                                                  \
    expect_equal_f32(p, q, (size_t)(16 * k), "pack_" #name " %dx%d", packed, k);                                   \
    fast->pack_transposed_##name(packed, k, b, ldb, p);                                                            \
    twin->pack_transposed_##name(packed, k, b, ldb, q);                                                            \
    expect_equal_f32(p, q, (size_t)(16 * k), "pack_transposed_" #name " %dx%d", packed, k);                        \
  }

FAMILY(f32, float)
FAMILY(f16, uint16_t)
FAMILY(bf16, uint16_t)

void test_gemm(void) {
  static float a[ROWS * (DEPTH + 1)], b[(COLUMNS + 16) * (DEPTH + 5)];
  static uint16_t half[(COLUMNS + 16) * (DEPTH + 5)], brain[(COLUMNS + 16) * (DEPTH + 5)];
  fill_random(a, sizeof a / sizeof *a);
  fill_random(b, sizeof b / sizeof *b);
  fill_random_f16(half, sizeof half / sizeof *half);
  for (size_t i = 0; i < sizeof brain / sizeof *brain; i++) {
    uint32_t bits;
    const float x = random_unit();
    memcpy(&bits, &x, sizeof bits);
    brain[i] = (uint16_t)(bits >> 16);
  }
  static const int32_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 31}, columns[] = {1, 3, 8, 12, 16, 17, 33, 64, 79};
  static const int32_t depths[] = {1, 2, 7, 8, 9, 31, 64};
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
      for (size_t k = 0; k < sizeof depths / sizeof *depths; k++) {
        check_f32(a, b, rows[r], columns[c], depths[k]);
        check_f16(a, half, rows[r], columns[c], depths[k]);
        check_bf16(a, brain, rows[r], columns[c], depths[k]);
      }
  for (int32_t k = 300; k <= 1200; k += 225) // across blocks of k, and the lag of the direct row
    for (int32_t m = 1; m <= 10; m += 9) {
      check_f32(a, b, m, 70, k);
      check_f16(a, half, m, 70, k);
      check_bf16(a, brain, m, 70, k);
    }
  fill_extreme(a, sizeof a / sizeof *a);
  check_f32(a, b, 7, 20, 40);
  check_f16(a, half, 7, 20, 40);
}
