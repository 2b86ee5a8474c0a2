#include "vt_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "vt_system.h"

// A job is published by a new generation in the upper half of `ticket`; its lower half is the next item to hand out.
// Claiming an item is a compare-and-swap on the whole word, and the descriptor (count, job, context) changes only while
// the ticket is closed. So a worker that wakes late can never run an item of a job that has ended: had it read a newer
// descriptor, its compare-and-swap would fail.
struct vt_pool {
  _Alignas(64) atomic_uint_least64_t ticket;
  _Alignas(64) atomic_int done;
  _Alignas(64) atomic_int count;
  _Atomic(vt_job) job;
  _Atomic(void *) context;
  _Alignas(64) atomic_int sleepers;
  atomic_int active;
  atomic_bool busy;
  atomic_bool stop;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  int callers_processor; // which workers are kept off; only the caller that holds `busy` looks at it
  int32_t threads;
  bool spins;
  struct worker {
    pthread_t thread;
    vt_pool *pool;
    int32_t index;
  } *workers;
};

enum { CLOSED = INT32_MAX };

static const double spin_seconds = 300e-6;

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void work(vt_pool *pool, uint64_t ticket, int32_t worker) {
  const uint64_t generation = ticket >> 32;
  int finished = 0;
  for (;;) {
    if (ticket >> 32 != generation) break;
    const int32_t item = (int32_t)(ticket & 0xFFFFFFFF);
    if (item == CLOSED || item >= atomic_load_explicit(&pool->count, memory_order_acquire)) break;
    vt_job job = atomic_load_explicit(&pool->job, memory_order_acquire);
    void *context = atomic_load_explicit(&pool->context, memory_order_acquire);
    if (!atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket + 1, memory_order_acq_rel,
                                               memory_order_acquire))
      continue;
    job(context, item, worker);
    finished++;
    ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
  }
  if (finished) atomic_fetch_add_explicit(&pool->done, finished, memory_order_release);
}

static void *worker_main(void *argument) {
  struct worker *self = argument;
  vt_pool *pool = self->pool;
  uint64_t seen = 0;
  for (;;) {
    uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    if (ticket >> 32 == seen && pool->spins) {
      const double deadline = vt_monotonic_seconds() + spin_seconds;
      do {
        for (int i = 0; i < 64; i++) {
          relax();
          ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
          if (ticket >> 32 != seen) break;
        }
      } while (ticket >> 32 == seen && !atomic_load_explicit(&pool->stop, memory_order_relaxed) &&
               vt_monotonic_seconds() < deadline);
    }
    if (ticket >> 32 == seen) {
      pthread_mutex_lock(&pool->lock);
      atomic_fetch_add(&pool->sleepers, 1);
      while ((ticket = atomic_load(&pool->ticket)) >> 32 == seen && !atomic_load(&pool->stop))
        pthread_cond_wait(&pool->wake, &pool->lock);
      atomic_fetch_sub(&pool->sleepers, 1);
      pthread_mutex_unlock(&pool->lock);
    }
    if (atomic_load_explicit(&pool->stop, memory_order_relaxed)) return NULL;
    seen = ticket >> 32;
    if (self->index < atomic_load_explicit(&pool->active, memory_order_relaxed)) work(pool, ticket, self->index);
  }
}

vt_pool *vt_pool_create(int32_t threads) {
  if (threads < 1) threads = 1;
  vt_pool *pool = aligned_alloc(64, (sizeof(vt_pool) + 63) / 64 * 64);
  if (!pool) return NULL;
  atomic_init(&pool->ticket, 0);
  atomic_init(&pool->done, 0);
  atomic_init(&pool->count, 0);
  atomic_init(&pool->job, NULL);
  atomic_init(&pool->context, NULL);
  atomic_init(&pool->sleepers, 0);
  atomic_init(&pool->active, threads);
  atomic_init(&pool->busy, false);
  atomic_init(&pool->stop, false);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pool->callers_processor = -1;
  pool->threads = 1;
  // With fewer processors than threads a spinning worker would take time from the one that has work.
  pool->spins = threads <= vt_available_processors();
  pool->workers = calloc((size_t)threads, sizeof *pool->workers);
  if (!pool->workers) {
    vt_pool_destroy(pool);
    return NULL;
  }
  for (int32_t index = 1; index < threads; index++) {
    struct worker *worker = &pool->workers[index];
    worker->pool = pool;
    worker->index = index;
    if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
      vt_pool_destroy(pool);
      return NULL;
    }
    pool->threads = index + 1;
  }
  return pool;
}

void vt_pool_destroy(vt_pool *pool) {
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->stop, true);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
  for (int32_t index = 1; index < pool->threads; index++) pthread_join(pool->workers[index].thread, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->lock);
  free(pool->workers);
  free(pool);
}

int32_t vt_pool_threads(const vt_pool *pool) { return pool->threads; }

void vt_pool_set_active(vt_pool *pool, int32_t threads) {
  if (threads < 1) threads = 1;
  if (threads > pool->threads) threads = pool->threads;
  atomic_store(&pool->active, threads);
}

// Some schedulers, those that save processors of a virtual machine among them, put a thread on the processor of the one
// that wakes it. There a worker would wait for milliseconds while the caller computes.
static void make_way(vt_pool *pool) {
  const int processor = vt_current_processor();
  if (!pool->spins || processor == pool->callers_processor) return;
  for (int32_t index = 1; index < pool->threads; index++) vt_thread_keep_off(pool->workers[index].thread, processor);
  pool->callers_processor = processor;
}

void vt_pool_run(vt_pool *pool, int32_t count, vt_job job, void *context) {
  if (count <= 0) return;
  bool free_pool = false;
  if (count == 1 || atomic_load_explicit(&pool->active, memory_order_relaxed) == 1 ||
      !atomic_compare_exchange_strong(&pool->busy, &free_pool, true)) {
    for (int32_t item = 0; item < count; item++) job(context, item, 0);
    return;
  }
  make_way(pool);
  const uint64_t generation = ((atomic_load(&pool->ticket) >> 32) + 2) & 0xFFFFFFFF;
  atomic_store(&pool->ticket, ((generation - 1) & 0xFFFFFFFF) << 32 | CLOSED);
  atomic_store_explicit(&pool->done, 0, memory_order_release);
  atomic_store_explicit(&pool->count, count, memory_order_release);
  atomic_store_explicit(&pool->job, job, memory_order_release);
  atomic_store_explicit(&pool->context, context, memory_order_release);
  atomic_store(&pool->ticket, generation << 32);
  if (atomic_load(&pool->sleepers) > 0) {
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
  }
  work(pool, generation << 32, 0);
  for (int spins = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < count; spins++) {
    relax();
    if (spins > 20000) {
      sched_yield();
      spins = 0;
    }
  }
  atomic_store(&pool->busy, false);
}
