// Products with packed weights for AVX2.
#if defined(__x86_64__)
#include "simd/vt_avx2.h"
#include "simd/vt_avx2_int.h"

#include "kernels/linear.inc.h"

#pragma clang attribute pop
#endif
