// A fork-join job over packed weight matrices: one or several products that share their input rows.
#ifndef VT_LINEAR_JOB_H
#define VT_LINEAR_JOB_H

#include "vt_gemm.h"
#include "vt_linear.h"

// A weight matrix [n, k] in panels of 16 rows (output columns).
typedef struct vt_packed {
  vt_format format;
  int32_t k, n;
  const uint8_t *panels;
  size_t panel_bytes;
} vt_packed;

typedef enum vt_epilogue {
  VT_STORE,     // y = x Wᵀ
  VT_ADD,       // y += x Wᵀ
  VT_SILU_GATE, // y = silu(x Wᵀ of this matrix) · (x Wᵀ of the next matrix of the job); both have the same n
} vt_epilogue;

typedef struct vt_linear_part {
  const vt_packed *weights;
  float *y; // [rows, n], row stride ldy; not read for the second matrix of a gate
  int64_t ldy;
  vt_epilogue epilogue;
} vt_linear_part;

enum { VT_LINEAR_PARTS = 4, VT_LINEAR_ROWS = 64 };

typedef struct vt_linear_job {
  const vt_linear_kernels *linear;
  const vt_gemm_kernels *gemm;
  int32_t rows, parts;
  int32_t exact; // decode weights and compute in f32
  const float *x; // [rows, k], row stride ldx
  int64_t ldx;
  const void *activations_i8, *activations_i16; // quantised rows, NULL when no part reads them
  const void *residues_i8; // NULL, or what 8 bits leave of each value, quantised again: nearly exact, at twice the work
  size_t stride_i8, stride_i16, stride_residues;
  vt_linear_part part[VT_LINEAR_PARTS];
  int32_t panels_per_item;
  char *scratch; // vt_linear_scratch_bytes for each worker
  size_t scratch_bytes;
} vt_linear_job;

// Whether a part reads quantised activations of this kind.
int vt_linear_reads(const vt_linear_job *job, vt_activation kind);
// Sets panels_per_item for `threads` and returns the number of items.
int32_t vt_linear_items(vt_linear_job *job, int32_t threads);
// Scratch that one worker needs.
size_t vt_linear_scratch_bytes(const vt_linear_job *job);
// Runs one item; a vt_job.
void vt_linear_run(void *job, int32_t item, int32_t worker);

// Quantises `rows` rows; a vt_job whose items are rows. With `residues`, rows of residue_stride bytes get the 8-bit form
// of x - scale·q; each row has room for k floats behind it.
typedef struct vt_quantize_job {
  const vt_linear_kernels *linear;
  vt_activation kind;
  int32_t k;
  const float *x;
  int64_t ldx;
  void *activations;
  size_t stride;
  void *residues;
  size_t residue_stride;
} vt_quantize_job;
void vt_quantize_run(void *job, int32_t item, int32_t worker);

#endif
