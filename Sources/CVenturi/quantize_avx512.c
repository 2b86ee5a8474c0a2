// Quantising for AVX-512: sixteen sub-blocks at once.
#if defined(__x86_64__)
#include "simd/vt_avx512.h"

#define VT_LANES 16
#include "kernels/quantize.inc.h"

#pragma clang attribute pop
#endif
