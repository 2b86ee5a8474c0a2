// The instruction sets kernels are compiled for, and which of them this processor runs.
#ifndef VT_ISA_H
#define VT_ISA_H

#include <stdbool.h>
#include <stdint.h>

typedef enum vt_isa {
  VT_ISA_REFERENCE = 0, // plain scalar C: the twin of every fast kernel, and the portable build
  VT_ISA_AVX2 = 1,      // AVX2 + FMA + F16C
  VT_ISA_NEON = 2,      // Advanced SIMD of AArch64
  VT_ISA_AVX512 = 3,    // AVX-512 F, BW, DQ, VL and VNNI, on top of AVX2 + FMA + F16C
} vt_isa;

// The fastest set that this processor and operating system support.
vt_isa vt_best_isa(void);

// Whether kernels of `isa` can run here.
bool vt_isa_supported(vt_isa isa);

// A space-separated list of the processor features that matter to kernels, for `--version`; a static string.
const char *vt_cpu_features(void);

#endif
