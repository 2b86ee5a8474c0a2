#include <math.h>
#include <string.h>

#include "kernel_test.h"

enum { COUNT = 1100, GUARD = 9 };

static const char *const unary_names[] = {"negate", "abs",  "square", "sqrt",    "rsqrt", "reciprocal",
                                          "relu",   "exp",  "log",    "tanh",    "sigmoid", "silu",
                                          "gelu",   "gelu_tanh", "erf", "sin", "cos"};
static const char *const binary_names[] = {"add",     "subtract", "multiply", "divide",
                                           "minimum", "maximum",  "power",    "silu_multiply",
                                           "gelu_multiply", "gelu_tanh_multiply"};
static const int64_t counts[] = {1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 100, 576, 1000};

static void check(const float *a, const float *b, const char *kind) {
  const vt_elementwise_kernels *fast = vt_elementwise_kernels_for(tested_isa);
  const vt_elementwise_kernels *twin = vt_elementwise_kernels_for(VT_ISA_REFERENCE);
  static float x[COUNT], y[COUNT];
  memset(x, 0, sizeof x), memset(y, 0, sizeof y);
  for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
    const int64_t count = counts[n];
    const size_t seen = (size_t)count + GUARD; // what lies behind the run must stay as it was
    for (int op = VT_OP_NEGATE; op <= VT_OP_COS; op++) {
      fast->unary_f32(op, count, a, x);
      twin->unary_f32(op, count, a, y);
      expect_equal_f32(x, y, seen, "%s of %d %s numbers", unary_names[op], (int)count, kind);
    }
    for (int op = VT_OP_ADD; op <= VT_OP_GELU_TANH_MULTIPLY; op++)
      for (int steps = 0; steps < 4; steps++) {
        fast->binary_f32(op, count, a, steps & 1, b, steps >> 1, x);
        twin->binary_f32(op, count, a, steps & 1, b, steps >> 1, y);
        expect_equal_f32(x, y, seen, "%s of %d %s numbers, steps %d", binary_names[op], (int)count, kind, steps);
      }
    fast->softmax_f32(count, a, x);
    twin->softmax_f32(count, a, y);
    expect_equal_f32(x, y, seen, "softmax of %d %s numbers", (int)count, kind);
    fast->log_softmax_f32(count, a, x);
    twin->log_softmax_f32(count, a, y);
    expect_equal_f32(x, y, seen, "log softmax of %d %s numbers", (int)count, kind);
    for (int parts = 0; parts < 3; parts++) {
      const float *weight = parts > 0 ? b : NULL, *bias = parts > 1 ? b + 1 : NULL;
      fast->rms_norm_f32(count, a, weight, 1e-5f, x);
      twin->rms_norm_f32(count, a, weight, 1e-5f, y);
      expect_equal_f32(x, y, seen, "rms norm of %d %s numbers", (int)count, kind);
      fast->layer_norm_f32(count, a, weight, bias, 1e-5f, x);
      twin->layer_norm_f32(count, a, weight, bias, 1e-5f, y);
      expect_equal_f32(x, y, seen, "layer norm of %d %s numbers", (int)count, kind);
    }
    x[0] = fast->sum_f32(count, a), x[1] = fast->max_f32(count, a), x[2] = fast->min_f32(count, a);
    y[0] = twin->sum_f32(count, a), y[1] = twin->max_f32(count, a), y[2] = twin->min_f32(count, a);
    expect_equal_f32(x, y, 3, "sum, max, min of %d %s numbers", (int)count, kind);
    uint16_t half[COUNT] = {0}, half_twin[COUNT] = {0};
    fast->f16_from_f32(count, a, half), twin->f16_from_f32(count, a, half_twin);
    expect_equal_bytes(half, half_twin, sizeof half, "%d %s numbers to f16", (int)count, kind);
    fast->bf16_from_f32(count, a, half), twin->bf16_from_f32(count, a, half_twin);
    expect_equal_bytes(half, half_twin, sizeof half, "%d %s numbers to bf16", (int)count, kind);
  }
}

void test_elementwise(void) {
  static float a[COUNT], b[COUNT];
  fill_random(a, COUNT), fill_random(b, COUNT);
  check(a, b, "small");
  for (int i = 0; i < COUNT; i++) a[i] *= 20, b[i] *= 5;
  check(a, b, "larger");
  for (int i = 0; i < COUNT; i++) a[i] *= 8;
  check(a, b, "large");
  for (int round = 0; round < 3; round++) {
    fill_extreme(a, COUNT), fill_extreme(b, COUNT);
    check(a, b, "extreme");
  }
  const vt_elementwise_kernels *fast = vt_elementwise_kernels_for(tested_isa);
  const vt_elementwise_kernels *twin = vt_elementwise_kernels_for(VT_ISA_REFERENCE);
  for (uint32_t first = 0; first < 0x10000; first += 0x400) { // every 16-bit pattern
    uint16_t bits[0x400];
    float x[0x400], y[0x400];
    for (uint32_t i = 0; i < 0x400; i++) bits[i] = (uint16_t)(first + i);
    fast->f32_from_f16(0x400, bits, x), twin->f32_from_f16(0x400, bits, y);
    expect_equal_f32(x, y, 0x400, "f16 from %x", first);
    uint16_t back[0x400];
    fast->f16_from_f32(0x400, x, back);
    for (uint32_t i = 0; i < 0x400; i++)
      if (x[i] != x[i]) back[i] = bits[i]; // NaN payloads are not kept
    expect_equal_bytes(back, bits, sizeof bits, "f16 from %x and back", first);
    fast->f32_from_bf16(0x400, bits, x), twin->f32_from_bf16(0x400, bits, y);
    expect_equal_f32(x, y, 0x400, "bf16 from %x", first);
  }
}
