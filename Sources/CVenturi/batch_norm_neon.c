#if defined(__aarch64__)
#include "simd/vt_neon.h"

#include "kernels/batch_norm.inc.h"
#endif
