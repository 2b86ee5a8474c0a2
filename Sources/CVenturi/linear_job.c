#include "vt_linear_job.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Panels of floats that are multiplied together: many rows are copied into place once for all of them, and a few keep as
// many chains of sums going. One row against halves waits for memory, which long runs of few panels use best.
enum { FLOAT_PANELS = 6, FLOAT_PANELS_FEW = 4, HALF_PANELS_ONE = 2, CONVERTED_ROWS = 12 };

static int is_gate(const vt_linear_job *job, int32_t part) { return job->part[part].epilogue == VT_GATE; }

// Part 2 of a gate is computed together with part 1 and has no items of its own.
static int is_gated(const vt_linear_job *job, int32_t part) { return part > 0 && is_gate(job, part - 1); }

static vt_activation kind_of(const vt_linear_job *job, const vt_packed *w) {
  return job->exact ? VT_ACTIVATION_F32 : vt_format_activation(w->format, job->refined);
}

int vt_linear_reads(const vt_linear_job *job, vt_activation kind) {
  for (int32_t p = 0; p < job->parts; p++)
    if (kind_of(job, job->part[p].weights) == kind) return 1;
  return 0;
}

static int32_t float_panels(const vt_linear_job *job) {
  if (job->rows > FLOAT_PANELS_FEW) return FLOAT_PANELS;
  int halves = job->rows == 1;
  for (int32_t p = 0; p < job->parts; p++) {
    const vt_packed *w = job->part[p].weights;
    halves &= kind_of(job, w) != VT_ACTIVATION_F32 || w->format == VT_F16 || w->format == VT_BF16;
  }
  return halves ? HALF_PANELS_ONE : FLOAT_PANELS_FEW;
}

static int32_t panels_of(const vt_packed *w) { return (w->n + VT_PANEL - 1) / VT_PANEL; }

int32_t vt_linear_items(vt_linear_job *job, int32_t threads) {
  int32_t panels = 0;
  for (int32_t p = 0; p < job->parts; p++)
    if (!is_gated(job, p)) panels += panels_of(job->part[p].weights);
  // Single panels balance best and cost little to hand out; floats go by groups.
  int32_t each = threads <= 1 ? panels : 1;
  job->panels_together = 1;
  if (vt_linear_reads(job, VT_ACTIVATION_F32)) {
    const int32_t group = job->panels_together = float_panels(job);
    each = each < group ? group : each / group * group;
  }
  job->panels_per_item = each;
  int32_t items = 0;
  for (int32_t p = 0; p < job->parts; p++)
    if (!is_gated(job, p)) items += (panels_of(job->part[p].weights) + each - 1) / each;
  return items;
}

