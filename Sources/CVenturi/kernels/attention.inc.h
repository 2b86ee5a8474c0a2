// The vector primitives of attention, over eight lanes. Include after a simd header.

enum { KEYS = VT_ATTENTION_PAGE, LANES = VT_ATTENTION_PANEL };

// 2^x for x <= 0: 2^n · (1 + f·g(f)) with n the nearest integer, g fitted at the Chebyshev nodes of [-1/2, 1/2]
// (0.85 ulp). Below -100 the result is 0, so that no product of a weight and an f16 value underflows.
VT_INLINE v8f attention_exp2(v8f x) {
  const v8f magic = v8f_set(0x1.8p23f);
  const v8f shifted = v8f_add(x, magic);
  const v8f f = v8f_sub(x, v8f_sub(shifted, magic));
  v8f g = v8f_set(0x1.44138ap-13f);
  g = v8f_fma(g, f, v8f_set(0x1.5f0890p-10f));
  g = v8f_fma(g, f, v8f_set(0x1.3b2a54p-7f));
  g = v8f_fma(g, f, v8f_set(0x1.c6af6cp-5f));
  g = v8f_fma(g, f, v8f_set(0x1.ebfbe0p-3f));
  g = v8f_fma(g, f, v8f_set(0x1.62e430p-1f));
  g = v8f_fma(g, f, v8f_set(1));
  const v8f y = v8f_as_float(v8i_add(v8f_as_int(g), v8i_shift_left(v8f_as_int(shifted), 23)));
  return v8f_select_less(x, v8f_set(-100), v8f_zero(), y);
}

VT_INLINE v8f attention_load(const void *base, int64_t index, bool half) {
  return half ? v8f_from_f16((const uint16_t *)base + index) : v8f_load((const float *)base + index);
}

// Scores of `rows` queries [rows][d] against `panels` neighbouring K panels, into s (rows KEYS apart).
VT_INLINE void attention_score_tile(const int rows, const int panels, const bool half, const float *q, int64_t d,
                                    const void *keys, float *s) {
  v8f acc[VT_ATTENTION_STRIP][8];
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < 2 * panels; c++) acc[r][c] = v8f_zero();
  const int64_t panel = d * LANES;
  for (int64_t k = 0; k < d; k++) {
    v8f b[8];
    for (int c = 0; c < 2 * panels; c++) b[c] = attention_load(keys, (c / 2) * panel + k * LANES + 8 * (c % 2), half);
    for (int r = 0; r < rows; r++) {
      const v8f a = v8f_broadcast(q + r * d + k);
      for (int c = 0; c < 2 * panels; c++) acc[r][c] = v8f_fma(a, b[c], acc[r][c]);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < 2 * panels; c++) v8f_store(s + r * KEYS + 8 * c, acc[r][c]);
}

VT_INLINE void attention_scores_of(const int rows, const int width, const bool half, const float *q, int64_t d,
                                   const void *keys, int first, int last, float *s) {
  int panel = first;
  for (; panel + width <= last; panel += width)
    attention_score_tile(rows, width, half, q, d, (const char *)keys + panel * LANES * d * (half ? 2 : 4),
                         s + panel * LANES);
  for (; panel < last; panel++)
    attention_score_tile(rows, 1, half, q, d, (const char *)keys + panel * LANES * d * (half ? 2 : 4),
                         s + panel * LANES);
}

#define ATTENTION_ROWS(CALL)                                                                                           \
  switch (rows) {                                                                                                      \
  case 1: CALL(1, 4); break;                                                                                           \
  case 2: CALL(2, 2); break;                                                                                           \
  case 3: CALL(3, 2); break;                                                                                           \
  case 4: CALL(4, 1); break;                                                                                           \
  case 5: CALL(5, 1); break;                                                                                           \
  default: CALL(6, 1); break;                                                                                          \
  }

// Panels [first, last) of a page.
static void attention_scores(int rows, bool half, const float *q, int64_t d, const void *keys, int first, int last,
                             float *s) {
#define CALL_HALF(R, W) attention_scores_of(R, W, true, q, d, keys, first, last, s)
#define CALL_FULL(R, W) attention_scores_of(R, W, false, q, d, keys, first, last, s)
  if (half) {
    ATTENTION_ROWS(CALL_HALF)
  } else {
    ATTENTION_ROWS(CALL_FULL)
  }
#undef CALL_HALF
#undef CALL_FULL
}

