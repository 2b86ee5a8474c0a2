// Runs that are shorter than a vector. Include after a simd header.
#ifndef VT_SOME_H
#define VT_SOME_H

// Up to eight numbers from `p` on; lanes from `count` on hold `filler`.
VT_INLINE v8f vt_some(const float *p, int64_t count, float filler) {
  float lanes[8] = {filler, filler, filler, filler, filler, filler, filler, filler};
  memcpy(lanes, p, (size_t)count * sizeof(float));
  return v8f_load(lanes);
}
VT_INLINE void vt_store_some(float *p, int64_t count, v8f x) {
  float lanes[8];
  v8f_store(lanes, x);
  memcpy(p, lanes, (size_t)count * sizeof(float));
}

#endif