static size_t rounded(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t panel_scratch(const vt_linear_job *job, const vt_packed *w) {
  const vt_activation kind = kind_of(job, w);
  return rounded(kind == VT_ACTIVATION_F32 ? (size_t)w->k * VT_PANEL * 4 * FLOAT_PANELS
                                           : vt_unpacked_bytes(w->format, kind, w->k));
}

size_t vt_linear_scratch_bytes(const vt_linear_job *job) {
  size_t most = 0;
  for (int32_t p = 0; p < job->parts; p++) {
    size_t bytes = panel_scratch(job, job->part[p].weights);
    if (bytes > most) most = bytes;
  }
  const size_t wide = vt_linear_reads(job, VT_ACTIVATION_F32) ? FLOAT_PANELS : 1;
  return 2 * most + 2 * wide * VT_LINEAR_ROWS * VT_PANEL * sizeof(float);
}

// A group of neighbouring panels of one matrix against rows of input, ready to be asked for any block of rows.
typedef struct {
  const vt_packed *w;
  const uint8_t *panel;
  const void *unpacked; // NULL: multiply from the packed panels
  vt_activation kind;
} ready_panels;

// Tiles of rows for which a panel's codes are read as they are; for more it pays to write the values down once.
enum { PACKED_TILES = 2 };

static int reads_packed(const vt_linear_job *job, const ready_panels *p) {
  if (job->rows == 1) return 1;
  return job->linear->tile_packed && job->rows <= PACKED_TILES * job->linear->tile_rows[p->kind];
}

static ready_panels prepare(const vt_linear_job *job, const vt_packed *w, int32_t index, int32_t count, char *scratch) {
  ready_panels p = {w, w->panels + (size_t)index * w->panel_bytes, NULL, kind_of(job, w)};
  if (p.kind == VT_ACTIVATION_F32) {
    // A few rows convert halves as they load them; for many it pays to convert once.
    const int converts = job->rows > CONVERTED_ROWS;
    if (w->format == VT_F32) {
      p.unpacked = p.panel;
    } else if (converts || (w->format != VT_F16 && w->format != VT_BF16)) {
      for (int32_t i = 0; i < count; i++)
        job->linear->decode_panel(w->format, w->k, p.panel + (size_t)i * w->panel_bytes,
                                  (float *)scratch + (size_t)i * (size_t)w->k * VT_PANEL);
      p.unpacked = scratch;
    }
  } else if (!reads_packed(job, &p)) {
    job->linear->unpack(w->format, p.kind, w->k, p.panel, scratch);
    p.unpacked = scratch;
  }
  return p;
}

// c = the panels' product with up to VT_LINEAR_ROWS rows from `row` on, a multiple of that; quantised panels come alone.
// `add`: c +=, only where `adds` says so.
static void multiply(const vt_linear_job *job, const ready_panels *p, int32_t row, int32_t rows, int32_t columns,
                     float *c, int64_t ldc, int add) {
  const int32_t k = p->w->k;
  if (p->kind == VT_ACTIVATION_F32) {
    const float *x = job->x + row * job->ldx;
    const int64_t stride = (int64_t)k * VT_PANEL;
    if (p->unpacked)
      job->gemm->block_f32(rows, k, x, job->ldx, p->unpacked, stride, c, ldc, columns, 0);
    else if (p->w->format == VT_F16)
      job->gemm->block_f16(rows, k, x, job->ldx, (const uint16_t *)p->panel, stride, c, ldc, columns, 0);
    else
      job->gemm->block_bf16(rows, k, x, job->ldx, (const uint16_t *)p->panel, stride, c, ldc, columns, 0);
    return;
  }
  const int32_t step = job->linear->tile_rows[p->kind];
  const char *tile = (const char *)job->activations[p->kind] + (size_t)row * vt_activation_bytes(p->kind, k);
  if (job->rows == 1) {
    job->linear->row_panel(p->w->format, p->kind, k, p->panel, tile, c);
    return;
  }
  vt_tile_kernel *const kernel = p->unpacked ? job->linear->tile_panel : job->linear->tile_packed;
  for (int32_t r = 0; r < rows; r += step) {
    const int32_t some = rows - r < step ? rows - r : step;
    kernel(p->w->format, p->kind, k, p->unpacked ? p->unpacked : p->panel, some, tile, c + r * ldc, ldc, add);
    tile += (size_t)some * vt_activation_bytes(p->kind, k);
  }
}

// A sum that is added to y must be complete first: tiles of quantised rows keep theirs in registers.
static int adds(const vt_linear_job *job, const ready_panels *p) {
  return job->rows > 1 && p->kind != VT_ACTIVATION_F32;
}

static int is_plain(const vt_linear_part *part) { return part->function == VT_IDENTITY && !part->bias; }

// f(sums + bias) of the columns from `column` on.
static void finish(const vt_linear_job *job, const vt_linear_part *part, vt_function function, int32_t rows,
                   int32_t column, int32_t columns, float *sums, int64_t stride) {
  if (function != VT_IDENTITY || part->bias)
    job->linear->finish(function, rows, columns, part->bias ? part->bias + column : NULL, sums, stride);
}

static void run_panels(const vt_linear_job *job, int32_t part, int32_t index, int32_t count, char *scratch) {
  const vt_linear_part *out = &job->part[part];
  const int gated = is_gate(job, part);
  const int32_t column = index * VT_PANEL, width = count * VT_PANEL;
  const int32_t columns = out->weights->n - column < width ? out->weights->n - column : width;
  float *const sums = (float *)scratch, *const ups = sums + VT_LINEAR_ROWS * width;
  char *const unpacked = (char *)(ups + VT_LINEAR_ROWS * width);
  const ready_panels main = prepare(job, out->weights, index, count, unpacked);
  ready_panels up = main;
  if (gated)
    up = prepare(job, job->part[part + 1].weights, index, count, unpacked + panel_scratch(job, out->weights));
  // Where a kernel can write its columns straight to their place.
  const int in_place =
      columns == width && (out->epilogue == VT_STORE || (out->epilogue == VT_ADD && is_plain(out) && adds(job, &main)));
  for (int32_t row = 0; row < job->rows; row += VT_LINEAR_ROWS) {
    const int32_t rows = job->rows - row < VT_LINEAR_ROWS ? job->rows - row : VT_LINEAR_ROWS;
    float *y = out->y + row * out->ldy + column;
    if (in_place) {
      multiply(job, &main, row, rows, width, y, out->ldy, out->epilogue == VT_ADD);
      finish(job, out, out->function, rows, column, width, y, out->ldy);
      continue;
    }
    multiply(job, &main, row, rows, width, sums, width, 0);
    if (gated) {
      multiply(job, &up, row, rows, width, ups, width, 0);
      finish(job, out, VT_IDENTITY, rows, column, columns, sums, width);
      finish(job, out + 1, VT_IDENTITY, rows, column, columns, ups, width);
      if (columns == width) {
        job->linear->gate(out->function, rows, width, sums, ups, y, out->ldy);
        continue;
      }
      job->linear->gate(out->function, 1, rows * width, sums, ups, sums, 0);
    } else {
      finish(job, out, out->function, rows, column, columns, sums, width);
    }
    for (int32_t r = 0; r < rows; r++) {
      float *target = y + r * out->ldy;
      const float *source = sums + r * width;
      if (out->epilogue == VT_ADD)
        for (int32_t c = 0; c < columns; c++) target[c] += source[c];
      else
        memcpy(target, source, (size_t)columns * sizeof *target);
    }
  }
}

void vt_linear_run(void *context, int32_t item, int32_t worker) {
  const vt_linear_job *job = context;
  char *scratch = job->scratch + (size_t)worker * job->scratch_bytes;
  for (int32_t part = 0; part < job->parts; part++) {
    if (is_gated(job, part)) continue;
    const int32_t panels = panels_of(job->part[part].weights);
    const int32_t items = (panels + job->panels_per_item - 1) / job->panels_per_item;
    if (item >= items) {
      item -= items;
      continue;
    }
    int32_t index = item * job->panels_per_item;
    const int32_t end = index + job->panels_per_item < panels ? index + job->panels_per_item : panels;
    // A gate's two matrices may take their input in different forms.
    const int floats = kind_of(job, job->part[part].weights) == VT_ACTIVATION_F32 &&
                       (!is_gate(job, part) ||
                        kind_of(job, job->part[part + 1].weights) == VT_ACTIVATION_F32);
    for (int32_t some; index < end; index += some) {
      some = !floats ? 1 : end - index < job->panels_together ? end - index : job->panels_together;
      run_panels(job, part, index, some, scratch);
    }
    return;
  }
}

void vt_quantize_run(void *context, int32_t item, int32_t worker) {
  const vt_quantize_job *job = context;
  (void)worker;
  const int32_t step = job->linear->tile_rows[job->kind], first = item * step;
  const int32_t rows = job->rows - first < step ? job->rows - first : step;
  char *tile = (char *)job->activations + (size_t)first * vt_activation_bytes(job->kind, job->k);
  for (int32_t r = 0; r < rows; r++)
    job->linear->quantize(job->kind, job->k, job->x + (first + r) * job->ldx, rows, r, tile);
}
