#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_test.h"

// One sequence through one set of kernels: appended in two runs, then attended to.
typedef struct problem {
  int64_t rows, length; // the last `rows` of `length` tokens are queries
  int32_t group, kv_heads, d;
  vt_attention_element element;
  bool tensor, split, biased, capped;
  int64_t left, right;
} problem;

typedef struct outcome {
  float *o, *lse;
  char *pages;
  size_t page_bytes, numbers, rows;
} outcome;

enum { PAGE = VT_ATTENTION_PAGE, MAX_PAGES = 3 };

static void run_append(vt_isa isa, const problem *p, const float *k, const float *v, const vt_attention_run *run,
                       const vt_attention *a) {
  vt_attention_append append = {.k = k,
                                .v = v,
                                .k_row = p->kv_heads * p->d,
                                .v_row = p->kv_heads * p->d,
                                .kv_heads = p->kv_heads,
                                .layout = a->layout,
                                .runs = run};
  for (int32_t item = 0; item < p->kv_heads; item++) vt_attention_append_job(isa)(&append, item, 0);
}

static outcome evaluate(vt_isa isa, const problem *p, const float *q, const float *k, const float *v) {
  const int64_t d = p->d, heads = (int64_t)p->group * p->kv_heads, wide = (d + 15) / 16 * 16, size = 4 >> p->element;
  const int64_t pages = (p->length + PAGE - 1) / PAGE, values = PAGE * d * size, scales = values + PAGE * wide * size;
  const int64_t head_bytes = scales + (p->element == VT_ATTENTION_I8 ? 2 * PAGE * (int64_t)sizeof(float) : 0);
  outcome out = {.page_bytes = (size_t)(pages * p->kv_heads * head_bytes),
                 .numbers = (size_t)(p->rows * heads * d),
                 .rows = (size_t)(p->rows * heads)};
  out.pages = calloc(out.page_bytes, 1);
  out.o = calloc(out.numbers, sizeof *out.o);
  out.lse = calloc(out.rows, sizeof *out.lse);
  const void *bases[MAX_PAGES];
  for (int64_t i = 0; i < pages; i++) bases[i] = out.pages + i * (int64_t)(out.page_bytes / (size_t)pages);
  static const float slopes[16] = {0.5f, 0.25f, -0.125f, 0.0625f, 1, 2, 0.75f, 0.3f, 0.2f, 0.1f};
  const int32_t rows = (int32_t)(p->rows * p->group);
  const int64_t part = vt_attention_partial_floats(rows, p->d);
  vt_attention a = {.q = q,
                    .o = out.o,
                    .lse = out.lse,
                    .q_row = heads * d,
                    .q_head = d,
                    .o_row = heads * d,
                    .o_head = d,
                    .lse_row = heads,
                    .lse_head = 1,
                    .group = p->group,
                    .layout = {.head_dim = p->d,
                               .element = p->element,
                               .head_bytes = head_bytes,
                               .values_bytes = values,
                               .scales_bytes = scales},
                    .scale = 0.3f,
                    .window_left = p->left,
                    .window_right = p->right,
                    .softcap = p->capped ? 0.4f : 0,
                    .slopes = p->biased ? slopes : NULL,
                    .key_row = p->kv_heads * d,
                    .key_head = d,
                    .value_row = p->kv_heads * d,
                    .value_head = d,
                    .scratch = calloc((size_t)vt_attention_scratch_floats(rows, p->d), sizeof(float)),
                    .partials = calloc((size_t)(part * pages), sizeof(float))};
  vt_attention_run run = {.pages = p->tensor ? NULL : bases, .keys = k, .values = v, .length = p->length};
  if (!p->tensor) {
    run.rows = p->length / 3;
    if (run.rows) run_append(isa, p, k, v, &run, &a);
    run.position = run.rows;
    run.rows = p->length - run.rows;
    run_append(isa, p, k + run.position * a.key_row, v + run.position * a.value_row, &run, &a);
  }
  run.rows = p->rows;
  run.position = p->length - p->rows;
  a.runs = &run;
  for (int32_t head = 0; head < p->kv_heads; head++) {
    vt_attention_merge merge = {.head = head, .last_page = (int32_t)pages, .pending = (int32_t)pages};
    a.merges = &merge;
    for (int32_t page = 0; page < (p->split ? pages : 1); page++) {
      const vt_attention_item item = {.head = head,
                                      .count = (int32_t)p->rows,
                                      .page = p->split ? page : -1,
                                      .partial = page * part};
      a.items = &item;
      vt_attention_item_job(isa)(&a, 0, 0);
    }
  }
  free(a.scratch);
  free(a.partials);
  return out;
}

