// Products with packed weights for AVX-512.
#if defined(__x86_64__)
#include "simd/vt_avx512.h"
#include "simd/vt_avx2_int.h"
#include "simd/vt_avx512_int.h"

// Rows of a tile: as many as leave all sums in registers.
enum { VT_TILE_I8 = 12, VT_TILE_I8X2 = 8, VT_TILE_I16 = 12 };

#include "kernels/linear.inc.h"

#pragma clang attribute pop
#endif
