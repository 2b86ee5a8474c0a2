#include <math.h>
#include <string.h>

#include "kernel_test.h"

enum { COUNT = 1100, GUARD = 9, RUNS = 4 };

static const int64_t counts[] = {1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 100, 576, 1000};

typedef struct run { // weights and up to three runs of state
  float x[RUNS][COUNT];
} run;

static void apply(const vt_update_kernels *k, int kernel, int64_t n, const float *g, run *r) {
  float *w = r->x[0], *a = r->x[1], *b = r->x[2], *c = r->x[3];
  const vt_adam_step adam = {0.1f, 0.001f, 0.01f, 0.002f, 0.3f, kernel == 1 ? 0.2f : 0.0f, 1.7f, 1e-8f};
  const vt_sgd_step sgd = {0.1f, 0.01f, 0.9f, 0.8f, kernel == 4};
  const vt_lion_step lion = {0.01f, 0.002f, 0.1f, 0.01f};
  const vt_rmsprop_step rmsprop = {0.01f, 0.1f, 0.05f, 1e-6f, 0.9f};
  const vt_adagrad_step adagrad = {0.1f, 0.01f, 1e-10f};
  const vt_schedule_free_step schedule_free = {0.01f, 0.001f, 1e-8f, 0.1f, 0.25f, 0.004f};
  switch (kernel) {
  case 0: k->adam(&adam, n, w, g, a, b, NULL); break;
  case 1: k->adam(&adam, n, w, g, a, b, c); break;
  case 2: k->sgd(&sgd, n, w, g, NULL); break;
  case 3: k->sgd(&sgd, n, w, g, a); break;
  case 4: k->sgd(&sgd, n, w, g, a); break;
  case 5: k->lion(&lion, n, w, g, a); break;
  case 6: k->rmsprop(&rmsprop, n, w, g, a, NULL, NULL); break;
  case 7: k->rmsprop(&rmsprop, n, w, g, a, b, NULL); break;
  case 8: k->rmsprop(&rmsprop, n, w, g, a, b, c); break;
  case 9: k->adagrad(&adagrad, n, w, g, a); break;
  case 10: k->schedule_free(&schedule_free, n, w, g, a, b); break;
  case 11: k->approach(0.3f, n, g, w); break;
  case 12: k->blend(0.3f, -1.7f, n, g, w); break;
  case 13: k->clamp(0.5f, n, w); break;
  case 14: w[0] = k->sum_of_squares(n, g); break;
  }
}

void test_update(void) {
  const vt_update_kernels *fast = vt_update_kernels_for(tested_isa);
  const vt_update_kernels *twin = vt_update_kernels_for(VT_ISA_REFERENCE);
  static float g[COUNT];
  static run start, x, y;
  for (int round = 0; round < 8; round++) {
    const bool extreme = round >= 4;
    if (extreme) fill_extreme(g, COUNT);
    else fill_random(g, COUNT);
    for (int i = 0; i < RUNS; i++) {
      if (extreme) fill_extreme(start.x[i], COUNT);
      else fill_random(start.x[i], COUNT);
    }
    if (round & 1) memset(start.x[1], 0, sizeof start.x[1]), memset(start.x[2], 0, sizeof start.x[2]);
    for (int kernel = 0; kernel <= 14; kernel++)
      for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        x = start, y = start;
        apply(fast, kernel, counts[n], g, &x);
        apply(twin, kernel, counts[n], g, &y);
        for (int i = 0; i < RUNS; i++) // what lies behind the run must stay as it was
          expect_equal_f32(x.x[i], y.x[i], (size_t)counts[n] + GUARD, "update %d of %d numbers, run %d, round %d",
                           kernel, (int)counts[n], i, round);
      }
  }
}
