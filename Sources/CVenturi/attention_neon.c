#include <math.h>

#include "vt_attention.h"

#if defined(__aarch64__)
#include "simd/vt_neon.h"

#include "kernels/attention.inc.h"
#include "kernels/attention_driver.inc.h"
#endif
