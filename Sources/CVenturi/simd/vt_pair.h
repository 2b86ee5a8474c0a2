// Sixteen lanes as two vectors of eight, for instruction sets without wider registers: a panel's width for every kernel body.
#ifndef VT_PAIR_H
#define VT_PAIR_H

typedef struct { v8f a, b; } v16f; // 16 floats
typedef struct { v8i a, b; } v16i; // 16 int32

VT_INLINE v16f v16f_load(const float *p) { return (v16f){v8f_load(p), v8f_load(p + 8)}; }
VT_INLINE void v16f_store(float *p, v16f x) { v8f_store(p, x.a), v8f_store(p + 8, x.b); }
VT_INLINE v16f v16f_set(float x) { return (v16f){v8f_set(x), v8f_set(x)}; }
VT_INLINE v16f v16f_broadcast(const float *p) {
  const v8f x = v8f_broadcast(p);
  return (v16f){x, x};
}
VT_INLINE v16f v16f_zero(void) { return (v16f){v8f_zero(), v8f_zero()}; }
VT_INLINE v16f v16f_add(v16f x, v16f y) { return (v16f){v8f_add(x.a, y.a), v8f_add(x.b, y.b)}; }
VT_INLINE v16f v16f_sub(v16f x, v16f y) { return (v16f){v8f_sub(x.a, y.a), v8f_sub(x.b, y.b)}; }
VT_INLINE v16f v16f_mul(v16f x, v16f y) { return (v16f){v8f_mul(x.a, y.a), v8f_mul(x.b, y.b)}; }
VT_INLINE v16f v16f_div(v16f x, v16f y) { return (v16f){v8f_div(x.a, y.a), v8f_div(x.b, y.b)}; }
VT_INLINE v16f v16f_max(v16f x, v16f y) { return (v16f){v8f_max(x.a, y.a), v8f_max(x.b, y.b)}; }
// x * y + z, one rounding
VT_INLINE v16f v16f_fma(v16f x, v16f y, v16f z) { return (v16f){v8f_fma(x.a, y.a, z.a), v8f_fma(x.b, y.b, z.b)}; }
VT_INLINE v16f v16f_from_f16(const uint16_t *p) { return (v16f){v8f_from_f16(p), v8f_from_f16(p + 8)}; }
VT_INLINE v16f v16f_from_bf16(const uint16_t *p) { return (v16f){v8f_from_bf16(p), v8f_from_bf16(p + 8)}; }
VT_INLINE v16i v16i_nearest(v16f x) { return (v16i){v8i_nearest(x.a), v8i_nearest(x.b)}; } // nearest, ties to even
VT_INLINE v16f v16f_from_i32(v16i x) { return (v16f){v8f_from_i32(x.a), v8f_from_i32(x.b)}; }
VT_INLINE v16i v16i_add(v16i x, v16i y) { return (v16i){v8i_add(x.a, y.a), v8i_add(x.b, y.b)}; }
VT_INLINE v16i v16i_sub(v16i x, v16i y) { return (v16i){v8i_sub(x.a, y.a), v8i_sub(x.b, y.b)}; }
VT_INLINE v16i v16i_set(int32_t x) { return (v16i){v8i_set(x), v8i_set(x)}; }
VT_INLINE v16i v16i_shift_left(v16i x, int bits) {
  return (v16i){v8i_shift_left(x.a, bits), v8i_shift_left(x.b, bits)};
}
VT_INLINE v16i v16i_shift_right(v16i x, int bits) { // arithmetic
  return (v16i){v8i_shift_right(x.a, bits), v8i_shift_right(x.b, bits)};
}

#endif
