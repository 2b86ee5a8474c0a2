#include <math.h>

#include "vt_attention.h"

#if defined(__x86_64__)
#define VT_WIDE_512
#include "simd/vt_avx512.h"

#include "simd/vt_wide.h"

#include "kernels/attention.inc.h"

#include "kernels/attention_driver.inc.h"

#pragma clang attribute pop
#endif
