// The body of vt_quantize_kernels, compiled for each instruction set.
#include "../include/vt_quantize.h"
#include "half.h"
#include <math.h>
#include <string.h>

#include "quantize_search.h"

#pragma STDC FP_CONTRACT OFF

// Sixteen sub-blocks, transposed: value i of sub-block `lane` is x[i][lane].
typedef struct vt_group {
  _Alignas(64) float x[32][VT_GROUP];
  _Alignas(64) float w[32][VT_GROUP];
  _Alignas(64) float top[VT_GROUP];    // the number of largest magnitude, divided by `unit`
  _Alignas(64) float unit[VT_GROUP];   // what the numbers were divided by: the largest magnitude; 0 where all are zero
  _Alignas(64) float square[VT_GROUP]; // the mean of squares
  _Alignas(64) float d[VT_GROUP];
  _Alignas(64) float m[VT_GROUP];
  _Alignas(64) uint32_t words[8][VT_GROUP];
} vt_group;

VT_INLINE void load_lanes(int n, const float *const sources[VT_GROUP], float (*out)[VT_GROUP]) {
  for (int part = 0; part < VT_GROUP; part += VT_LANES)
    for (int i = 0; i < n; i += VT_LANES) {
      vl rows[VT_LANES];
      for (int l = 0; l < VT_LANES; l++) rows[l] = vl_load(sources[part + l] + i);
      vl_transpose(rows);
      for (int l = 0; l < VT_LANES; l++) vl_store(out[i + l] + part, rows[l]);
    }
}

// Finds what each run of `subs` sub-blocks is divided by, and divides. Runs whose largest magnitude is below 1e-30, far
// under what a half can scale, become zeros.
VT_INLINE void normalize(int n, int subs, vt_group *g) {
  for (int part = 0; part < VT_GROUP; part += VT_LANES) {
    vl largest = (vl)0.0f, top = (vl)0.0f;
    for (int i = 0; i < n; i++) {
      const vl value = vl_load(g->x[i] + part), magnitude = vl_abs(value);
      top = magnitude > largest ? value : top;
      largest = vl_max(magnitude, largest);
    }
    vl_store(g->top + part, top);
    vl_store(g->unit + part, largest);
  }
  for (int first = 0; first < VT_GROUP; first += subs) {
    float largest = 0;
    for (int s = 0; s < subs; s++) largest = g->unit[first + s] > largest ? g->unit[first + s] : largest;
    if (largest < 1e-30f) largest = 0;
    for (int s = 0; s < subs; s++) g->unit[first + s] = largest;
  }
  for (int part = 0; part < VT_GROUP; part += VT_LANES) {
    const vl inverse = reciprocal_or_zero(vl_load(g->unit + part));
    vl square = (vl)0.0f;
    for (int i = 0; i < n; i++) {
      const vl value = vl_load(g->x[i] + part) * inverse;
      square = vl_fma(value, value, square);
      vl_store(g->x[i] + part, value);
    }
    vl_store(g->top + part, vl_load(g->top + part) * inverse);
    vl_store(g->square + part, square * (1.0f / (float)n));
  }
  for (int first = 0; first < VT_GROUP; first += subs) {
    float sum = 0;
    for (int s = 0; s < subs; s++) sum += g->square[first + s];
    for (int s = 0; s < subs; s++) g->square[first + s] = sum / (float)subs;
  }
}

// What an error costs where nothing is known of the columns: the same everywhere, more for large numbers (their
// magnitude beside the usual one), their magnitude to the power of 3/2, or their square. What serves a type best was found
// by perplexity; see the README of Compression/Quantization.
typedef enum vt_rule { VT_EVEN, VT_BY_MAGNITUDE, VT_BY_POWER, VT_BY_SQUARE } vt_rule;

VT_INLINE vt_rule rule_of(vt_format format) {
  switch (format) {
  case VT_Q4_0: case VT_Q2_K: case VT_Q3_K: return VT_BY_MAGNITUDE;
  case VT_IQ4_NL: return VT_BY_POWER;
  case VT_IQ4_XS: return VT_BY_SQUARE;
  default: return VT_EVEN;
  }
}

