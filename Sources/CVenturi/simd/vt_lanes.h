// Lanes of float and uint32 as the compiler's own vectors, VT_LANES wide; one lane is plain C. For bodies in which a
// lane never needs another one, so that their bits do not depend on the width. The set's own header comes first.
#ifndef VT_LANES_H
#define VT_LANES_H

#include <stdint.h>

#ifndef VT_INLINE
#define VT_INLINE static inline __attribute__((always_inline))
#endif

#if VT_LANES == 1
typedef float vl;
typedef uint32_t vlu;
typedef float vl_memory;
typedef uint32_t vlu_memory;
VT_INLINE vlu vl_to_int(vl x) { return (uint32_t)(int32_t)x; }
#else
typedef float vl __attribute__((ext_vector_type(VT_LANES)));
typedef uint32_t vlu __attribute__((ext_vector_type(VT_LANES)));
typedef int32_t vli __attribute__((ext_vector_type(VT_LANES)));
typedef float vl_memory __attribute__((ext_vector_type(VT_LANES), aligned(4)));
typedef uint32_t vlu_memory __attribute__((ext_vector_type(VT_LANES), aligned(4)));
VT_INLINE vlu vl_to_int(vl x) { return (vlu)__builtin_convertvector(x, vli); }
#endif

VT_INLINE vl vl_load(const float *p) { return *(const vl_memory *)p; }
VT_INLINE void vl_store(float *p, vl x) { *(vl_memory *)p = x; }
VT_INLINE void vlu_store(uint32_t *p, vlu x) { *(vlu_memory *)p = x; }
VT_INLINE vl vl_min(vl a, vl b) { return a < b ? a : b; }
VT_INLINE vl vl_max(vl a, vl b) { return a > b ? a : b; }
VT_INLINE vl vl_abs(vl x) { return __builtin_elementwise_abs(x); }
VT_INLINE vl vl_sqrt(vl x) { return __builtin_elementwise_sqrt(x); }
VT_INLINE vl vl_fma(vl a, vl b, vl c) { return __builtin_elementwise_fma(a, b, c); }
// Nearest, ties to even; |x| below 2^22.
VT_INLINE vl vl_round(vl x) { return (x + 12582912.0f) - 12582912.0f; }

// Turns VT_LANES rows of VT_LANES floats into columns: perfect shuffles of the upper and the lower half.
VT_INLINE void vl_transpose(vl r[VT_LANES]) {
#if VT_LANES == 16
#define VT_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define VT_HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif VT_LANES == 8
#define VT_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define VT_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#elif VT_LANES == 4
#define VT_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define VT_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif
#if VT_LANES > 1
#pragma clang loop unroll(full)
  for (int round = 1; round < VT_LANES; round *= 2) {
    vl t[VT_LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < VT_LANES / 2; i++) {
      t[2 * i] = VT_LOW(r[i], r[i + VT_LANES / 2]);
      t[2 * i + 1] = VT_HIGH(r[i], r[i + VT_LANES / 2]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < VT_LANES; i++) r[i] = t[i];
  }
#else
  (void)r;
#endif
}

#endif
