// Quantising for AVX2: eight sub-blocks at once.
#if defined(__x86_64__)
#include "simd/vt_avx2.h"

#define VT_LANES 8
#include "kernels/quantize.inc.h"

#pragma clang attribute pop
#endif
