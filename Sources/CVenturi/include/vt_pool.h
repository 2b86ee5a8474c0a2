// A fork-join pool: workers spin for a short while after each job, so that the next fork costs under a microsecond, and
// sleep when none comes.
#ifndef VT_POOL_H
#define VT_POOL_H

#include <stdint.h>

typedef struct vt_pool vt_pool;

// Runs one item of a job. `worker` is 0 for the calling thread and 1... for the others: an index for
// scratch that belongs to this one call of vt_pool_run (two calls may both see worker 0).
typedef void (*vt_job)(void *context, int32_t item, int32_t worker);

// A pool of `threads` including the caller; 1 makes a pool without workers. NULL when threads cannot be started.
vt_pool *vt_pool_create(int32_t threads);
// Joins the workers. No job may be running.
void vt_pool_destroy(vt_pool *pool);

int32_t vt_pool_threads(const vt_pool *pool);

// Runs items 0..<count, each exactly once, neighbours on one thread as far as that balances; returns when all are done.
// A call while another job runs (from a second thread, or from inside a job) runs its items on the caller alone.
void vt_pool_run(vt_pool *pool, int32_t count, vt_job job, void *context);

#endif
