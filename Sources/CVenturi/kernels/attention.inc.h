// The vector primitives of attention, over the widest vector of the set. Include after a simd header.
#include "../simd/vt_wide.h"

#include "attention_ahead.h"
#include "functions.h"

enum {
  KEYS = VT_ATTENTION_PAGE,
  LANES = VT_ATTENTION_PANEL,
  PER = LANES / VT_LANES,              // vectors of a panel's row
  STRIP = VT_LANES == 16 ? 12 : 6,     // query rows of the largest register tile
  FEW = 3,                             // rows of the tiles that fetch ahead
  AHEAD = 256,                         // how far, in vectors of 16 halves: 8 KB, about what memory's latency is worth
};

// 2^x for x <= 0: 2^n · (1 + f·g(f)) with n the nearest integer, g fitted at the Chebyshev nodes of [-1/2, 1/2]
// (0.85 ulp). Below -100 the result is 0, so that no product of a weight and an f16 value underflows.
VT_INLINE vwf attention_exp2(vwf x) {
  const vwf magic = wide(set)(0x1.8p23f);
  const vwf shifted = wide(add)(x, magic);
  const vwf f = wide(sub)(x, wide(sub)(shifted, magic));
  vwf g = wide(set)(0x1.44138ap-13f);
  g = wide(fma)(g, f, wide(set)(0x1.5f0890p-10f));
  g = wide(fma)(g, f, wide(set)(0x1.3b2a54p-7f));
  g = wide(fma)(g, f, wide(set)(0x1.c6af6cp-5f));
  g = wide(fma)(g, f, wide(set)(0x1.ebfbe0p-3f));
  g = wide(fma)(g, f, wide(set)(0x1.62e430p-1f));
  g = wide(fma)(g, f, wide(set)(1));
#ifdef VT_SIXTEEN_LANES
  return v16f_scale_unless_less(g, shifted, x, v16f_set(-100));
#else
  const v8f y = v8f_as_float(v8i_add(v8f_as_int(g), v8i_shift_left(v8f_as_int(shifted), 23)));
  return v8f_select_less(x, v8f_set(-100), v8f_zero(), y);
#endif
}

VT_INLINE vwf attention_load(const void *base, int64_t index, const int element) {
  if (element == VT_ATTENTION_I8) return wide(from_i8)((const int8_t *)base + index);
  if (element == VT_ATTENTION_F16) return wide(from_f16)((const uint16_t *)base + index);
  return wide(load)((const float *)base + index);
}

// The products of one step of a tile, from whichever operand needs fewer registers.
VT_INLINE void attention_step(const int rows, const int vectors, const int element, const float *a, int64_t a_row,
                              const void *base, int64_t apart, vwf acc[STRIP][8]) {
  if (rows < vectors) {
    vwf x[STRIP];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) x[r] = wide(broadcast)(a + r * a_row);
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++) {
      const vwf b = attention_load(base, (c / PER) * apart + VT_LANES * (c % PER), element);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) acc[r][c] = wide(fma)(x[r], b, acc[r][c]);
    }
  } else {
    vwf b[8];
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++) b[c] = attention_load(base, (c / PER) * apart + VT_LANES * (c % PER), element);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const vwf x = wide(broadcast)(a + r * a_row);
#pragma clang loop unroll(full)
      for (int c = 0; c < vectors; c++) acc[r][c] = wide(fma)(x, b[c], acc[r][c]);
    }
  }
}

VT_INLINE const void *attention_at(const void *base, int64_t index, const int element) {
  return (const char *)base + index * (4 >> element);
}

// Fetches the lines that begin in row `row` of `columns` columns: a line has several rows, and is asked for once.
VT_INLINE void attention_fetch(const int columns, const int element, ahead from, int64_t row) {
  if (row % (1 << element) != 0) return;
#pragma clang loop unroll(full)
  for (int c = 0; c < columns; c++) __builtin_prefetch(attention_at(from.base, c * from.apart + row * LANES, element));
}

// Scores of `rows` queries [rows][d] against `panels` neighbouring K panels, into s (rows KEYS apart). What is read
// AHEAD vectors later lies in rows k of `near` for k < split, and of `far` after that.
VT_INLINE void attention_score_tile(const int rows, const int panels, const int element, const float *q, int64_t d,
                                    const void *keys, ahead near, ahead far, int64_t split, float *s) {
  vwf acc[STRIP][8];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < PER * panels; c++) acc[r][c] = wide(zero)();
  const int64_t panel = d * LANES;
  for (int64_t k = 0; k < d; k++) {
    // Few rows on halves are a decode step, which waits for memory alone.
    if (element != VT_ATTENTION_F32 && rows <= FEW) attention_fetch(panels, element, k < split ? near : far, k);
    attention_step(rows, PER * panels, element, q + k, d, attention_at(keys, k * LANES, element), panel, acc);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < PER * panels; c++) wide(store)(s + r * KEYS + VT_LANES * c, acc[r][c]);
}

