// One file because these are all the calls that differ between systems: another system is another file of this kind.
#define _GNU_SOURCE
#include "vt_system.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

int vt_available_processors(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    int count = CPU_COUNT(&set);
    if (count > 0) return count;
  }
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

int vt_current_processor(void) {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

vt_processors vt_allowed_processors(void) {
  vt_processors allowed = {{0}};
#if defined(__linux__)
  cpu_set_t set;
  _Static_assert(sizeof allowed == sizeof set, "as many processors");
  if (sched_getaffinity(0, sizeof set, &set) == 0) memcpy(&allowed, &set, sizeof set);
#endif
  return allowed;
}

void vt_thread_keep_off(pthread_t thread, const vt_processors *allowed, int processor) {
#if defined(__linux__)
  cpu_set_t set;
  memcpy(&set, allowed, sizeof set);
  if (processor < 0 || processor >= CPU_SETSIZE) return;
  CPU_CLR(processor, &set);
  if (CPU_COUNT(&set) > 0) pthread_setaffinity_np(thread, sizeof set, &set);
#else
  (void)thread;
  (void)allowed;
  (void)processor;
#endif
}

double vt_monotonic_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#if !defined(__aarch64__)
static uint64_t clock_ticks(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
#endif

#if defined(__x86_64__)
// Whether the time stamp counter runs at one rate in all states of the processor: bit 8 of EDX of leaf 0x80000007.
static int has_steady_counter(void) {
  static _Atomic int known; // 0 not asked yet, 1 no, 2 yes
  int state = atomic_load_explicit(&known, memory_order_relaxed);
  if (state == 0) {
    unsigned a, b, c, d = 0;
    state = __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8) ? 2 : 1;
    atomic_store_explicit(&known, state, memory_order_relaxed);
  }
  return state == 2;
}
#endif

uint64_t vt_ticks(void) {
#if defined(__x86_64__)
  return has_steady_counter() ? __builtin_ia32_rdtsc() : clock_ticks();
#elif defined(__aarch64__)
  uint64_t now;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(now));
  return now;
#else
  return clock_ticks();
#endif
}

enum { HUGE_PAGE = 2 << 20 };

// The system is asked once, by whoever comes first: never by the handler of SIGBUS, which comes after catch_bus_errors.
static size_t page_bytes(void) {
  static atomic_size_t known;
  size_t bytes = atomic_load_explicit(&known, memory_order_relaxed);
  if (bytes == 0) {
    const long answer = sysconf(_SC_PAGESIZE);
    bytes = answer > 0 ? (size_t)answer : 4096;
    atomic_store_explicit(&known, bytes, memory_order_relaxed);
  }
  return bytes;
}

static size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

void *vt_pages_allocate(size_t bytes) {
  if (bytes == 0 || bytes > SIZE_MAX / 2) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes >= HUGE_PAGE) {
    // A huge page needs an aligned start: map a little more and give the edges back.
    size_t wanted = rounded(bytes, page_bytes()), mapped = wanted + HUGE_PAGE;
    char *raw = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED) return NULL;
    char *base = (char *)rounded((size_t)raw, HUGE_PAGE);
    if (base > raw) munmap(raw, (size_t)(base - raw));
    size_t tail = (size_t)(raw + mapped - (base + wanted));
    if (tail > 0) munmap(base + wanted, tail);
    madvise(base, wanted, MADV_HUGEPAGE);
    return base;
  }
#endif
  void *base = mmap(NULL, rounded(bytes, page_bytes()), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return base == MAP_FAILED ? NULL : base;
}

void *vt_pages_reserve(size_t bytes) {
  if (bytes == 0 || bytes > SIZE_MAX / 2) return NULL;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_NORESERVE
  flags |= MAP_NORESERVE;
#endif
  void *base = mmap(NULL, rounded(bytes, page_bytes()), PROT_READ | PROT_WRITE, flags, -1, 0);
  return base == MAP_FAILED ? NULL : base;
}

void vt_pages_free(void *base, size_t bytes) {
  if (base) munmap(base, rounded(bytes, page_bytes()));
}

// What is known of a mapped file. Nodes are never freed, only used again, so that the signal handler may walk the list
// at any moment.
typedef struct mapping {
  struct mapping *next;
  atomic_uintptr_t start; // 0 while the node is free
  atomic_size_t bytes;
  atomic_bool lost;
  int file;
  struct stat info;
} mapping;

static _Atomic(mapping *) mappings;
static pthread_mutex_t mappings_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction previous_bus_action;

