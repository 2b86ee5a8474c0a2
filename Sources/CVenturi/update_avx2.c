#if defined(__x86_64__)
#include "simd/vt_avx2.h"

#include "kernels/update.inc.h"

#pragma clang attribute pop
#endif
