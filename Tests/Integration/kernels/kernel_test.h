// What the kernel families' tests share: cases, random numbers, and the comparison of a fast kernel with its twin.
#ifndef KERNEL_TEST_H
#define KERNEL_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CVenturi.h"

// The set under test.
extern vt_isa tested_isa;

// Counts a case; prints and counts a failure unless the bits agree (any NaN equals any NaN).
void expect_equal_f32(const float *fast, const float *twin, size_t count, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void expect_equal_bytes(const void *fast, const void *twin, size_t count, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void expect(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

// A stream of random numbers that is the same on every machine.
uint64_t random_bits(void);
float random_unit(void); // in [-1, 1)
void fill_random(float *x, size_t count);
void fill_random_f16(uint16_t *x, size_t count); // finite
// Numbers, zeros of both signs, subnormals, infinities and NaN.
void fill_extreme(float *x, size_t count);

// A copy of `bytes` bytes whose end is the end of readable memory; the next call takes its place.
const void *before_guard(const void *source, size_t bytes);

// One function for each family of kernels, listed in main.c.
void test_gemm(void);
void test_elementwise(void);
void test_linear(void);
void test_attention(void);
void test_quantize(void);
void test_update(void);

#endif
