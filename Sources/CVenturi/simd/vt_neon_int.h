// Byte and 16-bit lanes of Advanced SIMD for the quantised kernels. Include after vt_neon.h.
#ifndef VT_SIMD_INT_H
#define VT_SIMD_INT_H

typedef struct { uint8x16_t a, b; } v32b; // 32 bytes
typedef struct { int16x8_t a, b; } v16s;  // 16 int16

VT_INLINE v8i v8i_load(const void *p) { return (v8i){vld1q_s32(p), vld1q_s32((const int32_t *)p + 4)}; }
VT_INLINE v8i v8i_max(v8i x, v8i y) { return (v8i){vmaxq_s32(x.a, y.a), vmaxq_s32(x.b, y.b)}; }
VT_INLINE int32_t v8i_max_lane(v8i x) { return vmaxvq_s32(vmaxq_s32(x.a, x.b)); }
VT_INLINE v8i v8i_and(v8i x, v8i y) { return (v8i){vandq_s32(x.a, y.a), vandq_s32(x.b, y.b)}; }
VT_INLINE v32b v32b_load(const void *p) { return (v32b){vld1q_u8(p), vld1q_u8((const uint8_t *)p + 16)}; }
VT_INLINE void v32b_store(void *p, v32b x) { vst1q_u8(p, x.a), vst1q_u8((uint8_t *)p + 16, x.b); }
VT_INLINE v32b v32b_set(int8_t x) { return (v32b){vdupq_n_u8((uint8_t)x), vdupq_n_u8((uint8_t)x)}; }
VT_INLINE v32b v32b_and(v32b x, v32b y) { return (v32b){vandq_u8(x.a, y.a), vandq_u8(x.b, y.b)}; }
VT_INLINE v32b v32b_or(v32b x, v32b y) { return (v32b){vorrq_u8(x.a, y.a), vorrq_u8(x.b, y.b)}; }
VT_INLINE v32b v32b_add(v32b x, v32b y) { return (v32b){vaddq_u8(x.a, y.a), vaddq_u8(x.b, y.b)}; }
// Sixteen bytes for v32b_lookup, and its entries at x (below 16).
VT_INLINE v32b v32b_table(const void *p) { return (v32b){vld1q_u8(p), vld1q_u8(p)}; }
VT_INLINE v32b v32b_lookup(v32b table, v32b x) { return (v32b){vqtbl1q_u8(table.a, x.a), vqtbl1q_u8(table.b, x.b)}; }
VT_INLINE v32b v32b_left(v32b x, int bits) {
  int8x16_t n = vdupq_n_s8((int8_t)bits);
  return (v32b){vshlq_u8(x.a, n), vshlq_u8(x.b, n)};
}
VT_INLINE v32b v32b_right(v32b x, int bits) { return v32b_left(x, -bits); }
VT_INLINE v32b v32b_broadcast4(const void *p) {
  uint32_t value;
  memcpy(&value, p, 4);
  uint8x16_t all = vreinterpretq_u8_u32(vdupq_n_u32(value));
  return (v32b){all, all};
}
VT_INLINE v16s v16s_load(const void *p) { return (v16s){vld1q_s16(p), vld1q_s16((const int16_t *)p + 8)}; }
VT_INLINE void v16s_store(void *p, v16s x) { vst1q_s16(p, x.a), vst1q_s16((int16_t *)p + 8, x.b); }
VT_INLINE v16s v16s_from_i8(const void *p) {
  int8x16_t bytes = vld1q_s8(p);
  return (v16s){vmovl_s8(vget_low_s8(bytes)), vmovl_high_s8(bytes)};
}
// Signed bytes 2·which and 2·which + 1 of each four.
VT_INLINE int16x8_t v16s_half_from_bytes(uint8x16_t x, int which) {
  // Pairs of bytes of the low or high halves of the 32-bit lanes, side by side.
  const uint16x8_t lanes = vreinterpretq_u16_u8(x);
  const uint16x8_t pairs = which ? vuzp2q_u16(lanes, lanes) : vuzp1q_u16(lanes, lanes);
  return vmovl_s8(vget_low_s8(vreinterpretq_s8_u16(pairs)));
}
VT_INLINE v16s v16s_from_bytes(v32b x, int which) {
  return (v16s){v16s_half_from_bytes(x.a, which), v16s_half_from_bytes(x.b, which)};
}
VT_INLINE v16s v16s_broadcast2(const void *p) {
  v32b all = v32b_broadcast4(p);
  return (v16s){vreinterpretq_s16_u8(all.a), vreinterpretq_s16_u8(all.b)};
}
VT_INLINE v16s v16s_add(v16s x, v16s y) { return (v16s){vaddq_s16(x.a, y.a), vaddq_s16(x.b, y.b)}; }
// The unsigned side is below 128 everywhere in these kernels, so it may be read as signed.
VT_INLINE int16x8_t v16s_dot_half(uint8x16_t u, uint8x16_t s) {
  int8x16_t x = vreinterpretq_s8_u8(u), y = vreinterpretq_s8_u8(s);
  return vpaddq_s16(vmull_s8(vget_low_s8(x), vget_low_s8(y)), vmull_high_s8(x, y));
}
VT_INLINE v16s v16s_dot(v32b u, v32b s) { return (v16s){v16s_dot_half(u.a, s.a), v16s_dot_half(u.b, s.b)}; }
VT_INLINE v16s v16s_dot_signed(v32b w, v32b s) { return v16s_dot(w, s); }
// 16 bytes at p and 16 at q, two from each in turn.
VT_INLINE v32b v32b_interleave2(const void *p, const void *q) {
  const uint16x8_t a = vreinterpretq_u16_u8(vld1q_u8(p)), b = vreinterpretq_u16_u8(vld1q_u8(q));
  return (v32b){vreinterpretq_u8_u16(vzip1q_u16(a, b)), vreinterpretq_u8_u16(vzip2q_u16(a, b))};
}
VT_INLINE v8i v8i_pairs(v16s x) { return (v8i){vpaddlq_s16(x.a), vpaddlq_s16(x.b)}; }
VT_INLINE int32x4_t v8i_dot_half(int16x8_t x, int16x8_t y) {
  return vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}
