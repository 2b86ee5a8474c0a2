// Quantising sub-block after sub-block in plain C, the twin of the sets of kernels; and what needs no set.
#define VT_SUFFIX(name) name##_reference
#define VT_LANES 1
#include "kernels/quantize.inc.h"

#if defined(__x86_64__)
extern const vt_quantize_kernels vt_quantize_kernels_avx2, vt_quantize_kernels_avx512;
#elif defined(__aarch64__)
extern const vt_quantize_kernels vt_quantize_kernels_neon;
#endif

const vt_quantize_kernels *vt_quantize_kernels_for(vt_isa isa) {
#if defined(__x86_64__)
  if (isa == VT_ISA_AVX512) return &vt_quantize_kernels_avx512;
  if (isa == VT_ISA_AVX2) return &vt_quantize_kernels_avx2;
#elif defined(__aarch64__)
  if (isa == VT_ISA_NEON) return &vt_quantize_kernels_neon;
#endif
  (void)isa;
  return &vt_quantize_kernels_reference;
}

int64_t vt_first_beyond(int64_t count, const float *x, float limit) {
  for (int64_t start = 0; start < count; start += 256) {
    const int64_t end = start + 256 < count ? start + 256 : count;
    int32_t found = 0;
    for (int64_t i = start; i < end; i++) found |= !(fabsf(x[i]) < limit);
    if (!found) continue;
    for (int64_t i = start; i < end; i++)
      if (!(fabsf(x[i]) < limit)) return i;
  }
  return -1;
}
