// Runs every set of fast kernels that this machine supports against their scalar twins. Exit status 1 when a bit
// differs, or when fewer cases ran than each family promises.
#define _GNU_SOURCE
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel_test.h"

static const struct family {
  const char *name;
  void (*run)(void);
  long least_cases;
} families[] = {
    {"gemm", test_gemm, 3000},
    {"linear", test_linear, 3000},
    {"elementwise", test_elementwise, 1500},
    {"attention", test_attention, 1700},
    {"quantize", test_quantize, 1500},
    {"update", test_update, 1500},
};

vt_isa tested_isa;
static long cases, failures;

static void report(const char *format, va_list arguments) {
  if (++failures > 20) return;
  printf("differs: ");
  vprintf(format, arguments);
  printf("\n");
}

#define REPORT_UNLESS(condition)                                                                                   \
  do {                                                                                                             \
    cases++;                                                                                                       \
    if (!(condition)) {                                                                                            \
      va_list arguments;                                                                                           \
      va_start(arguments, format);                                                                                 \
      report(format, arguments);                                                                                   \
      va_end(arguments);                                                                                           \
    }                                                                                                              \
  } while (0)

void expect_equal_f32(const float *fast, const float *twin, size_t count, const char *format, ...) {
  size_t i = 0;
  while (i < count && (memcmp(fast + i, twin + i, sizeof *fast) == 0 || (isnan(fast[i]) && isnan(twin[i])))) i++;
  if (i < count && failures < 20) printf("at %zu: %a against %a; ", i, fast[i], twin[i]);
  REPORT_UNLESS(i == count);
}

void expect_equal_bytes(const void *fast, const void *twin, size_t count, const char *format, ...) {
  REPORT_UNLESS(memcmp(fast, twin, count) == 0);
}

void expect(bool holds, const char *format, ...) { REPORT_UNLESS(holds); }

uint64_t random_bits(void) { // SplitMix64
  static uint64_t state = 1;
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

float random_unit(void) { return (float)(int32_t)(random_bits() >> 40) * 0x1p-23f - 1.0f; }

void fill_random(float *x, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = random_unit();
}

void fill_random_f16(uint16_t *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint16_t bits = (uint16_t)random_bits();
    x[i] = (bits >> 10 & 31) == 31 ? (uint16_t)(bits & 0xBFFF) : bits;
  }
}

void fill_extreme(float *x, size_t count) {
  static const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 0x1p-149f, -0x1p-130f, 0x1.fffffep127f,
                                  -0x1.fffffep127f, 0x1p-126f, 88.7f, -103.9f, 1.0f, -1.0f, 65504.0f, 65520.0f};
  for (size_t i = 0; i < count; i++) {
    const uint64_t bits = random_bits();
    if (bits & 1) {
      x[i] = special[bits >> 8 & 15];
    } else {
      const uint32_t pattern = (uint32_t)(bits >> 32);
      memcpy(x + i, &pattern, sizeof pattern);
    }
  }
}

const void *before_guard(const void *source, size_t bytes) {
  enum { SPACE = 1 << 20 };
  static char *guard;
  if (!guard) {
    char *base = mmap(NULL, 2 * SPACE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + SPACE, SPACE, PROT_NONE) != 0) abort();
    guard = base + SPACE;
  }
  if (bytes > SPACE) abort();
  return memcpy(guard - bytes, source, bytes);
}

// Every family with the kernels of one set; whether all agreed and enough cases ran.
static bool run(vt_isa isa, const char *name) {
  printf("%s:\n", name);
  tested_isa = isa;
  bool good = true;
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
    const long before = cases, failed = failures;
    families[i].run();
    printf("  %s: %ld cases, %ld differ\n", families[i].name, cases - before, failures - failed);
    if (failures > failed) good = false;
    if (cases - before < families[i].least_cases) {
      printf("  %s: fewer than %ld cases ran\n", families[i].name, families[i].least_cases);
      good = false;
    }
  }
  return good;
}

int main(void) {
  static const struct {
    vt_isa isa;
    const char *name;
  } sets[] = {{VT_ISA_AVX2, "avx2"}, {VT_ISA_NEON, "neon"}, {VT_ISA_AVX512, "avx512"}};
  printf("this machine: %s\n", vt_cpu_features());
  int ran = 0, good = 1;
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
    if (vt_isa_supported(sets[i].isa)) {
      ran++;
      good &= run(sets[i].isa, sets[i].name);
    }
  if (ran == 0) printf("there are no fast kernels for this machine\n");
  return ran > 0 && good ? 0 : 1;
}
