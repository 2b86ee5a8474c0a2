// Products with packed weights for Advanced SIMD.
#if defined(__aarch64__)
#include "simd/vt_neon.h"
#include "simd/vt_neon_int.h"
#include "simd/vt_pair_int.h"

// Rows of a tile: as many as leave all sums in registers.
enum { VT_TILE_I8 = 4, VT_TILE_I8X2 = 2, VT_TILE_I16 = 4 };

#include "kernels/linear.inc.h"
#endif
