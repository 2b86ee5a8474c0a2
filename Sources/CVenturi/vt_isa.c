#include "vt_isa.h"

#include <stdio.h>
#include <string.h>

bool vt_isa_supported(vt_isa isa) {
  switch (isa) {
  case VT_ISA_REFERENCE:
    return true;
  case VT_ISA_AVX2:
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
#else
    return false;
#endif
  case VT_ISA_AVX512:
#if defined(__x86_64__)
    return vt_isa_supported(VT_ISA_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
#else
    return false;
#endif
  case VT_ISA_NEON:
#if defined(__aarch64__)
    return true;
#else
    return false;
#endif
  }
  return false;
}

vt_isa vt_best_isa(void) {
  if (vt_isa_supported(VT_ISA_AVX512)) return VT_ISA_AVX512;
  if (vt_isa_supported(VT_ISA_AVX2)) return VT_ISA_AVX2;
  if (vt_isa_supported(VT_ISA_NEON)) return VT_ISA_NEON;
  return VT_ISA_REFERENCE;
}

const char *vt_cpu_features(void) {
#if defined(__x86_64__)
  static char text[96];
  // Built anew at each call to the same bytes, so concurrent callers never see another string.
  char built[96] = "x86-64";
  if (__builtin_cpu_supports("avx")) strcat(built, " avx");
  if (__builtin_cpu_supports("avx2")) strcat(built, " avx2");
  if (__builtin_cpu_supports("fma")) strcat(built, " fma");
  if (__builtin_cpu_supports("f16c")) strcat(built, " f16c");
  if (__builtin_cpu_supports("bmi2")) strcat(built, " bmi2");
  if (__builtin_cpu_supports("avx512f")) strcat(built, " avx512f");
  if (__builtin_cpu_supports("avx512vnni")) strcat(built, " avx512vnni");
  memcpy(text, built, sizeof built);
  return text;
#elif defined(__aarch64__)
  return "aarch64 neon";
#else
  return "portable";
#endif
}
