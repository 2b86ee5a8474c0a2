// Bytes of a panel's sixteen columns as pairs of vectors, for the quantised kernels. Include after vt_*_int.h.
#ifndef VT_PAIR_INT_H
#define VT_PAIR_INT_H

#include "vt_pair.h"

typedef struct { v32b a, b; } v64b; // four bytes of k for each column, columns 0-7 and 8-15
typedef struct { v16s a, b; } vdot; // a sum of byte products in the making: two 16-bit sums for each column
typedef struct { v16s a, b; } v32s; // two int16 of k for each column

// Groups of four whose products fit a vdot: 128·15·2·8, 128·31·2·4, 128·63·2·2 and 128·127·2 stay inside int16.
VT_INLINE int vdot_chain(int bits, int groups) {
  const int chain = bits == 4 ? 8 : bits == 5 ? 4 : bits == 6 ? 2 : 1;
  return chain < groups ? chain : groups;
}

// What is added to 8-bit weights to make them unsigned.
enum { VT_BIAS_8 = 0 };

VT_INLINE v64b v64b_load(const void *p) { return (v64b){v32b_load(p), v32b_load((const char *)p + 32)}; }
VT_INLINE v64b v64b_load2(const void *p, const void *q) { return (v64b){v32b_load(p), v32b_load(q)}; }
VT_INLINE void v64b_store(void *p, v64b x) { v32b_store(p, x.a), v32b_store((char *)p + 32, x.b); }
VT_INLINE v64b v64b_broadcast4(const void *p) {
  const v32b x = v32b_broadcast4(p);
  return (v64b){x, x};
}
// The low halves of 32 bytes for columns 0-7, the high halves for 8-15.
VT_INLINE v64b v64b_halves(const void *p) {
  const v32b low = v32b_set(15), packed = v32b_load(p);
  return (v64b){v32b_and(packed, low), v32b_and(v32b_right(packed, 4), low)};
}
VT_INLINE v64b v64b_set(int8_t x) { return (v64b){v32b_set(x), v32b_set(x)}; }
VT_INLINE v64b v64b_add(v64b x, v64b y) { return (v64b){v32b_add(x.a, y.a), v32b_add(x.b, y.b)}; }
// Sixteen bytes for v64b_lookup, and its entries at x (below 16).
VT_INLINE v64b v64b_table(const void *p) {
  const v32b x = v32b_table(p);
  return (v64b){x, x};
}
VT_INLINE v64b v64b_lookup(v64b table, v64b x) { return (v64b){v32b_lookup(table.a, x.a), v32b_lookup(table.b, x.b)}; }
// The bits of `plane`, moved to the right, that `mask` shows.
VT_INLINE v64b v64b_field(v64b plane, int shift, int8_t mask) {
  const v32b m = v32b_set(mask);
  return (v64b){v32b_and(v32b_right(plane.a, shift), m), v32b_and(v32b_right(plane.b, shift), m)};
}
// Signed bytes, two of k for each column in each 32, as four of k for each column.
VT_INLINE v64b v64b_from_pairs(const void *p) {
  const char *bytes = p;
  return (v64b){v32b_interleave2(bytes, bytes + 32), v32b_interleave2(bytes + 16, bytes + 48)};
}
// x with the bits of `plane`, moved to the left (or by -shift to the right), that `mask` shows.
VT_INLINE v64b v64b_with_bits(v64b x, v64b plane, int shift, int8_t mask) {
  const v32b m = v32b_set(mask);
  if (shift >= 0)
    return (v64b){v32b_or(x.a, v32b_and(v32b_left(plane.a, shift), m)),
                  v32b_or(x.b, v32b_and(v32b_left(plane.b, shift), m))};
  return (v64b){v32b_or(x.a, v32b_and(v32b_right(plane.a, -shift), m)),
                v32b_or(x.b, v32b_and(v32b_right(plane.b, -shift), m))};
}
// Weights of `bits` bits times signed bytes; those of eight bits are signed too.
VT_INLINE vdot vdot_first(int bits, v64b w, v64b x) {
  if (bits == 8) return (vdot){v16s_dot_signed(w.a, x.a), v16s_dot_signed(w.b, x.b)};
  return (vdot){v16s_dot(w.a, x.a), v16s_dot(w.b, x.b)};
}
VT_INLINE vdot vdot_next(int bits, vdot sum, v64b w, v64b x) {
  const vdot more = vdot_first(bits, w, x);
  return (vdot){v16s_add(sum.a, more.a), v16s_add(sum.b, more.b)};
}
VT_INLINE v16i vdot_sum(vdot x) { return (v16i){v8i_pairs(x.a), v8i_pairs(x.b)}; }

// A vdot has no room for the zero's share.
enum { VT_WIDE_DOT = 0 };
VT_INLINE vdot vdot_from(const int32_t *negated, int zero, v64b w, v64b x) {
  (void)negated, (void)zero;
  return vdot_first(0, w, x);
}

VT_INLINE v32s v32s_load(const void *p) { return (v32s){v16s_load(p), v16s_load((const char *)p + 32)}; }
VT_INLINE void v32s_store(void *p, v32s x) { v16s_store(p, x.a), v16s_store((char *)p + 32, x.b); }
VT_INLINE v32s v32s_from_i8(const void *p) { return (v32s){v16s_from_i8(p), v16s_from_i8((const char *)p + 16)}; }
// Signed bytes 2·which and 2·which + 1 of each column.
VT_INLINE v32s v32s_from_bytes(v64b x, int which) {
  return (v32s){v16s_from_bytes(x.a, which), v16s_from_bytes(x.b, which)};
}
VT_INLINE v32s v32s_broadcast2(const void *p) { // two int16 over and over
  const v16s x = v16s_broadcast2(p);
  return (v32s){x, x};
}
// sum + w · x, neighbours added.
VT_INLINE v16i v16i_dot(v16i sum, v32s w, v32s x) {
  return (v16i){v8i_add(sum.a, v8i_dot(w.a, x.a)), v8i_add(sum.b, v8i_dot(w.b, x.b))};
}
VT_INLINE v16i v16i_from_u8(const uint8_t *p) { return (v16i){v8i_from_u8(p), v8i_from_u8(p + 8)}; }
VT_INLINE v16f v16f_from_u8(const uint8_t *p) { return (v16f){v8f_from_u8(p), v8f_from_u8(p + 8)}; }
VT_INLINE v16f v16f_from_i8(const uint8_t *p) { return (v16f){v8f_from_i8(p), v8f_from_i8(p + 8)}; }
VT_INLINE v16i v16f_bits(v16f x) { return (v16i){v8f_as_int(x.a), v8f_as_int(x.b)}; }
VT_INLINE int32_t v16i_max_lane(v16i x) { return v8i_max_lane(v8i_max(x.a, x.b)); }
VT_INLINE v16i v16i_max(v16i x, v16i y) { return (v16i){v8i_max(x.a, y.a), v8i_max(x.b, y.b)}; }
// 32 int32, clamped to int8, in order.
VT_INLINE v32b v16i_bytes(v16i x, v16i y) { return v8i_bytes(x.a, x.b, y.a, y.b); }
VT_INLINE void v16i_store_i16(int16_t *p, v16i x) { v8i_store_i16(p, x.a, x.b); }
VT_INLINE v16i v16i_load(const void *p) { return (v16i){v8i_load(p), v8i_load((const char *)p + 32)}; }
VT_INLINE v16i v16i_and(v16i x, v16i y) { return (v16i){v8i_and(x.a, y.a), v8i_and(x.b, y.b)}; }

#endif