// The weights of a group: the columns' importance, or what the rule says.
VT_INLINE void weigh(vt_rule rule, int n, const float *const importance[VT_GROUP], vt_group *g) {
  if (importance) {
    load_lanes(n, importance, g->w);
    return;
  }
  for (int part = 0; part < VT_GROUP; part += VT_LANES) {
    const vl root = vl_sqrt(vl_load(g->square + part));
    for (int i = 0; i < n; i++) {
      const vl value = vl_load(g->x[i] + part);
      vl weight = (vl)1.0f;
      if (rule == VT_BY_MAGNITUDE) weight = root + vl_abs(value);
      if (rule == VT_BY_POWER) weight = vl_abs(value) * vl_sqrt(vl_abs(value));
      if (rule == VT_BY_SQUARE) weight = value * value;
      vl_store(g->w[i] + part, weight);
    }
  }
}

// The half nearest to x; finite.
VT_INLINE uint16_t finite_half(float x) {
  return vt_f16_from_float(x > 65504.0f ? 65504.0f : x < -65504.0f ? -65504.0f : x);
}

// A half that stands for `value` units, and in `value` what it stands for.
VT_INLINE uint16_t store_half(float *value, float unit) {
  const uint16_t half = finite_half(*value * unit);
  *value = unit > 0 ? vt_float_from_f16(half) / unit : 0;
  return half;
}

// The codes of every sub-block for its d and m, four in a word.
VT_INLINE void encode_words(vt_levels levels, int n, vt_group *g) {
  for (int part = 0; part < VT_GROUP; part += VT_LANES) {
    const vl inverse = reciprocal_or_zero(vl_load(g->d + part)), offset = vl_load(g->m + part) * inverse;
    for (int i = 0; i < n; i += 4) {
      vlu word = (vlu)0;
      for (int j = 3; j >= 0; j--)
        word = word << 8 | nearest_code(levels, vl_fma(vl_load(g->x[i + j] + part), inverse, -offset));
      vlu_store(g->words[i / 4] + part, word);
    }
  }
}

// A format of sub-blocks that stand alone.
VT_INLINE void encode_flat(vt_format format, vt_levels levels, vt_group *g, const float *const importance[VT_GROUP],
                           int count, uint8_t *out) {
  normalize(32, 1, g);
  if (format != VT_Q8_0) weigh(rule_of(format), 32, importance, g);
  for (int part = 0; part < VT_GROUP; part += VT_LANES) {
    vt_line line = {(vl)0.0f, (vl)0.0f};
    const float *x = g->x[0] + part, *w = g->w[0] + part;
    const vl top = vl_load(g->top + part);
    switch (format) {
    case VT_Q4_0:
      line.d = search_scale(levels, 32, x, w, top, vt_starts_q4, VT_COUNT(vt_starts_q4));
      break;
    case VT_Q5_0:
      // Without importance the number of largest magnitude is kept exactly: that served perplexity better than any search.
      line.d = top * (-1.0f / 16.0f);
      if (importance) line.d = search_scale(levels, 32, x, w, top, vt_starts_q5, VT_COUNT(vt_starts_q5));
      break;
    case VT_Q4_1:
      line = search_line(15, 0, 32, x, w, vt_ranges_q4, VT_COUNT(vt_ranges_q4));
      break;
    case VT_Q5_1:
      line = search_line(31, 0, 32, x, w, vt_ranges_q5, VT_COUNT(vt_ranges_q5));
      break;
    case VT_IQ4_NL:
      line.d = search_scale(levels, 32, x, w, top, vt_starts_iq4, VT_COUNT(vt_starts_iq4));
      break;
    default: line.d = vl_abs(top) * (1.0f / 127.0f); break;
    }
    vl_store(g->d + part, line.d);
    vl_store(g->m + part, line.m);
  }
  uint16_t halves[VT_GROUP][2];
  for (int lane = 0; lane < VT_GROUP; lane++) {
    halves[lane][0] = store_half(&g->d[lane], g->unit[lane]);
    halves[lane][1] = store_half(&g->m[lane], g->unit[lane]);
  }
  encode_words(levels, 32, g);
  const uint32_t (*words)[VT_GROUP] = (const uint32_t (*)[VT_GROUP])g->words;
  for (int lane = 0; lane < count; lane++) {
    vt_put16(out, halves[lane][0]);
    switch (format) {
    case VT_Q4_0: case VT_IQ4_NL: vt_pack_nibbles(words, lane, out + 2); out += 18; break;
    case VT_Q4_1:
      vt_put16(out + 2, halves[lane][1]);
      vt_pack_nibbles(words, lane, out + 4);
      out += 20;
      break;
    case VT_Q5_0:
      vt_pack_fifth_bits(words, lane, out + 2);
      vt_pack_nibbles(words, lane, out + 6);
      out += 22;
      break;
    case VT_Q5_1:
      vt_put16(out + 2, halves[lane][1]);
      vt_pack_fifth_bits(words, lane, out + 4);
      vt_pack_nibbles(words, lane, out + 8);
      out += 24;
      break;
    default:
      vt_pack_bytes(words, lane, out + 2);
      out += 34;
      break;
    }
  }
}

