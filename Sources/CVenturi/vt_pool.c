#include "vt_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "vt_system.h"

// Each worker has a share of a job's items, a run of neighbours, in a word of its own: the next item in the lower half, the
// end in the upper one. It takes items from the front; who has finished takes from the ends of the others' shares. So
// items are handed out without a fight over one counter, and neighbours, which touch neighbouring memory, stay together.
//
// A successful compare-and-swap is the right to an item of the job that is published: the descriptor (job, context)
// changes only when every item of the job before has been done, so a worker that wakes late finds empty shares or
// the new job's, never an old item.
struct vt_pool {
  struct share {
    _Alignas(64) atomic_uint_least64_t items;
  } *shares; // `count` of them
  int32_t count;
  _Alignas(64) atomic_int done;
  _Alignas(64) _Atomic(vt_job) job;
  _Atomic(void *) context;
  atomic_int sleepers;
  atomic_bool busy;
  atomic_bool stop;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  vt_processors allowed; // where workers may run: what the thread that made the pool might
  int callers_processor; // which workers are kept off; only the caller that holds `busy` looks at it
  int32_t threads; // started, the caller included
  bool spins;
  struct worker {
    pthread_t thread;
    vt_pool *pool;
    int32_t index;
  } *workers;
};

static const double spin_seconds = 300e-6;

// A repeated `pause` leaves a virtual machine: with it prefill was 3 to 6 % slower in one.
static inline void relax(void) {
#if defined(__x86_64__)
  __asm__ volatile("nop\n nop\n nop\n nop" ::: "memory");
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static inline bool is_empty(uint64_t items) { return (uint32_t)items >= items >> 32; }

// Takes an item from the front of a share, or from its end; -1 when there is none.
static int32_t take(struct share *share, bool from_end) {
  uint64_t items = atomic_load_explicit(&share->items, memory_order_acquire);
  while (!is_empty(items)) {
    const uint64_t left = from_end ? items - (1ull << 32) : items + 1;
    if (atomic_compare_exchange_weak_explicit(&share->items, &items, left, memory_order_acq_rel, memory_order_acquire))
      return from_end ? (int32_t)(left >> 32) : (int32_t)(uint32_t)items;
  }
  return -1;
}

static void work(vt_pool *pool, int32_t worker) {
  int finished = 0;
  for (int32_t other = 0; other < pool->count; other++) {
    struct share *share = &pool->shares[(worker + other) % pool->count];
    for (int32_t item; (item = take(share, other > 0)) >= 0; finished++)
      atomic_load_explicit(&pool->job, memory_order_acquire)(atomic_load_explicit(&pool->context, memory_order_acquire),
                                                             item, worker);
  }
  if (finished) atomic_fetch_add_explicit(&pool->done, finished, memory_order_release);
}

static void *worker_main(void *argument) {
  struct worker *self = argument;
  vt_pool *pool = self->pool;
  struct share *own = &pool->shares[self->index];
  for (;;) {
    bool empty = is_empty(atomic_load_explicit(&own->items, memory_order_acquire));
    if (empty && pool->spins) {
      const double deadline = vt_monotonic_seconds() + spin_seconds;
      do {
        for (int i = 0; i < 64 && empty; i++) {
          relax();
          empty = is_empty(atomic_load_explicit(&own->items, memory_order_acquire));
        }
      } while (empty && !atomic_load_explicit(&pool->stop, memory_order_relaxed) && vt_monotonic_seconds() < deadline);
    }
    if (empty) {
      pthread_mutex_lock(&pool->lock);
      atomic_fetch_add(&pool->sleepers, 1);
      while (is_empty(atomic_load(&own->items)) && !atomic_load(&pool->stop)) pthread_cond_wait(&pool->wake, &pool->lock);
      atomic_fetch_sub(&pool->sleepers, 1);
      pthread_mutex_unlock(&pool->lock);
    }
    if (atomic_load_explicit(&pool->stop, memory_order_relaxed)) return NULL;
    work(pool, self->index);
  }
}

vt_pool *vt_pool_create(int32_t threads) {
  if (threads < 1) threads = 1;
  vt_pool *pool = aligned_alloc(64, (sizeof(vt_pool) + 63) / 64 * 64);
  if (!pool) return NULL;
  atomic_init(&pool->done, 0);
  atomic_init(&pool->job, NULL);
  atomic_init(&pool->context, NULL);
  atomic_init(&pool->sleepers, 0);
  atomic_init(&pool->busy, false);
  atomic_init(&pool->stop, false);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pool->allowed = vt_allowed_processors();
  pool->callers_processor = -1;
  pool->threads = 1;
  pool->count = threads;
  // With fewer processors than threads a spinning worker would take time from the one that has work.
  pool->spins = threads <= vt_available_processors();
  pool->workers = calloc((size_t)threads, sizeof *pool->workers);
  pool->shares = aligned_alloc(64, (size_t)threads * sizeof *pool->shares);
  if (!pool->workers || !pool->shares) {
    vt_pool_destroy(pool);
    return NULL;
  }
  for (int32_t index = 0; index < threads; index++) atomic_init(&pool->shares[index].items, 0);
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
  free(pool->shares);
  free(pool);
}

int32_t vt_pool_threads(const vt_pool *pool) { return pool->threads; }

// Some schedulers, those that save processors of a virtual machine among them, put a thread on the processor of the one
// that wakes it. There a worker would wait for milliseconds while the caller computes. Where the caller may run says
// nothing about the workers: it may be pinned, and the next one elsewhere. A pool that spins has a processor for each
// thread, so those that remain are enough.
static void make_way(vt_pool *pool) {
  const int processor = vt_current_processor();
  if (!pool->spins || processor == pool->callers_processor) return;
  for (int32_t index = 1; index < pool->threads; index++)
    vt_thread_keep_off(pool->workers[index].thread, &pool->allowed, processor);
  pool->callers_processor = processor;
}

void vt_pool_run(vt_pool *pool, int32_t count, vt_job job, void *context) {
  if (count <= 0) return;
  bool free_pool = false;
  if (count == 1 || pool->count == 1 || !atomic_compare_exchange_strong(&pool->busy, &free_pool, true)) {
    for (int32_t item = 0; item < count; item++) job(context, item, 0);
    return;
  }
  make_way(pool);
  atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
  atomic_store_explicit(&pool->job, job, memory_order_relaxed);
  atomic_store_explicit(&pool->context, context, memory_order_relaxed);
  const int64_t shares = pool->count;
  for (int64_t worker = shares - 1; worker >= 0; worker--) {
    const uint64_t first = (uint64_t)(count * worker / shares), end = (uint64_t)(count * (worker + 1) / shares);
    atomic_store(&pool->shares[worker].items, end << 32 | first);
  }
  if (atomic_load(&pool->sleepers) > 0) {
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
  }
  work(pool, 0);
  for (int spins = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < count; spins++) {
    relax();
    if (spins > 20000) {
      sched_yield();
      spins = 0;
    }
  }
  atomic_store(&pool->busy, false);
}