VT_INLINE v8i v8i_dot(v16s x, v16s y) { return (v8i){v8i_dot_half(x.a, y.a), v8i_dot_half(x.b, y.b)}; }
VT_INLINE v8i v8i_from_u8(const uint8_t *p) {
  uint16x8_t wide = vmovl_u8(vld1_u8(p));
  return (v8i){vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(wide))), vreinterpretq_s32_u32(vmovl_high_u16(wide))};
}
VT_INLINE v8f v8f_from_u8(const uint8_t *p) { return v8f_from_i32(v8i_from_u8(p)); }
VT_INLINE int16x8_t v8i_narrow(v8i x) { return vcombine_s16(vqmovn_s32(x.a), vqmovn_s32(x.b)); }
VT_INLINE v32b v8i_bytes(v8i a, v8i b, v8i c, v8i d) {
  return (v32b){vreinterpretq_u8_s8(vcombine_s8(vqmovn_s16(v8i_narrow(a)), vqmovn_s16(v8i_narrow(b)))),
                vreinterpretq_u8_s8(vcombine_s8(vqmovn_s16(v8i_narrow(c)), vqmovn_s16(v8i_narrow(d))))};
}
// The sums of the first and of the last 16 signed bytes.
VT_INLINE void v32b_sums(v32b x, int32_t sums[2]) {
  sums[0] = vaddlvq_s8(vreinterpretq_s8_u8(x.a));
  sums[1] = vaddlvq_s8(vreinterpretq_s8_u8(x.b));
}
VT_INLINE void v8i_store_i16(int16_t *p, v8i a, v8i b) { vst1q_s16(p, v8i_narrow(a)), vst1q_s16(p + 8, v8i_narrow(b)); }

#endif
