// Attention in plain scalar C: the twin of the vector kernels, with the same operations in the same order.
#include <math.h>
#include <string.h>

#include "vt_attention.h"

#include "kernels/attention_ahead.h"
#include "kernels/functions.h"
#include "kernels/half.h"

#pragma STDC FP_CONTRACT OFF

#define VT_SUFFIX(name) name##_reference

enum { KEYS = VT_ATTENTION_PAGE, LANES = VT_ATTENTION_PANEL, STRIP = 1 };

static float attention_exp2_one(float x) {
  if (x < -100) return 0;
  const float shifted = x + 0x1.8p23f;
  const float f = x - (shifted - 0x1.8p23f);
  float g = 0x1.44138ap-13f;
  g = fmaf(g, f, 0x1.5f0890p-10f);
  g = fmaf(g, f, 0x1.3b2a54p-7f);
  g = fmaf(g, f, 0x1.c6af6cp-5f);
  g = fmaf(g, f, 0x1.ebfbe0p-3f);
  g = fmaf(g, f, 0x1.62e430p-1f);
  g = fmaf(g, f, 1);
  return vt_float_from_bits(vt_bits_from_float(g) + (vt_bits_from_float(shifted) << 23));
}

static float number(const void *base, int64_t index, vt_attention_element element) {
  if (element == VT_ATTENTION_I8) return ((const int8_t *)base)[index];
  return element == VT_ATTENTION_F16 ? vt_float_from_f16(((const uint16_t *)base)[index]) : ((const float *)base)[index];
}

static void attention_scores(int rows, vt_attention_element element, const float *q, int64_t d, const void *keys, ahead after, int first,
                             int last, float *s) {
  (void)after;
  for (int r = 0; r < rows; r++)
    for (int j = first * LANES; j < last * LANES; j++) {
      float sum = 0;
      for (int64_t k = 0; k < d; k++)
        sum = fmaf(q[r * d + k], number(keys, (j / LANES * d + k) * LANES + j % LANES, element), sum);
      s[r * KEYS + j] = sum;
    }
}

static void attention_cap(float *s, int first, int last, float cap) {
  const float inverse = 1 / cap;
  for (int j = first; j < last; j++) s[j] = vt_tanh_scalar(s[j] * inverse) * cap;
}

static float attention_softmax(float *s, int first, int last, float *sum) {
  float m = -INFINITY, lanes[LANES] = {0};
  for (int j = first; j < last; j++) m = m > s[j] ? m : s[j];
  const float base = m == -INFINITY ? 0 : m;
  for (int j = first; j < last; j++) {
    s[j] = attention_exp2_one(s[j] - base);
    lanes[j % LANES] += s[j];
  }
  for (int i = 0; i < 8; i++) lanes[i] += lanes[i + 8];
  *sum = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
  return m;
}

static void attention_values(int rows, vt_attention_element element, const float *p, const void *values, ahead after, int64_t key,
                             int64_t group, int groups, int first, int last, float *o, int64_t o_row) {
  (void)after;
  for (int r = 0; r < rows; r++)
    for (int i = 0; i < groups * LANES; i++) {
      float sum = 0;
      for (int j = first; j < last; j++)
        sum = fmaf(p[r * KEYS + j], number(values, i / LANES * group + j * key + i % LANES, element), sum);
      o[r * o_row + i] = sum;
    }
}

static void attention_blend(float *o, const float *fresh, float keep, float weight, int64_t n) {
  for (int64_t i = 0; i < n; i++) o[i] = fmaf(fresh[i], weight, o[i] * keep);
}

static void attention_widen(vt_attention_element element, const void *from, float *to, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = number(from, i, element);
}

static void attention_to_half(const float *from, uint16_t *to, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = vt_f16_from_float(from[i]);
}

static void attention_transpose(const float *k, int64_t stride, int64_t d, float *panel) {
  for (int64_t i = 0; i < d; i++)
    for (int64_t j = 0; j < LANES; j++) panel[i * LANES + j] = k[j * stride + i];
}

#include "kernels/attention_driver.inc.h"

// The choice of a kernel set, and what needs no kernel.

#define ATTENTION_DECLARE(isa)                                                                                         \
  vt_job vt_attention_item_job_##isa(void);                                                                            \
  vt_job vt_attention_append_job_##isa(void);                                                                          \
  vt_job vt_attention_means_job_##isa(void);                                                                           \
  vt_job vt_attention_blocks_job_##isa(void);                                                                          \
  void vt_attention_exp2_##isa(const float *, float *, int64_t)

