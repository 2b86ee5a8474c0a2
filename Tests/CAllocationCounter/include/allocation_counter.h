// Counts heap allocations of the process, so that a test can show that a stretch of code makes none.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H
#include <stdbool.h>
#include <stdint.h>

// Calls of malloc, calloc, realloc, aligned_alloc and posix_memalign so far, over all threads.
uint64_t allocation_count(void);

// Whether allocations are counted: not under the sanitizers, which have their own malloc.
bool allocation_count_works(void);

#endif
