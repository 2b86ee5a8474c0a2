// What is done to a product's sums while they are near: biases, activations, gates; include after simd/vt_*.h.
#include "../simd/vt_wide.h"
#include "linear_epilogue.h"

VT_INLINE vwf vt_function_of(const vt_function f, vwf x) {
  switch (f) {
  case VT_IDENTITY: return x;
  case VT_SILU: return wide(silu)(x);
  case VT_GELU: return wide(gelu)(x);
  case VT_GELU_TANH: return wide(gelu_tanh)(x);
  }
  return x;
}

VT_INLINE void gate_of(const vt_function f, int32_t rows, int32_t n, const float *g, const float *u, float *y,
                       int64_t ldy) {
  for (; rows > 0; rows--, g += n, u += n, y += ldy) {
    int32_t i = 0;
    for (; i + VT_LANES <= n; i += VT_LANES)
      wide(store)(y + i, wide(mul)(vt_function_of(f, wide(load)(g + i)), wide(load)(u + i)));
    for (; i < n; i++) y[i] = vt_function_scalar(f, g[i]) * u[i];
  }
}

static void gate(vt_function f, int32_t rows, int32_t n, const float *g, const float *u, float *y, int64_t ldy) {
  switch (f) {
  case VT_IDENTITY: gate_of(VT_IDENTITY, rows, n, g, u, y, ldy); break;
  case VT_SILU: gate_of(VT_SILU, rows, n, g, u, y, ldy); break;
  case VT_GELU: gate_of(VT_GELU, rows, n, g, u, y, ldy); break;
  case VT_GELU_TANH: gate_of(VT_GELU_TANH, rows, n, g, u, y, ldy); break;
  }
}

VT_INLINE void finish_of(const vt_function f, int32_t rows, int32_t n, const float *bias, float *y, int64_t ldy) {
  for (; rows > 0; rows--, y += ldy) {
    int32_t i = 0;
    if (bias)
      for (; i + VT_LANES <= n; i += VT_LANES)
        wide(store)(y + i, vt_function_of(f, wide(add)(wide(load)(y + i), wide(load)(bias + i))));
    else
      for (; i + VT_LANES <= n; i += VT_LANES) wide(store)(y + i, vt_function_of(f, wide(load)(y + i)));
    for (; i < n; i++) y[i] = vt_function_scalar(f, bias ? y[i] + bias[i] : y[i]);
  }
}

static void finish(vt_function f, int32_t rows, int32_t n, const float *bias, float *y, int64_t ldy) {
  switch (f) {
  case VT_IDENTITY: finish_of(VT_IDENTITY, rows, n, bias, y, ldy); break;
  case VT_SILU: finish_of(VT_SILU, rows, n, bias, y, ldy); break;
  case VT_GELU: finish_of(VT_GELU, rows, n, bias, y, ldy); break;
  case VT_GELU_TANH: finish_of(VT_GELU_TANH, rows, n, bias, y, ldy); break;
  }
}
