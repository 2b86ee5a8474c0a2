#if defined(__aarch64__)
#include "simd/vt_neon.h"

#include "kernels/window.inc.h"
#endif
