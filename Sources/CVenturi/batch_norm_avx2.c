#if defined(__x86_64__)
#include "simd/vt_avx2.h"

#include "kernels/batch_norm.inc.h"

#pragma clang attribute pop
#endif
