#include <math.h>

#include "vt_attention.h"

#if defined(__x86_64__)
#include "simd/vt_avx512.h"

#include "kernels/attention.inc.h"
#include "kernels/attention_driver.inc.h"

#pragma clang attribute pop
#endif
