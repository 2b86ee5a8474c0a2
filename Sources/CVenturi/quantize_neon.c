// Quantising for Advanced SIMD: four sub-blocks at once.
#if defined(__aarch64__)
#include "simd/vt_neon.h"

#define VT_LANES 4
#include "kernels/quantize.inc.h"
#endif
