// The search for scales and minima, sub-blocks as lanes. All numbers are divided by the largest of their block or
// superblock first, so that no sum leaves the range of a float.
#ifndef VT_QUANTIZE_SEARCH_H
#define VT_QUANTIZE_SEARCH_H

#include "../simd/vt_lanes.h"
#include "quantize_pack.h"

// What the integers of a format mean: `low`...`high`, stored raised by `raise`, or IQ4_NL's sixteen levels.
typedef struct vt_levels {
  int is_table;
  float low, high, raise;
} vt_levels;

// Where a search begins: the levels that a sub-block's number of largest magnitude, or its whole range, is laid upon.
static const float vt_starts_q3[] = {-5, -4.75f, -4.5f, -4.25f, -4, -3.75f, -3.5f, -3.25f, -3, -2.7f,
                                     2.5f, 2.8f, 3, 3.25f, 3.5f};
static const float vt_starts_q4[] = {-9, -8.75f, -8.5f, -8.25f, -8, -7.75f, -7.5f, -7.25f, -7, -6.5f, -6,
                                     6, 6.5f, 7, 7.25f, 7.5f};
static const float vt_starts_q5[] = {-17, -16.75f, -16.5f, -16.25f, -16, -15.75f, -15.5f, -15.25f, -15, -14.5f, -14,
                                     14.5f, 15, 15.25f, 15.5f};
static const float vt_starts_q6[] = {-33, -32.75f, -32.5f, -32.25f, -32, -31.75f, -31.5f, -31.25f, -31, -30.5f,
                                     30.5f, 31, 31.25f, 31.5f};
static const float vt_starts_iq4[] = {-136, -132, -129, -127, -125, -122, -119, -115, -110, 106, 110, 113, 116, 120};
static const float vt_ranges_q2[] = {2.3f, 2.5f, 2.7f, 2.85f, 3, 3.15f, 3.3f, 3.5f, 3.75f, 4, 4.3f};
static const float vt_ranges_q4[] = {13.5f, 14, 14.25f, 14.5f, 14.75f, 15, 15.25f, 15.5f, 15.75f, 16, 16.5f, 17, 17.5f};
static const float vt_ranges_q5[] = {29.5f, 30, 30.25f, 30.5f, 30.75f, 31, 31.25f, 31.5f, 31.75f, 32, 32.5f, 33};

#define VT_COUNT(table) (int)(sizeof table / sizeof *table)

static const float vt_iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// The level nearest to v.
VT_INLINE vl nearest_level(vt_levels levels, vl v) {
  if (!levels.is_table) return vl_round(vl_min(vl_max(v, (vl)levels.low), (vl)levels.high));
  vl level = (vl)vt_iq4_levels[0];
#pragma clang loop unroll(full)
  for (int i = 0; i < 15; i++) {
    const float step = vt_iq4_levels[i + 1] - vt_iq4_levels[i];
    level += v > 0.5f * (vt_iq4_levels[i] + vt_iq4_levels[i + 1]) ? (vl)step : (vl)0.0f;
  }
  return level;
}

// What is stored for v: the level's number.
VT_INLINE vlu nearest_code(vt_levels levels, vl v) {
  if (!levels.is_table) return vl_to_int(vl_round(vl_min(vl_max(v, (vl)levels.low), (vl)levels.high)) + levels.raise);
  vl code = (vl)0.0f;
#pragma clang loop unroll(full)
  for (int i = 0; i < 15; i++)
    code += v > 0.5f * (vt_iq4_levels[i] + vt_iq4_levels[i + 1]) ? (vl)1.0f : (vl)0.0f;
  return vl_to_int(code);
}

VT_INLINE vl reciprocal_or_zero(vl x) { return x == 0.0f ? (vl)0.0f : 1.0f / x; }

// Sums of one choice of integers for a scale without a minimum.
typedef struct vt_fit {
  vl xq, qq;
} vt_fit;

VT_INLINE vt_fit fit_scale(vt_levels levels, int n, const float *x, const float *w, vl inverse) {
  vt_fit fit = {(vl)0.0f, (vl)0.0f};
#pragma clang loop unroll_count(4)
  for (int i = 0; i < n; i++) {
    const vl value = vl_load(x + i * VT_GROUP), q = nearest_level(levels, value * inverse);
    const vl wq = vl_load(w + i * VT_GROUP) * q;
    fit.xq = vl_fma(wq, value, fit.xq);
    fit.qq = vl_fma(wq, q, fit.qq);
  }
  return fit;
}

