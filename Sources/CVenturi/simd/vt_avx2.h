// AVX2 for the shared kernel bodies. Include first in a translation unit; everything after it is compiled for AVX2, FMA
// and F16C.
#ifndef VT_SIMD_H
#define VT_SIMD_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#pragma STDC FP_CONTRACT OFF // only explicit fused operations: the scalar twins must agree bit for bit

#define VT_SUFFIX(name) name##_avx2

#include "vt_x86.h"

#endif
