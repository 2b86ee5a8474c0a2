// The widest vector of floats of a kernel set, for bodies that are written once for 8 and 16 lanes: `vwf`, VT_LANES, and
// wide(load) for v8f_load or v16f_load. Include after a simd header.
#ifndef VT_WIDE_H
#define VT_WIDE_H

#ifdef VT_SIXTEEN_LANES
enum { VT_LANES = 16 };
typedef v16f vwf;
#define wide(operation) v16f_##operation
#else
enum { VT_LANES = 8 };
typedef v8f vwf;
#define wide(operation) v8f_##operation
#endif

#endif