static void check(const problem *p, const float *q, const float *k, const float *v) {
  const outcome fast = evaluate(tested_isa, p, q, k, v), twin = evaluate(VT_ISA_REFERENCE, p, q, k, v);
#define DETAIL                                                                                                         \
  "%dx%d of %d/%d heads of %d, element %d, tensor %d, split %d, biased %d, capped %d, window %d %d", (int)p->rows,         \
      (int)p->length, p->group, p->kv_heads, p->d, (int)p->element, p->tensor, p->split, p->biased, p->capped, (int)p->left,   \
      (int)p->right
  expect_equal_bytes(fast.pages, twin.pages, fast.page_bytes, "pages " DETAIL);
  expect_equal_f32(fast.o, twin.o, fast.numbers, "o " DETAIL);
  expect_equal_f32(fast.lse, twin.lse, fast.rows, "lse " DETAIL);
  free(fast.o), free(fast.lse), free(fast.pages);
  free(twin.o), free(twin.lse), free(twin.pages);
}

void test_attention(void) {
  enum { MOST = 600 * 2 * 80 };
  static float q[600 * 18 * 80], k[MOST], v[MOST];
  static const int64_t lengths[] = {1, 15, 16, 31, 100, 256, 300, 600}, rows[] = {1, 2, 7, 40};
  static const int32_t shapes[][3] = {{1, 2, 64}, {3, 1, 64}, {9, 1, 16}, {3, 2, 80}, {2, 1, 20}, {5, 1, 7}};
  static const int64_t windows[][2] = {{-1, 0}, {-1, -1}, {20, 0}, {300, 5}};
  fill_random(q, sizeof q / sizeof *q), fill_random(k, MOST), fill_random(v, MOST);
  for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
      for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int form = 0; form < 4; form++) {
          const int turn = (int)(n + r + s + (size_t)form);
          problem p = {.rows = rows[r],
                       .length = lengths[n],
                       .group = shapes[s][0],
                       .kv_heads = shapes[s][1],
                       .d = shapes[s][2],
                       .element = form == 3 ? VT_ATTENTION_F32 : (vt_attention_element)form,
                       .tensor = form == 3,
                       .split = turn % 3 == 0 && rows[r] * shapes[s][0] <= VT_ATTENTION_PARTIAL_ROWS,
                       .biased = turn % 5 == 0,
                       .capped = turn % 5 < 2,
                       .left = windows[turn % 4][0],
                       .right = windows[turn % 4][1]};
          if (p.rows > p.length && form != 3) p.rows = p.length; // tensors may have more queries than keys
          check(&p, q, k, v);
        }
  // What is not finite: NaN and infinities in queries and keys go the same way in every set. Values stay finite.
  problem p = {.rows = 20, .length = 280, .group = 3, .kv_heads = 1, .d = 64, .left = -1, .right = 0};
  for (int form = 0; form < 4; form++) {
    p.element = form == 3 ? VT_ATTENTION_F32 : (vt_attention_element)form, p.tensor = form == 3;
    fill_random(q, sizeof q / sizeof *q), fill_random(k, MOST);
    q[5] = NAN, q[64 * 9] = INFINITY, k[64 * 270] = NAN, k[64 * 271 + 3] = -INFINITY;
    check(&p, q, k, v);
  }
  // Halves and integers: all magnitudes, the rounding of every bit pattern.
  static float x[MOST];
  p.tensor = false, p.rows = 1;
  for (int round = 0; round < 16; round++) {
    p.element = round < 8 ? VT_ATTENTION_F16 : VT_ATTENTION_I8;
    fill_random(q, sizeof q / sizeof *q);
    for (size_t i = 0; i < MOST; i++) x[i] = random_unit() * exp2f((float)(random_bits() % 44) - 28);
    check(&p, q, x, x);
  }
  static float y[2000], z[2000];
  for (int i = 0; i < 2000; i++) x[i] = -0.06f * (float)i;
  x[7] = -INFINITY, x[9] = NAN;
  vt_attention_exp2(tested_isa, x, y, 2000), vt_attention_exp2(VT_ISA_REFERENCE, x, z, 2000);
  expect_equal_f32(y, z, 2000, "2^x");
}