VT_INLINE float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
VT_INLINE float rounded(float x) { return (x + 12582912.0f) - 12582912.0f; }

#include "quantize_super.inc.h"

VT_INLINE void encode_of(vt_format format, vt_levels levels, int n, int subs, int64_t rows, int32_t k, const float *x,
                         const float *importance, uint8_t *out) {
  static const float zeros[32];
  const int64_t total = rows * (k / n);
  const float *sources[VT_GROUP], *weights[VT_GROUP];
  vt_group group;
  int64_t column = 0;
  for (int64_t first = 0; first < total; first += VT_GROUP) {
    const int count = total - first < VT_GROUP ? (int)(total - first) : VT_GROUP;
    for (int lane = 0; lane < VT_GROUP; lane++) {
      sources[lane] = lane < count ? x + (first + lane) * n : zeros;
      weights[lane] = lane < count && importance ? importance + column : zeros;
      if (lane < count && (column += n) == k) column = 0;
    }
    load_lanes(n, sources, group.x);
    if (subs == 1) {
      encode_flat(format, levels, &group, importance ? weights : NULL, count, out);
      out += (size_t)count * (size_t)flat_bytes(format);
    } else {
      encode_supers(format, levels, n, subs, &group, importance ? weights : NULL, count / subs, out);
      out += (size_t)(count / subs) * (size_t)super_bytes(format);
    }
  }
}

static bool encode(vt_format format, int64_t rows, int32_t k, const float *x, const float *importance, void *out) {
  static const vt_levels iq4 = {1, -127, 113, 0};
  switch (format) {
  case VT_Q4_0: encode_of(VT_Q4_0, (vt_levels){0, -8, 7, 8}, 32, 1, rows, k, x, importance, out); return true;
  case VT_Q5_0: encode_of(VT_Q5_0, (vt_levels){0, -16, 15, 16}, 32, 1, rows, k, x, importance, out); return true;
  case VT_Q4_1: encode_of(VT_Q4_1, (vt_levels){0, 0, 15, 0}, 32, 1, rows, k, x, importance, out); return true;
  case VT_Q5_1: encode_of(VT_Q5_1, (vt_levels){0, 0, 31, 0}, 32, 1, rows, k, x, importance, out); return true;
  case VT_Q8_0: encode_of(VT_Q8_0, (vt_levels){0, -127, 127, 128}, 32, 1, rows, k, x, importance, out); return true;
  case VT_IQ4_NL: encode_of(VT_IQ4_NL, iq4, 32, 1, rows, k, x, importance, out); return true;
  case VT_IQ4_XS: encode_of(VT_IQ4_XS, iq4, 32, 8, rows, k, x, importance, out); return true;
  case VT_Q2_K: encode_of(VT_Q2_K, (vt_levels){0, 0, 3, 0}, 16, 16, rows, k, x, importance, out); return true;
  case VT_Q3_K: encode_of(VT_Q3_K, (vt_levels){0, -4, 3, 4}, 16, 16, rows, k, x, importance, out); return true;
  case VT_Q4_K: encode_of(VT_Q4_K, (vt_levels){0, 0, 15, 0}, 32, 8, rows, k, x, importance, out); return true;
  case VT_Q5_K: encode_of(VT_Q5_K, (vt_levels){0, 0, 31, 0}, 32, 8, rows, k, x, importance, out); return true;
  case VT_Q6_K: encode_of(VT_Q6_K, (vt_levels){0, -32, 31, 32}, 16, 16, rows, k, x, importance, out); return true;
  default: return false;
  }
}

const vt_quantize_kernels VT_SUFFIX(vt_quantize_kernels) = {encode};