static mapping *mapping_at(uintptr_t address) {
  for (mapping *each = atomic_load(&mappings); each; each = each->next) {
    uintptr_t start = atomic_load(&each->start);
    if (start && address >= start && address - start < rounded(atomic_load(&each->bytes), page_bytes())) return each;
  }
  return NULL;
}

// Where a file has become shorter than its mapping, or its disk fails, reading raises SIGBUS. The rest of the mapping
// is replaced by zeros and marked, so that whoever reads goes on and is told afterwards. Other signals go where they
// went before.
static void on_bus_error(int signal, siginfo_t *info, void *context) {
  int saved = errno;
  mapping *owner = info->si_code > 0 ? mapping_at((uintptr_t)info->si_addr) : NULL;
  if (owner) {
    atomic_store(&owner->lost, true);
    uintptr_t page = (uintptr_t)info->si_addr / page_bytes() * page_bytes();
    uintptr_t end = atomic_load(&owner->start) + rounded(atomic_load(&owner->bytes), page_bytes());
    void *zeros = mmap((void *)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    errno = saved;
    if (zeros != MAP_FAILED) return;
  }
  // Whatever the flags are, the two handlers share their place.
  const bool ignored = previous_bus_action.sa_handler == SIG_IGN;
  if (ignored || previous_bus_action.sa_handler == SIG_DFL) {
    // A fault comes again on return, and ends the process then; a signal that was sent has to be sent again, unless
    // nobody cares for it.
    if (!ignored || info->si_code > 0) sigaction(SIGBUS, &previous_bus_action, NULL);
    if (!ignored && info->si_code <= 0) raise(signal);
  } else if (previous_bus_action.sa_flags & SA_SIGINFO) {
    previous_bus_action.sa_sigaction(signal, info, context);
  } else {
    previous_bus_action.sa_handler(signal);
  }
  errno = saved;
}

static void catch_bus_errors(void) {
  page_bytes();
  struct sigaction action = {0};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, NULL, &previous_bus_action);
  sigaction(SIGBUS, &action, NULL);
}

// Takes the file over; false when there is no memory for a node.
static bool remember(int file, const struct stat *info, void *base) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, catch_bus_errors);
  pthread_mutex_lock(&mappings_lock);
  mapping *node = atomic_load(&mappings);
  while (node && atomic_load(&node->start)) node = node->next;
  bool fresh = !node;
  if (fresh) node = calloc(1, sizeof *node);
  if (node) {
    node->file = file;
    node->info = *info;
    atomic_store(&node->lost, false);
    atomic_store(&node->bytes, (size_t)info->st_size);
    if (fresh) {
      node->next = atomic_load(&mappings);
      atomic_store(&mappings, node);
    }
    atomic_store(&node->start, (uintptr_t)base);
  }
  pthread_mutex_unlock(&mappings_lock);
  return node != NULL;
}

int vt_file_map(const char *path, const void **base, size_t *bytes) {
  *base = NULL;
  *bytes = 0;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  struct stat info;
  int failure = 0;
  if (fstat(file, &info) != 0) {
    failure = errno;
  } else if (S_ISDIR(info.st_mode)) {
    failure = EISDIR;
  } else if (!S_ISREG(info.st_mode)) {
    failure = EINVAL;
  } else if (info.st_size > 0) {
    void *mapped = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (mapped == MAP_FAILED) {
      failure = errno;
    } else if (!remember(file, &info, mapped)) {
      failure = ENOMEM;
      munmap(mapped, (size_t)info.st_size);
    } else {
      *base = mapped;
      *bytes = (size_t)info.st_size;
      return 0;
    }
  }
  close(file);
  return failure;
}

void vt_file_unmap(const void *base, size_t bytes) {
  if (!base) return;
  pthread_mutex_lock(&mappings_lock);
  mapping *node = mapping_at((uintptr_t)base);
  if (node) {
    // The range may belong to somebody else as soon as it is unmapped.
    atomic_store(&node->start, 0);
    close(node->file);
  }
  munmap((void *)base, bytes);
  pthread_mutex_unlock(&mappings_lock);
}

