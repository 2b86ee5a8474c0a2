// Micro-benchmarks of what this machine can do at most: chains of independent multiply-adds from registers, and plain
// reads from memory. Callers time them; nothing here looks at a clock.
#ifndef VT_MEASURE_H
#define VT_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "vt_isa.h"

typedef enum vt_chain {
  VT_CHAIN_F32 = 0, // f32 fused multiply-add
  VT_CHAIN_I8 = 1,  // products of bytes widened to 32 bits at once: weights of 8 bits
  VT_CHAIN_U4 = 2,  // eight products of bytes added in 16 bits before they are widened: weights of 4 bits
  VT_CHAIN_I16 = 3, // products of 16-bit numbers, added in pairs to 32 bits
} vt_chain;

// Runs `rounds` rounds of the chain with the kernels of `isa` on the calling thread. Returns the operations done, a
// multiply and an add counted as two.
double vt_measure_chain(vt_isa isa, vt_chain chain, int64_t rounds);

// Reads `bytes` bytes once, cut into `streams` (1...8) equal runs that advance together, fetching `prefetch` bytes
// ahead of each (0: no prefetch instruction). What does not divide into whole lines of every stream is left out.
// Returns the bytes read.
size_t vt_measure_read(vt_isa isa, const void *base, size_t bytes, int32_t streams, int32_t prefetch);

// The sum of a chain's or a read's last results: a place that keeps the work from being optimised away.
extern volatile int32_t vt_measure_sink;

#endif
