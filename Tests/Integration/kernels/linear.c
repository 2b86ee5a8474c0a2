// Products with packed weights of every quantised format, for every kind of activations and number of rows in a tile.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_test.h"
#include "vt_linear.h"

enum { K = 512, ROWS = 12, STRIDE = 40 };

static const vt_format formats[] = {
    VT_Q4_0,    VT_Q4_1,   VT_Q5_0,  VT_Q5_1,    VT_Q8_0,  VT_Q8_1,   VT_Q2_K,   VT_Q3_K,  VT_Q4_K,
    VT_Q5_K,    VT_Q6_K,   VT_IQ1_S, VT_IQ1_M,   VT_IQ2_XXS, VT_IQ2_XS, VT_IQ2_S, VT_IQ3_XXS, VT_IQ3_S,
    VT_IQ4_NL,  VT_IQ4_XS, VT_TQ1_0, VT_TQ2_0,   VT_Q1_0,  VT_Q2_0,   VT_MXFP4,  VT_NVFP4,
};

// Where a block's half-precision scales are; none for types whose scales are numbers whatever their bits, or nearly so.
static int scale_offsets(vt_format format, int offsets[2]) {
  offsets[0] = 0, offsets[1] = 2;
  switch (format) {
  case VT_Q4_1: case VT_Q5_1: case VT_Q4_K: case VT_Q5_K: return 2;
  case VT_Q2_K: offsets[0] = 80, offsets[1] = 82; return 2;
  case VT_Q3_K: offsets[0] = 108; return 1;
  case VT_Q6_K: offsets[0] = 208; return 1;
  case VT_TQ1_0: offsets[0] = 52; return 1;
  case VT_TQ2_0: offsets[0] = 64; return 1;
  case VT_IQ1_M: case VT_MXFP4: case VT_NVFP4: return 0;
  default: return 1;
  }
}

// Random blocks whose scales are numbers, of either sign.
static void fill_weights(vt_format format, char *rows, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) rows[i] = (char)random_bits();
  const size_t block = (size_t)vt_format_block_bytes(format);
  for (size_t at = 0; at < bytes; at += block) {
    uint16_t scales[2];
    int offsets[2];
    fill_random_f16(scales, 2);
    const int count = scale_offsets(format, offsets);
    for (int i = 0; i < count; i++) {
      scales[i] &= 0xBFFF; // below 2
      memcpy(rows + at + offsets[i], scales + i, 2);
    }
    if (format == VT_IQ1_M) rows[at + 55] &= (char)0xBF;
    if (format == VT_MXFP4) rows[at] = (char)(100 + (rows[at] & 31));
  }
}

static void fill_rows(float *x, int extreme) {
  fill_random(x, ROWS * K);
  for (int i = 0; i < ROWS * K; i += 61) x[i] *= 40;
  memset(x + K, 0, 32 * sizeof *x); // a block of zeros
  if (!extreme) return;
  fill_extreme(x + 2 * K, 64);
  x[2 * K + 5] = NAN;
}

static int block_length(vt_format format) {
  switch (format) {
  case VT_Q4_0: case VT_Q4_1: case VT_Q5_0: case VT_Q5_1: case VT_Q8_0: case VT_Q8_1: case VT_IQ4_NL: case VT_MXFP4:
    return 32;
  case VT_Q2_0: case VT_NVFP4: return 64;
  case VT_Q1_0: return 128;
  default: return 256;
  }
}

