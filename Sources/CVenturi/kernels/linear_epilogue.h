// A function of a product's sums as a scalar; include after functions.h. `vt_linear.h` has the names.
#ifndef VT_LINEAR_EPILOGUE_H
#define VT_LINEAR_EPILOGUE_H

#include "../include/vt_linear.h"
#include "functions.h"

static inline float vt_function_scalar(vt_function f, float x) {
  switch (f) {
  case VT_IDENTITY: return x;
  case VT_SILU: return vt_silu_scalar(x);
  case VT_GELU: return vt_gelu_scalar(x);
  case VT_GELU_TANH: return vt_gelu_tanh_scalar(x);
  }
  return x;
}

#endif
