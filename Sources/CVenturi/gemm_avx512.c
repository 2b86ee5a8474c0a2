#if defined(__x86_64__)
#include "simd/vt_avx512.h"

#include "kernels/gemm.inc.h"

#pragma clang attribute pop
#endif
