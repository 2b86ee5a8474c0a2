// Every call that differs between operating systems.
#ifndef VT_SYSTEM_H
#define VT_SYSTEM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The processors this process may run on, at least 1.
int vt_available_processors(void);

// The processor that the calling thread is on; -1 where the system does not tell.
int vt_current_processor(void);

// A set of processors, one bit each.
typedef struct vt_processors {
  uint64_t bits[16];
} vt_processors;

// The processors that the calling thread may run on; none where the system does not tell.
vt_processors vt_allowed_processors(void);

// Lets `thread` run on those of `allowed` that are not `processor`, if there are any.
void vt_thread_keep_off(pthread_t thread, const vt_processors *allowed, int processor);

// Seconds on a clock that never goes back.
double vt_monotonic_seconds(void);

// A counter that never goes back and counts at a steady rate, which a comparison with vt_monotonic_seconds gives: the
// processor's own where it has one, several times cheaper to read than the clock.
uint64_t vt_ticks(void);

// Large blocks of page-aligned memory; huge pages are asked for from 2 MiB on. NULL when there is none to be had.
void *vt_pages_allocate(size_t bytes);
// Pages that count for nothing until they are written to: address space for what may never be there. NULL when there is
// none.
void *vt_pages_reserve(size_t bytes);
void vt_pages_free(void *base, size_t bytes);

// Maps a file read-only. Returns 0 and fills base and bytes, or the errno of the step that failed.
// An empty file maps to base NULL and bytes 0. What is missing when it is read, because the file became shorter or its
// disk fails, reads as zeros instead of raising SIGBUS; whoever has read asks vt_file_changed before using it.
int vt_file_map(const char *path, const void **base, size_t *bytes);
void vt_file_unmap(const void *base, size_t bytes);
// Whether a part of the mapped file was missing when it was read, or the file is no longer as long or as old as it was.
bool vt_file_changed(const void *base);

// Tells the system that a mapped range is read no more.
void vt_advise_done(const void *base, size_t bytes);

// Resident memory of this process in bytes: the peak, and the current private (anonymous) and file-backed parts;
// 0 where the system does not tell.
typedef struct vt_memory_usage {
  uint64_t peak_resident;
  uint64_t resident_anonymous;
  uint64_t resident_file;
} vt_memory_usage;
vt_memory_usage vt_memory_usage_now(void);

// Bytes of memory that can be had without swapping, within the limits of this process and its control group; the largest
// number where the system does not tell.
uint64_t vt_available_memory(void);

// Gives memory that was freed, and that the allocator keeps for later, back to the system where there is a way.
void vt_give_back_free_memory(void);

// Seconds since this process was started by the system; negative where the system does not tell.
double vt_seconds_since_process_start(void);

#endif