// The scale, of either sign, that loses least: `candidates` are levels that the number of largest magnitude, `top`, is
// laid upon; the best is then refined by turns of rounding and least squares. The loss is sum w x² − d · sum w x q.
VT_INLINE vl search_scale(vt_levels levels, int n, const float *x, const float *w, vl top, const float *candidates,
                          int count) {
  const vl inverse_top = reciprocal_or_zero(top);
  vl best = (vl)0.0f, scale = (vl)0.0f;
  for (int c = 0; c < count + 2; c++) {
    const vl inverse = c < count ? candidates[c] * inverse_top : reciprocal_or_zero(scale);
    const vt_fit fit = fit_scale(levels, n, x, w, inverse);
    const vl d = fit.xq * reciprocal_or_zero(fit.qq), gain = d * fit.xq;
    scale = gain > best ? d : scale;
    best = gain > best ? gain : best;
  }
  return scale;
}

// A scale d and a minimum m of a sub-block: x ≈ d q + m.
typedef struct vt_line {
  vl d, m;
} vt_line;

// The line that loses least; `candidates` are the levels that the range from the smallest to the largest number is laid
// upon. `below`: the minimum is not above zero.
VT_INLINE vt_line search_line(float high, int below, int n, const float *x, const float *w, const float *candidates,
                              int count) {
  vl low = vl_load(x), top = low, sw = (vl)0.0f, sx = (vl)0.0f;
  for (int i = 0; i < n; i++) {
    const vl value = vl_load(x + i * VT_GROUP), weight = vl_load(w + i * VT_GROUP);
    low = vl_min(value, low);
    top = vl_max(value, top);
    sw += weight;
    sx = vl_fma(weight, value, sx);
  }
  if (below) low = vl_min(low, (vl)0.0f);
  const vl range = top - low, inverse_range = reciprocal_or_zero(range);
  vt_line line = {range * (1.0f / high), low};
  vl best = (vl)-1.0f;
  for (int c = 0; c < count + 2; c++) {
    const vl inverse = c < count ? candidates[c] * inverse_range : reciprocal_or_zero(line.d);
    const vl offset = (c < count ? low : line.m) * inverse;
    vl sq = (vl)0.0f, xq = (vl)0.0f, qq = (vl)0.0f;
#pragma clang loop unroll_count(4)
    for (int i = 0; i < n; i++) {
      const vl value = vl_load(x + i * VT_GROUP);
      const vl q = vl_round(vl_min(vl_max(vl_fma(value, inverse, -offset), (vl)0.0f), (vl)high));
      const vl wq = vl_load(w + i * VT_GROUP) * q;
      sq += wq;
      xq = vl_fma(wq, value, xq);
      qq = vl_fma(wq, q, qq);
    }
    const vl determinant = sw * qq - sq * sq, inverted = reciprocal_or_zero(determinant);
    vl d = (sw * xq - sx * sq) * inverted, m = (qq * sx - sq * xq) * inverted;
    if (below) {
      const vl through_zero = xq * reciprocal_or_zero(qq);
      d = m > 0.0f ? through_zero : d;
      m = m > 0.0f ? (vl)0.0f : m;
    }
    // Integers that are all the same have no line of their own.
    const vl gain = determinant > 1e-6f * sw * qq ? d * xq + m * sx : (vl)-1.0f;
    line.d = gain > best ? d : line.d;
    line.m = gain > best ? m : line.m;
    best = gain > best ? gain : best;
  }
  return line;
}

// The loss of one line over a sub-block, and the sums that least squares over a superblock want.
typedef struct vt_loss {
  vl loss, q, xq, qq;
} vt_loss;

VT_INLINE vt_loss line_loss(vt_levels levels, int n, const float *x, const float *w, vl d, vl m) {
  const vl inverse = reciprocal_or_zero(d), offset = m * inverse;
  vt_loss sums = {(vl)0.0f, (vl)0.0f, (vl)0.0f, (vl)0.0f};
#pragma clang loop unroll_count(4)
  for (int i = 0; i < n; i++) {
    const vl value = vl_load(x + i * VT_GROUP), weight = vl_load(w + i * VT_GROUP);
    const vl q = nearest_level(levels, vl_fma(value, inverse, -offset)), wq = weight * q;
    const vl error = value - vl_fma(d, q, m);
    sums.loss = vl_fma(weight * error, error, sums.loss);
    sums.q += wq;
    sums.xq = vl_fma(wq, value, sums.xq);
    sums.qq = vl_fma(wq, q, sums.qq);
  }
  return sums;
}

#endif
