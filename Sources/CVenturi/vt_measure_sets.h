// The measuring kernels of each instruction set; only vt_measure.c calls them.
#ifndef VT_MEASURE_SETS_H
#define VT_MEASURE_SETS_H

#include "vt_measure.h"

enum { VT_MEASURE_LINE = 64 };

#if defined(__x86_64__)
double vt_measure_chain_avx2(vt_chain chain, int64_t rounds);
double vt_measure_chain_avx512(vt_chain chain, int64_t rounds);
void vt_measure_read_avx2(const char *base, size_t run, int32_t streams, int32_t prefetch);
#elif defined(__aarch64__)
double vt_measure_chain_neon(vt_chain chain, int64_t rounds);
void vt_measure_read_neon(const char *base, size_t run, int32_t streams, int32_t prefetch);
#endif

#endif