// What a tile reads from row `row` of panel `panel` on; behind panel `last` follow the columns of `after`.
VT_INLINE ahead attention_panels(const void *keys, const int element, int64_t d, const int width, int panel, int last,
                                 int64_t row, ahead after) {
  if (panel < last) return (ahead){attention_at(keys, (panel * d + row) * LANES, element), d * LANES};
  return (ahead){attention_at(after.base, ((panel - last) / width * d + row) * LANES, element), after.apart};
}

VT_INLINE int attention_scores_run(const int rows, const int width, const int element, const float *q, int64_t d,
                                   const void *keys, ahead after, int panel, int last, float *s) {
  const int64_t rest = AHEAD / width % d; // rows beyond the whole tiles that AHEAD covers
  for (; panel + width <= last; panel += width) {
    const int then = panel + (int)(AHEAD / width / d) * width;
    attention_score_tile(rows, width, element, q, d, attention_at(keys, panel * LANES * d, element),
                         attention_panels(keys, element, d, width, then, last, rest, after),
                         attention_panels(keys, element, d, width, then + width, last, rest - d, after), d - rest,
                         s + panel * LANES);
  }
  return panel;
}

VT_INLINE void attention_scores_of(const int rows, const int width, const int element, const float *q, int64_t d,
                                   const void *keys, ahead after, int first, int last, float *s) {
  first = attention_scores_run(rows, width, element, q, d, keys, after, first, last, s);
  attention_scores_run(rows, 1, element, q, d, keys, after, first, last, s);
}

// Register tiles of rows × panels (or groups of dims). A strip is cut into them, the largest first; how never shows in
// a result, since each number is summed in its own lane.
#ifdef VT_SIXTEEN_LANES
#define ATTENTION_TILES(TILE) TILE(12, 2) TILE(6, 4) TILE(3, 4) TILE(2, 4) TILE(1, 8)
#else
#define ATTENTION_TILES(TILE) TILE(6, 1) TILE(4, 1) TILE(3, 1) TILE(2, 2) TILE(1, 4)
#endif

// Panels [first, last) of a page; what is read next lies at `after`.
static void attention_scores(int rows, vt_attention_element element, const float *q, int64_t d, const void *keys, ahead after, int first,
                             int last, float *s) {
  int r = 0;
#define TILE(R, W)                                                                                                     \
  for (; r + R <= rows; r += R) {                                                                                      \
    if (element == VT_ATTENTION_F16)                                                                                   \
      attention_scores_of(R, W, VT_ATTENTION_F16, q + r * d, d, keys, after, first, last, s + r * KEYS);               \
    else if (element == VT_ATTENTION_I8)                                                                               \
      attention_scores_of(R, W, VT_ATTENTION_I8, q + r * d, d, keys, after, first, last, s + r * KEYS);                \
    else                                                                                                               \
      attention_scores_of(R, W, VT_ATTENTION_F32, q + r * d, d, keys, after, first, last, s + r * KEYS);               \
  }
  ATTENTION_TILES(TILE)
#undef TILE
}

// Columns [first, last) of a row, multiples of 16, in place: cap · tanh(s / cap).
static void attention_cap(float *s, int first, int last, float cap) {
  const v8f limit = v8f_set(cap), inverse = v8f_set(1 / cap);
  for (int j = first; j < last; j += 8)
    v8f_store(s + j, v8f_mul(v8f_tanh(v8f_mul(v8f_load(s + j), inverse)), limit));
}

// Columns [first, last) of a row, multiples of 16, in place: p = 2^(s - m) with m the largest; returns m, l by `sum`.
// The sum runs in sixteen lanes (column mod 16); the upper eight are added to the lower, and those by v8f_sum.
static float attention_softmax(float *s, int first, int last, float *sum) {
  vwf top[2], l[2];
  for (int c = 0; c < 2; c++) top[c] = wide(set)(-INFINITY), l[c] = wide(zero)();
  for (int j = first; j < last; j += LANES)
    for (int c = 0; c < PER; c++) top[c] = wide(max)(top[c], wide(load)(s + j + VT_LANES * c));
#ifdef VT_SIXTEEN_LANES
  const float m = v16f_max_lane(top[0]);
#else
  const float m = v8f_max_lane(v8f_max(top[0], top[1]));
#endif
  const vwf base = wide(set)(m == -INFINITY ? 0 : m);
  for (int j = first; j < last; j += LANES)
    for (int c = 0; c < PER; c++) {
      const vwf p = attention_exp2(wide(sub)(wide(load)(s + j + VT_LANES * c), base));
      wide(store)(s + j + VT_LANES * c, p);
      l[c] = wide(add)(l[c], p);
    }
#ifdef VT_SIXTEEN_LANES
  *sum = v8f_sum(v8f_add(wide(lower)(l[0]), wide(upper)(l[0])));
#else
  *sum = v8f_sum(v8f_add(l[0], l[1]));
#endif
  return m;
}

