// A fork-join job over packed weight matrices: one or several products that share their input rows.
#ifndef VT_LINEAR_JOB_H
#define VT_LINEAR_JOB_H

#include "vt_elementwise.h"
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
  VT_GELU_GATE, VT_GELU_TANH_GATE, // the same with gelu
} vt_epilogue;

typedef struct vt_linear_part {
  const vt_packed *weights;
  float *y; // [rows, n], row stride ldy; not read for the second matrix of a gate
  int64_t ldy;
  vt_epilogue epilogue;
  const float *bias; // NULL, or [n]: added to x Wᵀ before it passes a gate, and to the result otherwise
} vt_linear_part;

enum { VT_LINEAR_PARTS = 4 };

typedef struct vt_linear_job {
  const vt_linear_kernels *linear;
  const vt_gemm_kernels *gemm;
  const vt_elementwise_kernels *elementwise;
  int32_t rows, parts;
  int32_t exact;   // decode weights and compute in f32
  int32_t refined; // 16 bits for each activation
  const float *x;  // [rows, k], row stride ldx
  int64_t ldx;
  const void *activations[VT_ACTIVATION_F32]; // tiles of each kind that a part reads
  vt_linear_part part[VT_LINEAR_PARTS];
  int32_t panels_per_item, panels_together; // panels_together: of floats
  char *scratch; // vt_linear_scratch_bytes for each worker
  size_t scratch_bytes;
} vt_linear_job;

// Whether a part reads quantised activations of this kind.
int vt_linear_reads(const vt_linear_job *job, vt_activation kind);
// Sets how panels are grouped for `threads` and returns the number of items.
int32_t vt_linear_items(vt_linear_job *job, int32_t threads);
// Scratch that one worker needs.
size_t vt_linear_scratch_bytes(const vt_linear_job *job);
// Runs one item; a vt_job.
void vt_linear_run(void *job, int32_t item, int32_t worker);

// Quantises rows into tiles; a vt_job whose items are tiles.
typedef struct vt_quantize_job {
  const vt_linear_kernels *linear;
  vt_activation kind;
  int32_t k, rows;
  const float *x;
  int64_t ldx;
  void *activations; // rows * vt_activation_bytes(kind, k)
} vt_quantize_job;
void vt_quantize_run(void *job, int32_t item, int32_t worker);

#endif
