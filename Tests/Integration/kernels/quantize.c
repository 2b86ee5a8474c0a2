// Encoding rows as quantised blocks: every format, plain and by importance, whole and cut groups of sub-blocks.
#include <stdlib.h>
#include <string.h>

#include "kernel_test.h"
#include "vt_quantize.h"

enum { K = 768, ROWS = 5 };

static const struct {
  vt_format format;
  int block;
} formats[] = {{VT_Q4_0, 32},   {VT_Q4_1, 32}, {VT_Q5_0, 32}, {VT_Q5_1, 32}, {VT_Q8_0, 32},  {VT_Q2_K, 256},
               {VT_Q3_K, 256},  {VT_Q4_K, 256}, {VT_Q5_K, 256}, {VT_Q6_K, 256}, {VT_IQ4_NL, 32}, {VT_IQ4_XS, 256}};

// Numbers of every size beside zeros, small rows and outliers; all finite.
static void fill_numbers(float *x, int trial) {
  fill_random(x, ROWS * K);
  for (int i = 0; i < ROWS * K; i += 61) x[i] *= 40;
  memset(x + K, 0, 48 * sizeof *x);
  for (int i = 0; i < 300; i++) x[2 * K + i] *= 0x1p-40f;
  if (trial % 2 == 0) return;
  fill_extreme(x + 3 * K, K);
  for (int i = 0; i < K; i++)
    if (!(x[3 * K + i] - x[3 * K + i] == 0)) x[3 * K + i] = 1;
}

void test_quantize(void) {
  const vt_quantize_kernels *fast = vt_quantize_kernels_for(tested_isa);
  const vt_quantize_kernels *twin = vt_quantize_kernels_for(VT_ISA_REFERENCE);
  static float x[ROWS * K], importance[K];
  static char out[2][ROWS * K * 2];
  for (int trial = 0; trial < 12; trial++) {
    fill_numbers(x, trial);
    for (int i = 0; i < K; i++) {
      const float u = random_unit();
      importance[i] = i % 50 == 7 ? 1 : 1e-8f + 0.999f * u * u * u * u;
    }
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
      for (int k = formats[f].block; k <= K; k += formats[f].block == 32 ? 224 : 256)
        for (int weighted = 0; weighted <= 1; weighted++) {
          const float *weights = weighted ? importance : NULL;
          memset(out, 0x55, sizeof out);
          const vt_format format = formats[f].format;
          expect(fast->encode(format, ROWS, k, x, weights, out[0]), "format %d is not known", format);
          twin->encode(format, ROWS, k, x, weights, out[1]);
          expect_equal_bytes(out[0], out[1], sizeof out[0], "format %d, rows of %d, weighted %d", format, k, weighted);
        }
  }
  expect(!fast->encode(VT_F16, 1, 32, x, NULL, out[0]), "F16 is no block format");
}