// `rows` rows of P (KEYS apart) times `groups` neighbouring groups of 16 dims of V, keys [first, last), into o.
VT_INLINE void attention_value_tile(const int rows, const int groups, const int element, const float *p,
                                    const void *values, ahead after, int64_t key, int64_t group, int first, int last,
                                    float *o, int64_t o_row) {
  vwf acc[STRIP][8];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < PER * groups; c++) acc[r][c] = wide(zero)();
  const ahead here = {values, group};
  for (int j = first; j < last; j++) {
    const int then = j + AHEAD / groups;
    if (element != VT_ATTENTION_F32 && rows <= FEW) attention_fetch(groups, element, then < last ? here : after, then < last ? then : then - last);
    attention_step(rows, PER * groups, element, p + j, KEYS, attention_at(values, j * key, element), group, acc);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < PER * groups; c++) wide(store)(o + r * o_row + VT_LANES * c, acc[r][c]);
}

VT_INLINE int attention_values_run(const int rows, const int width, const int element, const float *p,
                                   const void *values, ahead after, int64_t key, int64_t group, int g, int groups,
                                   int first, int last, float *o, int64_t o_row) {
  for (; g + width <= groups; g += width) {
    const ahead next = {attention_at(values, (g + width) * group + first * key, element), group};
    attention_value_tile(rows, width, element, p, attention_at(values, g * group, element), g + width < groups ? next : after,
                         key, group, first, last, o + g * LANES, o_row);
  }
  return g;
}

VT_INLINE void attention_values_of(const int rows, const int width, const int element, const float *p,
                                   const void *values, ahead after, int64_t key, int64_t group, int groups, int first,
                                   int last, float *o, int64_t o_row) {
  int g = attention_values_run(rows, width, element, p, values, after, key, group, 0, groups, first, last, o, o_row);
  if (width > 4)
    g = attention_values_run(rows, 4, element, p, values, after, key, group, g, groups, first, last, o, o_row);
  attention_values_run(rows, 1, element, p, values, after, key, group, g, groups, first, last, o, o_row);
}

static void attention_values(int rows, vt_attention_element element, const float *p, const void *values, ahead after, int64_t key,
                             int64_t group, int groups, int first, int last, float *o, int64_t o_row) {
  int r = 0;
#define TILE(R, W)                                                                                                     \
  for (; r + R <= rows; r += R) {                                                                                      \
    const float *from = p + r * KEYS;                                                                                  \
    float *to = o + r * o_row;                                                                                         \
    if (element == VT_ATTENTION_F16)                                                                                   \
      attention_values_of(R, W, VT_ATTENTION_F16, from, values, after, key, group, groups, first, last, to, o_row);    \
    else if (element == VT_ATTENTION_I8)                                                                               \
      attention_values_of(R, W, VT_ATTENTION_I8, from, values, after, key, group, groups, first, last, to, o_row);     \
    else                                                                                                               \
      attention_values_of(R, W, VT_ATTENTION_F32, from, values, after, key, group, groups, first, last, to, o_row);    \
  }
  ATTENTION_TILES(TILE)
#undef TILE
}

// o = o · keep + fresh · weight over n numbers, n a multiple of 16.
static void attention_blend(float *o, const float *fresh, float keep, float weight, int64_t n) {
  const vwf a = wide(set)(keep), b = wide(set)(weight);
  for (int64_t i = 0; i < n; i += VT_LANES)
    wide(store)(o + i, wide(fma)(wide(load)(fresh + i), b, wide(mul)(wide(load)(o + i), a)));
}

// Elements of a page, of which n is a multiple of 16, as floats.
static void attention_widen(vt_attention_element element, const void *from, float *to, int64_t n) {
  if (element == VT_ATTENTION_I8)
    for (int64_t i = 0; i < n; i += VT_LANES) wide(store)(to + i, wide(from_i8)((const int8_t *)from + i));
  else
    for (int64_t i = 0; i < n; i += VT_LANES) wide(store)(to + i, wide(from_f16)((const uint16_t *)from + i));
}

static void attention_to_half(const float *from, uint16_t *to, int64_t n) {
  for (int64_t i = 0; i < n; i += VT_LANES) wide(to_f16)(to + i, wide(load)(from + i));
}

// Sixteen keys of d dims, `stride` apart, as a panel [d][16].
static void attention_transpose(const float *k, int64_t stride, int64_t d, float *panel) {
  int64_t at = 0;
  for (; at + 8 <= d; at += 8)
    for (int half = 0; half < 2; half++) {
      v8f x[8];
      v8f_load_transposed(x, k + 8 * half * stride + at, stride);
      for (int i = 0; i < 8; i++) v8f_store(panel + (at + i) * LANES + 8 * half, x[i]);
    }
  for (; at < d; at++)
    for (int j = 0; j < LANES; j++) panel[at * LANES + j] = k[j * stride + at];
}

static float attention_exp2_one(float x) {
  float lanes[VT_LANES];
  wide(store)(lanes, attention_exp2(wide(set)(x)));
  return lanes[0];
}