#if defined(__x86_64__)
ATTENTION_DECLARE(avx2);
ATTENTION_DECLARE(avx512);
#define ATTENTION_CHOOSE(isa, name, ...)                                                                               \
  (isa == VT_ISA_AVX512 ? name##_avx512(__VA_ARGS__)                                                                   \
   : isa == VT_ISA_AVX2 ? name##_avx2(__VA_ARGS__)                                                                     \
                        : name##_reference(__VA_ARGS__))
#elif defined(__aarch64__)
ATTENTION_DECLARE(neon);
#define ATTENTION_CHOOSE(isa, name, ...)                                                                               \
  (isa == VT_ISA_NEON ? name##_neon(__VA_ARGS__) : name##_reference(__VA_ARGS__))
#else
#define ATTENTION_CHOOSE(isa, name, ...) ((void)isa, name##_reference(__VA_ARGS__))
#endif

vt_job vt_attention_item_job(vt_isa isa) { return ATTENTION_CHOOSE(isa, vt_attention_item_job); }
vt_job vt_attention_append_job(vt_isa isa) { return ATTENTION_CHOOSE(isa, vt_attention_append_job); }
vt_job vt_attention_means_job(vt_isa isa) { return ATTENTION_CHOOSE(isa, vt_attention_means_job); }
vt_job vt_attention_blocks_job(vt_isa isa) { return ATTENTION_CHOOSE(isa, vt_attention_blocks_job); }
void vt_attention_exp2(vt_isa isa, const float *x, float *y, int64_t count) {
  ATTENTION_CHOOSE(isa, vt_attention_exp2, x, y, count);
}

int64_t vt_attention_scratch_floats(int32_t rows, int32_t head_dim) {
  const int64_t wide = padded_dim(head_dim);
  const int64_t floats = VT_ATTENTION_STRIP * (KEYS + wide) + KEYS * (head_dim + wide) + rows * (wide + head_dim + 2);
  return (floats + 15) / 16 * 16;
}

int64_t vt_attention_choice_floats(int32_t most_blocks, int32_t blocks, int32_t head_dim) {
  const int64_t marks = (most_blocks + 3) / 4;
  return (most_blocks + VT_ATTENTION_STRIP * KEYS + blocks + marks + VT_ATTENTION_STRIP * head_dim + 15) / 16 * 16;
}

int64_t vt_attention_partial_floats(int32_t rows, int32_t head_dim) { return rows * (padded_dim(head_dim) + 2); }

static float *scales_of(const void *head, const vt_attention_layout *layout) {
  return (float *)((char *)head + layout->scales_bytes);
}

void vt_attention_move(void *to, int32_t to_key, const void *from, int32_t from_key, int64_t heads,
                       const vt_attention_layout *layout) {
  const size_t size = 4 >> layout->element;
  const int64_t d = layout->head_dim;
  for (int64_t head = 0; head < heads; head++) {
    char *target = (char *)to + head * layout->head_bytes;
    const char *source = (const char *)from + head * layout->head_bytes;
    char *key = target + ((to_key / LANES * d) * LANES + to_key % LANES) * size;
    const char *old = source + ((from_key / LANES * d) * LANES + from_key % LANES) * size;
    for (int64_t k = 0; k < d; k++) memcpy(key + k * LANES * size, old + k * LANES * size, size);
    for (int64_t group = 0; group < padded_dim(d) / LANES; group++)
      memcpy(target + layout->values_bytes + (group * KEYS + to_key) * LANES * size,
             source + layout->values_bytes + (group * KEYS + from_key) * LANES * size, LANES * size);
    if (layout->element != VT_ATTENTION_I8) continue;
    float *scales = scales_of(target, layout);
    const float *old_scales = scales_of(source, layout);
    scales[to_key] = old_scales[from_key];
    scales[KEYS + to_key] = old_scales[KEYS + from_key];
  }
}

void vt_attention_read(const void *head, int32_t key, const vt_attention_layout *layout, float *k, float *v) {
  const int64_t d = layout->head_dim;
  const void *values = (const char *)head + layout->values_bytes;
  const bool scaled = layout->element == VT_ATTENTION_I8;
  const float *scales = scales_of(head, layout);
  const float key_scale = scaled ? scales[key] : 1, value_scale = scaled ? scales[KEYS + key] : 1;
  for (int64_t i = 0; i < d; i++) {
    k[i] = number(head, ((int64_t)(key / LANES) * d + i) * LANES + key % LANES, layout->element) * key_scale;
    v[i] = number(values, (i / LANES * KEYS + key) * LANES + i % LANES, layout->element) * value_scale;
  }
  if (scaled) turn(k, d), turn(v, d);
}

void vt_attention_mean(void *head, int32_t block, const vt_attention_layout *layout, int64_t means_bytes) {
  const int64_t d = layout->head_dim, size = 4 >> layout->element;
  store_mean((const char *)head + block * LANES * d * size, d, layout->element, (float *)((char *)head + means_bytes) + block);
}

void vt_attention_write(void *head, int32_t key, const vt_attention_layout *layout, const float *k, const float *v) {
  const int64_t d = layout->head_dim, size = 4 >> layout->element;
  const int32_t panel = key / LANES * LANES;
  float *scales = scales_of(head, layout);
  store_keys(k, d, key - panel, key - panel + 1, d, layout->element, (char *)head + panel * d * size, scales + panel);
  store_value(v, key, d, layout->element, (char *)head + layout->values_bytes, scales + KEYS);
}