bool vt_file_changed(const void *base) {
  if (!base) return false;
  pthread_mutex_lock(&mappings_lock);
  mapping *node = mapping_at((uintptr_t)base);
  struct stat now;
  bool changed = node && (atomic_load(&node->lost) || fstat(node->file, &now) != 0 ||
                          now.st_size != node->info.st_size ||
#if defined(__APPLE__)
                          memcmp(&now.st_mtimespec, &node->info.st_mtimespec, sizeof now.st_mtimespec) != 0
#else
                          memcmp(&now.st_mtim, &node->info.st_mtim, sizeof now.st_mtim) != 0
#endif
                         );
  pthread_mutex_unlock(&mappings_lock);
  return changed;
}

void vt_advise_done(const void *base, size_t bytes) {
  if (!base || bytes == 0) return;
  // Only whole pages inside of the range: what else lies on those at its ends may still be read.
  const size_t page = page_bytes(), start = rounded((size_t)base, page), end = ((size_t)base + bytes) / page * page;
  if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
}

vt_memory_usage vt_memory_usage_now(void) {
  vt_memory_usage usage = {0, 0, 0};
#if defined(__linux__)
  FILE *status = fopen("/proc/self/status", "r");
  if (!status) return usage;
  char line[256];
  unsigned long long kib;
  while (fgets(line, sizeof line, status)) {
    if (sscanf(line, "VmHWM: %llu", &kib) == 1) usage.peak_resident = kib * 1024;
    if (sscanf(line, "RssAnon: %llu", &kib) == 1) usage.resident_anonymous = kib * 1024;
    if (sscanf(line, "RssFile: %llu", &kib) == 1) usage.resident_file = kib * 1024;
  }
  fclose(status);
#else
  struct rusage resources;
  if (getrusage(RUSAGE_SELF, &resources) == 0) usage.peak_resident = (uint64_t)resources.ru_maxrss;
#endif
  return usage;
}

#if defined(__linux__)
// The number in a file, behind `key` if there is one; the largest number when there is none.
static uint64_t number_in(const char *path, const char *key) {
  FILE *file = fopen(path, "r");
  if (!file) return UINT64_MAX;
  char line[256];
  unsigned long long found = UINT64_MAX;
  const size_t length = strlen(key);
  while (fgets(line, sizeof line, file))
    if (strncmp(line, key, length) == 0 && sscanf(line + length, "%llu", &found) == 1) break;
  fclose(file);
  return found;
}

// What a control group leaves: its limit less what it uses, cached files not counted.
static uint64_t left_in_group(const char *folder, const char *limit, const char *usage, const char *cache) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, limit);
  const uint64_t most = number_in(path, "");
  if (most == UINT64_MAX) return UINT64_MAX;
  snprintf(path, sizeof path, "%s/%s", folder, usage);
  const uint64_t used = number_in(path, "");
  snprintf(path, sizeof path, "%s/memory.stat", folder);
  const uint64_t files = number_in(path, cache);
  if (used == UINT64_MAX || files == UINT64_MAX) return most;
  const uint64_t held = used > files ? used - files : 0;
  return most > held ? most - held : 0;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
#endif

void vt_give_back_free_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

uint64_t vt_available_memory(void) {
  uint64_t bytes = UINT64_MAX;
#if defined(__linux__)
  const uint64_t kib = number_in("/proc/meminfo", "MemAvailable:");
  if (kib < UINT64_MAX / 1024) bytes = kib * 1024;
  // A container sees its own control group as the root.
  bytes = least(bytes, left_in_group("/sys/fs/cgroup", "memory.max", "memory.current", "file "));
  bytes = least(bytes, left_in_group("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                                     "total_cache "));
  struct rlimit limit;
  const uint64_t pages = number_in("/proc/self/statm", "");
  const uint64_t page = page_bytes();
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && pages < UINT64_MAX / page)
    bytes = least(bytes, limit.rlim_cur > pages * page ? limit.rlim_cur - pages * page : 0);
#endif
  return bytes;
}

double vt_seconds_since_process_start(void) {
#if defined(__linux__)
  FILE *stat = fopen("/proc/self/stat", "r");
  if (!stat) return -1;
  char text[1024];
  size_t length = fread(text, 1, sizeof text - 1, stat);
  fclose(stat);
  text[length] = 0;
  // The command's name may hold anything, so fields are counted from the last parenthesis; the start time is the 22nd.
  char *field = strrchr(text, ')');
  if (!field) return -1;
  unsigned long long started = 0;
  for (int index = 2; field && index < 22; index++) field = strchr(field + 1, ' ');
  if (!field || sscanf(field, "%llu", &started) != 1) return -1;
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - (double)started / (double)sysconf(_SC_CLK_TCK);
#else
  return -1;
#endif
}