static void test_case(vt_format format, int refined, int extreme) {
  const vt_linear_kernels *fast = vt_linear_kernels_for(tested_isa), *twin = vt_linear_kernels_for(VT_ISA_REFERENCE);
  const vt_activation kind = vt_format_activation(format, refined);
  static char weights[16 * K * 2], packed[K * 64], unpacked[2][K * 200], tile[2][ROWS * K * 4];
  static float x[ROWS * K], y[2][ROWS * STRIDE], decoded[2][K * 16];
  const vt_format form = vt_format_form(format);
  static float source[K];
  const size_t row_bytes = (size_t)(K / block_length(format)) * (size_t)vt_format_block_bytes(format);
  for (int columns = 16; columns >= 5; columns -= 11) {
    fill_weights(format, weights, 16 * row_bytes);
    fill_rows(x, extreme);
    vt_pack_panel(format, K, weights, row_bytes, columns, packed);
    fast->decode_panel(form, K, packed, decoded[0]);
    twin->decode_panel(form, K, packed, decoded[1]);
    expect_equal_f32(decoded[0], decoded[1], K * 16, "decode %d", format);
    for (int c = 0; c < columns; c++) {
      vt_decode_row(format, K, weights + (size_t)c * row_bytes, source);
      for (int i = 0; i < K; i++) decoded[1][i] = decoded[0][16 * i + c];
      expect_equal_f32(decoded[1], source, K, "format %d: column %d of a panel is not its row", format, c);
    }
    fast->unpack(form, kind, K, packed, unpacked[0]);
    twin->unpack(form, kind, K, packed, unpacked[1]);
    for (int rows = 1; rows <= fast->tile_rows[kind]; rows++) {
      memset(tile, 0, sizeof tile);
      for (int r = 0; r < rows; r++) {
        fast->quantize(kind, K, x + r * K, rows, r, tile[0]);
        twin->quantize(kind, K, x + r * K, rows, r, tile[1]);
      }
      if (!extreme) // what stands for a number that is none is the set's own affair, its scale is NaN
        expect_equal_bytes(tile[0], tile[1], (size_t)rows * vt_activation_bytes(kind, K), "quantize %d x %d", kind, rows);
      for (int add = 0; add <= 1; add++) {
        for (int i = 0; i < ROWS * STRIDE; i++) y[0][i] = y[1][i] = (float)i;
        fast->tile_panel(form, kind, K, unpacked[0], rows, tile[0], y[0], STRIDE, add);
        twin->tile_panel(form, kind, K, unpacked[1], rows, tile[1], y[1], STRIDE, add);
        expect_equal_f32(y[0], y[1], ROWS * STRIDE, "format %d, kind %d, %d rows, add %d", format, kind, rows, add);
        if (!fast->tile_packed) continue;
        for (int i = 0; i < ROWS * STRIDE; i++) y[0][i] = (float)i;
        fast->tile_packed(form, kind, K, packed, rows, tile[0], y[0], STRIDE, add);
        expect_equal_f32(y[0], y[1], ROWS * STRIDE, "format %d, kind %d, %d rows packed, add %d", format, kind, rows, add);
      }
    }
    for (int r = 0; r < 4; r++) {
      fast->quantize(kind, K, x + r * K, 1, 0, tile[0]);
      twin->quantize(kind, K, x + r * K, 1, 0, tile[1]);
      fast->row_panel(form, kind, K, packed, tile[0], y[0]);
      twin->row_panel(form, kind, K, packed, tile[1], y[1]);
      expect_equal_f32(y[0], y[1], 16, "format %d, kind %d, row %d", format, kind, r);
      // The same row through the other kernel.
      fast->tile_panel(form, kind, K, unpacked[0], 1, tile[0], y[1], STRIDE, 0);
      expect_equal_f32(y[0], y[1], 16, "format %d, kind %d, row %d alone and in a tile", format, kind, r);
      if (extreme && r == 2) expect(isnan(y[0][0]), "format %d: a row with a NaN has a product that is a number", format);
    }
  }
}

static void test_gate(void) {
  const vt_linear_kernels *fast = vt_linear_kernels_for(tested_isa), *twin = vt_linear_kernels_for(VT_ISA_REFERENCE);
  float g[3 * 24], u[3 * 24], y[2][3 * 40] = {{0}};
  for (int trial = 0; trial < 40; trial++) {
    if (trial & 1) fill_extreme(g, 72), fill_extreme(u, 72);
    else fill_random(g, 72), fill_random(u, 72);
    for (int f = VT_IDENTITY; f <= VT_GELU_TANH; f++)
      for (int n = 24; n >= 5; n -= 19) {
        fast->gate((vt_function)f, 3, n, g, u, y[0], 40);
        twin->gate((vt_function)f, 3, n, g, u, y[1], 40);
        expect_equal_f32(y[0], y[1], 3 * 40, "gate %d of %d, trial %d", f, n, trial);
        fast->finish((vt_function)f, 3, n, trial & 2 ? u : NULL, y[0], 40);
        twin->finish((vt_function)f, 3, n, trial & 2 ? u : NULL, y[1], 40);
        expect_equal_f32(y[0], y[1], 3 * 40, "finish %d of %d, trial %d", f, n, trial);
      }
  }
}

void test_linear(void) {
  for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
    for (int refined = 0; refined <= 1; refined++)
      for (int extreme = 0; extreme <= 1; extreme++)
        for (int trial = 0; trial < 4; trial++) test_case(formats[f], refined, extreme);
  test_gate();
}
