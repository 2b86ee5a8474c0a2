// The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, 2011).
#ifndef VT_RANDOM_H
#define VT_RANDOM_H

#include <stdint.h>

// The words of `blocks` blocks from number `first` on, four of each.
void vt_philox(uint64_t first, int64_t blocks, uint64_t stream, uint32_t key0, uint32_t key1, uint32_t *words);

#endif