// Columns [first, last) of a row, multiples of 16, in place: p = 2^(s - m) with m the largest; returns m, l by `sum`.
// The sum runs in eight lanes (column mod 8) and ends in the fixed tree of v8f_sum.
static float attention_softmax(float *s, int first, int last, float *sum) {
  v8f a = v8f_set(-INFINITY), b = a;
  for (int j = first; j < last; j += 16) {
    a = v8f_max(a, v8f_load(s + j));
    b = v8f_max(b, v8f_load(s + j + 8));
  }
  const float m = v8f_max_lane(v8f_max(a, b));
  const v8f base = v8f_set(m == -INFINITY ? 0 : m);
  v8f l = v8f_zero();
  for (int j = first; j < last; j += 8) {
    const v8f p = attention_exp2(v8f_sub(v8f_load(s + j), base));
    v8f_store(s + j, p);
    l = v8f_add(l, p);
  }
  *sum = v8f_sum(l);
  return m;
}

// `rows` rows of P (KEYS apart) times `groups` neighbouring groups of 16 dims of V, keys [first, last), into o.
VT_INLINE void attention_value_tile(const int rows, const int groups, const bool half, const float *p,
                                    const void *values, int64_t key, int64_t group, int first, int last, float *o,
                                    int64_t o_row) {
  v8f acc[VT_ATTENTION_STRIP][8];
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < 2 * groups; c++) acc[r][c] = v8f_zero();
  for (int j = first; j < last; j++) {
    v8f b[8];
    for (int c = 0; c < 2 * groups; c++) b[c] = attention_load(values, (c / 2) * group + j * key + 8 * (c % 2), half);
    for (int r = 0; r < rows; r++) {
      const v8f a = v8f_broadcast(p + r * KEYS + j);
      for (int c = 0; c < 2 * groups; c++) acc[r][c] = v8f_fma(a, b[c], acc[r][c]);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < 2 * groups; c++) v8f_store(o + r * o_row + 8 * c, acc[r][c]);
}

VT_INLINE void attention_values_of(const int rows, const int width, const bool half, const float *p,
                                   const void *values, int64_t key, int64_t group, int groups, int first, int last,
                                   float *o, int64_t o_row) {
  int g = 0;
  for (; g + width <= groups; g += width)
    attention_value_tile(rows, width, half, p, (const char *)values + g * group * (half ? 2 : 4), key, group, first,
                         last, o + g * LANES, o_row);
  for (; g < groups; g++)
    attention_value_tile(rows, 1, half, p, (const char *)values + g * group * (half ? 2 : 4), key, group, first, last,
                         o + g * LANES, o_row);
}

static void attention_values(int rows, bool half, const float *p, const void *values, int64_t key, int64_t group,
                             int groups, int first, int last, float *o, int64_t o_row) {
#define CALL_HALF(R, W) attention_values_of(R, W, true, p, values, key, group, groups, first, last, o, o_row)
#define CALL_FULL(R, W) attention_values_of(R, W, false, p, values, key, group, groups, first, last, o, o_row)
  if (half) {
    ATTENTION_ROWS(CALL_HALF)
  } else {
    ATTENTION_ROWS(CALL_FULL)
  }
#undef CALL_HALF
#undef CALL_FULL
}

// o = o · keep + fresh · weight over n numbers, n a multiple of 16.
static void attention_blend(float *o, const float *fresh, float keep, float weight, int64_t n) {
  const v8f a = v8f_set(keep), b = v8f_set(weight);
  for (int64_t i = 0; i < n; i += 8)
    v8f_store(o + i, v8f_fma(v8f_load(fresh + i), b, v8f_mul(v8f_load(o + i), a)));
}

static void attention_from_half(const uint16_t *from, float *to, int64_t n) {
  for (int64_t i = 0; i < n; i += 8) v8f_store(to + i, v8f_from_f16(from + i));
}

static void attention_to_half(const float *from, uint16_t *to, int64_t n) {
  for (int64_t i = 0; i < n; i += 8) v8f_to_f16(to + i, v8f_load(from + i));
}

static float attention_exp2_one(float x) {
  float lanes[8];
  v8f_store(lanes, attention_exp2(v8f_set(x)));
  return lanes[0];
}
