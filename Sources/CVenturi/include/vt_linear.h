// Products with weights that are packed ahead: quantised, half and single precision.
//
// A weight matrix [N, K] is cut into panels of 16 output columns; a panel is one run of memory, read front to back.
// Lanes are columns, and every output accumulates over k in one fixed order, whatever the number of rows. So the
// kernel for one row and the kernel for many rows give the same bits:
//   for each block of `sub` = 32 or 16 values of k, in order, with exact integer sums
//     acc = fma(float(sum (q - zero)·a), scale·ascale, acc)
//     acc = fma(offset, asum, acc)                          (types whose weight is scale·q + offset)
// where a are the quantised activations, ascale their scale and asum = ascale · sum a.
#ifndef VT_LINEAR_H
#define VT_LINEAR_H

#include <stddef.h>
#include <stdint.h>

#include "vt_isa.h"

typedef enum vt_format {
  // Block-quantised, as GGUF has them.
  VT_Q4_0, VT_Q4_1, VT_Q5_0, VT_Q5_1, VT_Q8_0, VT_Q8_1, VT_Q2_K, VT_Q3_K, VT_Q4_K, VT_Q5_K, VT_Q6_K, VT_Q8_K,
  VT_IQ1_S, VT_IQ1_M, VT_IQ2_XXS, VT_IQ2_XS, VT_IQ2_S, VT_IQ3_XXS, VT_IQ3_S, VT_IQ4_NL, VT_IQ4_XS,
  VT_TQ1_0, VT_TQ2_0, VT_Q1_0, VT_Q2_0, VT_MXFP4, VT_NVFP4,
  VT_F16, VT_BF16, VT_F32,
} vt_format;

// The format whose panels hold the values of a source exactly: itself for most, a roomier one for types that have no
// panels of their own. The kernels know these forms only.
vt_format vt_format_form(vt_format format);

enum { VT_PANEL = 16, VT_LINEAR_ROWS = 48 };

// How the activations of a product are given; a scale goes with each 32 values.
typedef enum vt_activation {
  VT_ACTIVATION_I8,   // 8 bits per value
  VT_ACTIVATION_I8X2, // 256·high + low: 16 bits per value as two products of bytes, for weights of up to 6 bits
  VT_ACTIVATION_I16,  // 16 bits per value, for 8-bit weights
  VT_ACTIVATION_F32,  // plain floats
} vt_activation;

// The form that a format's products read; `refined` asks for 16 bits.
vt_activation vt_format_activation(vt_format format, int refined);
// Bytes of one block in a row of the source.
int32_t vt_format_block_bytes(vt_format format);

// Bytes of one packed panel for rows of k values.
size_t vt_panel_bytes(vt_format format, int32_t k);

// Packs `columns` (1...16) consecutive rows of the source, `row_bytes` apart, into one panel; missing columns are zero.
void vt_pack_panel(vt_format format, int32_t k, const void *rows, size_t row_bytes, int32_t columns, void *panel);

// Decodes one row of the source, bit for bit as the format defines it.
void vt_decode_row(vt_format format, int32_t k, const void *row, float *out);

// Quantised activations lie in tiles of up to `tile_rows` rows, so that a kernel finds what it needs at constant
// distances. A tile of R rows is, for each 32 values of k and each row, 32 bytes (I8X2: 32 high bytes and 32 low ones;
// I16: 32 int16); then the f32 scales [k/32][R]; then, but for I16, the f32 asums of 32 values [k/32][R], as int32 minus
// the sums of 32 values [k/32][R] and of 16 [k/16][R], and the f32 asums of 16 [k/16][R].
// Bytes of one row of a tile.
size_t vt_activation_bytes(vt_activation kind, int32_t k);

// A panel unpacked for many rows: k·16 bytes q (k·16 int16 for I16), and for each sub-block 16 scales and 16 offsets. The
// bytes are unsigned but for 8-bit weights, which each set's `unpack` leaves signed or raises by 128 as it multiplies
// them: they are for the same set's `tile_panel` only. Size of the buffer in bytes for any format (F32 panels for floats).
size_t vt_unpacked_bytes(vt_format format, vt_activation kind, int32_t k);

// What may be done to a product's sums, bit for bit as vt_unary_op of the same name has it.
typedef enum vt_function { VT_IDENTITY, VT_SILU, VT_GELU, VT_GELU_TANH } vt_function;

// c[r][0..<16] (row stride ldc) for the rows of a tile against a panel; `add`: c += instead.
typedef void vt_tile_kernel(vt_format format, vt_activation kind, int32_t k, const void *panel, int32_t rows,
                            const void *tile, float *c, int64_t ldc, int add);

typedef struct vt_linear_kernels {
  // The rows of a full tile of each kind; divides VT_LINEAR_ROWS.
  int32_t tile_rows[VT_ACTIVATION_F32];
  // Quantises a row of k floats (k a multiple of 32) as row `row` of a tile of `rows` rows.
  void (*quantize)(vt_activation kind, int32_t k, const float *x, int32_t rows, int32_t row, void *tile);
  // y[0..<16] of one row against one packed panel; `row` is a tile of one. Quantised formats only.
  void (*row_panel)(vt_format format, vt_activation kind, int32_t k, const void *panel, const void *row, float *y);
  // A tile against a packed panel, for so few rows that unpacking it first does not pay; NULL where a set has none.
  vt_tile_kernel *tile_packed;
  // Unpacks a panel of a quantised format for `tile_panel` with activations of a kind.
  void (*unpack)(vt_format format, vt_activation kind, int32_t k, const void *panel, void *unpacked);
  // A tile against an unpacked panel.
  vt_tile_kernel *tile_panel;
  // Decodes a packed panel to f32 [k][16], exactly.
  void (*decode_panel)(vt_format format, int32_t k, const void *panel, float *out);
  // y[r] = f(g) · u for `rows` rows of n values; g and u are dense, rows of y ldy apart.
  void (*gate)(vt_function f, int32_t rows, int32_t n, const float *g, const float *u, float *y, int64_t ldy);
  // y[r] = f(y[r] + bias) for `rows` rows of n values, ldy apart; no bias where it is NULL.
  void (*finish)(vt_function f, int32_t rows, int32_t n, const float *bias, float *y, int64_t ldy);
} vt_linear_kernels;

// The kernels of an instruction set that is supported here.
const vt_linear_kernels *vt_linear_kernels_for(vt_isa isa);

#endif
