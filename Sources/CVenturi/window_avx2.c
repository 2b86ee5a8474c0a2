#if defined(__x86_64__)
#include "simd/vt_avx2.h"

#include "kernels/window.inc.h"

#pragma clang attribute pop
#endif
