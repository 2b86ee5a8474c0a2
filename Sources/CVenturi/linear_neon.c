// Products with packed weights for Advanced SIMD.
#if defined(__aarch64__)
#include "simd/vt_neon.h"
#include "simd/vt_neon_int.h"

#include "kernels/linear.inc.h"
#endif
