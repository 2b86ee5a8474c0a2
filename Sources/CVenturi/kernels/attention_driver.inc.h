// The work of attention above its primitives: items, masks, merging. Shared by all kernel sets, so that they differ in
// their primitives only. Include after those.

#define LOG2E 0x1.715476p+0f

static inline int64_t padded_dim(int64_t d) { return (d + LANES - 1) / LANES * LANES; }
static inline int64_t at_least(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

// The keys [*first, *last) that the query at `position` sees.
static inline void visible(const vt_attention *a, int64_t length, int64_t position, int64_t *first, int64_t *last) {
  *first = a->window_left < 0 ? 0 : at_least(0, position - a->window_left);
  *last = a->window_right < 0 ? length : at_most(length, position + a->window_right + 1);
}

typedef struct worker_scratch {
  float *q;       // [rows][d], scaled
  float *o;       // [rows][padded d], running
  float *m, *l;   // [rows]
  float *s;       // [strip][KEYS]
  float *fresh;   // [strip][padded d]
  float *keys;    // a page's panels, converted or packed
  float *values;
} worker_scratch;

static worker_scratch scratch_of(const vt_attention *a, int32_t worker, int64_t rows) {
  const int64_t d = a->layout.head_dim, padded = padded_dim(d);
  worker_scratch w;
  w.s = a->scratch + worker * a->scratch_stride;
  w.fresh = w.s + VT_ATTENTION_STRIP * KEYS;
  w.keys = w.fresh + VT_ATTENTION_STRIP * padded;
  w.values = w.keys + KEYS * d;
  w.o = w.values + KEYS * padded;
  w.q = w.o + rows * padded;
  w.m = w.q + rows * d;
  w.l = w.m + rows;
  return w;
}

// One page as a strip of rows sees it.
typedef struct page_view {
  const void *keys, *values;
  const float *key_scales, *value_scales; // NULL where elements are numbers as they are
  vt_attention_element element;
  int64_t key, group; // distances in values
  int64_t start;      // the index of its first key
  const void *next;   // the keys that are read after it, where they are known
} page_view;

static const char *page_base(const vt_attention *a, const vt_attention_run *run, int32_t head, int64_t page) {
  return (const char *)run->pages[page] + a->page_offset + head * a->layout.head_bytes;
}

// The keys that are read after `page` of an item that ends before key `last`: the item's next page, else the first one
// of the next item.
static const void *page_after(const vt_attention *a, const vt_attention_item *item, int64_t page, int64_t last) {
  const vt_attention_run *run = &a->runs[item->run];
  if (!run->pages) return NULL;
  if (item->page < 0 && (page + 1) * KEYS < last) return page_base(a, run, item->head, page + 1);
  if (item->next < 0) return NULL;
  item = &a->items[item->next];
  run = &a->runs[item->run];
  int64_t first, ignored;
  visible(a, run->length, run->position + item->first, &first, &ignored);
  page = item->page >= 0 ? item->page : first / KEYS;
  return page * KEYS < run->length ? page_base(a, run, item->head, page) : NULL;
}

// From this many rows on it pays to convert a page once.
enum { CONVERT_ROWS = 2 * STRIP };

// Panels [from, to) of a page for `rows` rows: in place where the kernels can read it so, else by way of the scratch.
static page_view page_of(const vt_attention *a, const vt_attention_run *run, int32_t head, int64_t page, int64_t rows,
                         int64_t from, int64_t to, const worker_scratch *w) {
  const int64_t d = a->layout.head_dim, padded = padded_dim(d);
  page_view view = {.key = LANES, .group = LANES * KEYS, .start = page * KEYS};
  if (run->pages) {
    const char *base = page_base(a, run, head, page);
    view.keys = base;
    view.values = base + a->layout.values_bytes;
    view.element = a->layout.element;
    if (view.element == VT_ATTENTION_I8) {
      view.key_scales = (const float *)(base + a->layout.scales_bytes);
      view.value_scales = view.key_scales + KEYS;
    }
    if (view.element == VT_ATTENTION_F32 || rows < CONVERT_ROWS) return view;
    const int64_t size = 4 >> view.element;
    attention_widen(view.element, (const char *)view.keys + from * LANES * d * size, w->keys + from * LANES * d,
                    (to - from) * LANES * d);
    for (int64_t g = 0; g < padded / LANES; g++) {
      const int64_t offset = (g * KEYS + from * LANES) * LANES;
      attention_widen(view.element, (const char *)view.values + offset * size, w->values + offset,
                      (to - from) * LANES * LANES);
    }
    view.keys = w->keys;
    view.values = w->values;
    view.element = VT_ATTENTION_F32;
    return view;
  }
  const float *keys = run->keys + head * a->key_head + view.start * a->key_row;
  const float *values = run->values + head * a->value_head + view.start * a->value_row;
  const int64_t count = at_most(KEYS, run->length - view.start);
  for (int64_t panel = from; panel < to; panel++) {
    const int64_t there = at_most(LANES, count - panel * LANES);
    float *target = w->keys + panel * LANES * d;
    const float *source = keys + panel * LANES * a->key_row;
    if (there == LANES) {
      attention_transpose(source, a->key_row, d, target);
    } else {
      for (int64_t k = 0; k < d; k++)
        for (int64_t j = 0; j < LANES; j++) target[k * LANES + j] = j < there ? source[j * a->key_row + k] : 0;
    }
  }
  view.keys = w->keys;
  if (d == padded) {
    view.values = values;
    view.key = a->value_row;
    view.group = LANES;
    return view;
  }
  for (int64_t j = from * LANES; j < at_most(to * LANES, count); j++)
    for (int64_t k = 0; k < padded; k++)
      w->values[(k / LANES * KEYS + j) * LANES + k % LANES] = k < d ? values[j * a->value_row + k] : 0;
  view.values = w->values;
  return view;
}

// Turns d numbers by an orthogonal matrix that is its own inverse: Hadamard's of n/√n, n the largest power of two that
// divides d, over every n of them. Keys, queries and values that are turned alike give the same scores and, turned back,
// the same outputs, while no number is much larger than the others, which 8 bits need (QuaRot, arXiv 2404.00456).
static void turn(float *x, int64_t d) {
  const int64_t n = d & -d;
  for (int64_t half = 1; half < n; half *= 2)
    for (int64_t i = 0; i < d; i += 2 * half)
      for (int64_t j = i; j < i + half; j++) {
        const float a = x[j], b = x[j + half];
        x[j] = a + b;
        x[j + half] = a - b;
      }
  const float factor = 1 / sqrtf((float)n);
  for (int64_t i = 0; i < d; i++) x[i] *= factor;
}

static bool is_turned(const vt_attention *a, const vt_attention_run *run) {
  return run->pages && a->layout.element == VT_ATTENTION_I8;
}

static void load_queries(const vt_attention *a, const vt_attention_run *run, int32_t head, int64_t first,
                         int64_t count, float *q) {
  const int64_t d = a->layout.head_dim;
  const float scale = a->scale * LOG2E;
  for (int64_t i = 0; i < count; i++)
    for (int64_t g = 0; g < a->group; g++) {
      const float *from =
          a->q + run->q_offset + (first + i) * a->q_row + ((int64_t)head * a->group + g) * a->q_head;
      for (int64_t k = 0; k < d; k++) q[k] = from[k] * scale;
      if (is_turned(a, run)) turn(q, d);
      q += d;
    }
}

// A strip of `rows` rows (row0 counts rows × group from the item's first query) against one page: O of this page alone
// into `fresh` (rows `padded` apart), its largest scores and sums into m and l. False when no row sees a key of it.
static bool strip_page(const vt_attention *a, const vt_attention_run *run, int32_t head, int64_t query0, int64_t row0,
                       int rows, const float *q, const page_view *page, float *s, float *fresh, float *m, float *l) {
  const int64_t d = a->layout.head_dim, padded = padded_dim(d), group = a->group;
  int64_t low[STRIP], high[STRIP];
  int64_t first = KEYS, last = 0;
  for (int r = 0; r < rows; r++) {
    int64_t begin, end;
    visible(a, run->length, run->position + query0 + (row0 + r) / group, &begin, &end);
    low[r] = at_most(KEYS, at_least(0, begin - page->start));
    high[r] = at_least(low[r], at_most(KEYS, end - page->start));
    if (low[r] < high[r]) {
      first = at_most(first, low[r]);
      last = at_least(last, high[r]);
    }
  }
  if (first >= last) return false;
  const int left = (int)(first / LANES), right = (int)((last + LANES - 1) / LANES);
  const ahead values = {(const char *)page->values + first * page->key * (4 >> page->element), page->group};
  attention_scores(rows, page->element, q, d, page->keys, values, left, right, s);
  for (int r = 0; r < rows; r++) {
    float *row = s + r * KEYS;
    if (page->key_scales)
      for (int64_t j = left * LANES; j < right * LANES; j++) row[j] *= page->key_scales[j];
    if (a->softcap > 0) attention_cap(row, left * LANES, right * LANES, a->softcap * LOG2E);
    if (a->slopes) {
      const float slope = a->slopes[run->first_head + head * group + (row0 + r) % group] * LOG2E;
      const int64_t distance = page->start - (run->position + query0 + (row0 + r) / group);
      for (int64_t j = left * LANES; j < right * LANES; j++) row[j] = fmaf(slope, (float)(distance + j), row[j]);
    }
    for (int64_t j = left * LANES; j < low[r]; j++) row[j] = -INFINITY;
    for (int64_t j = at_least(high[r], left * LANES); j < right * LANES; j++) row[j] = -INFINITY;
    m[r] = attention_softmax(row, left * LANES, right * LANES, &l[r]);
    if (page->value_scales)
      for (int64_t j = first; j < last; j++) row[j] *= page->value_scales[j];
  }
  const ahead next = {page->next ? page->next : page->keys, d * LANES};
  attention_values(rows, page->element, s, page->values, next, page->key, page->group, (int)(padded / LANES), (int)first,
                   (int)last, fresh, padded);
  return true;
}

// Merges what one page gave a row into what the pages before it gave. A sum is 0 only where no key was seen; NaN is
// passed on.
static inline void merge_row(float *o, float *m, float *l, const float *fresh, float fresh_m, float fresh_l,
                             int64_t padded) {
  if (fresh_l == 0) return;
  const bool higher = fresh_m > *m;
  const float other = attention_exp2_one(higher ? *m - fresh_m : fresh_m - *m);
  const float keep = higher ? other : 1, weight = higher ? 1 : other;
  attention_blend(o, fresh, keep, weight, padded);
  *l = fmaf(fresh_l, weight, *l * keep);
  *m = higher ? fresh_m : *m;
}

static void finish_row(const vt_attention *a, const vt_attention_run *run, int32_t head, int64_t query, int64_t g,
                       const float *o, float m, float l) {
  const int64_t number = (int64_t)head * a->group + g;
  float *to = a->o + run->o_offset + query * a->o_row + number * a->o_head;
  const bool empty = l == 0;
  for (int64_t k = 0; k < a->layout.head_dim; k++) to[k] = empty ? 0 : o[k] / l;
  if (is_turned(a, run)) turn(to, a->layout.head_dim);
  if (a->lse)
    a->lse[run->lse_offset + query * a->lse_row + number * a->lse_head] =
        empty ? -INFINITY : (float)((double)m * 0x1.62e42fefa39efp-1 + log((double)l));
}

static void clear_rows(float *o, float *m, float *l, int64_t rows, int64_t padded) {
  memset(o, 0, (size_t)(rows * padded) * sizeof *o);
  for (int64_t r = 0; r < rows; r++) m[r] = -INFINITY, l[r] = 0;
}

// The partials of one run and kv head, page after page, to its rows of o.
static void merge_pages(const vt_attention *a, const vt_attention_merge *merge, worker_scratch w) {
  const vt_attention_run *run = &a->runs[merge->run];
  const int64_t padded = padded_dim(a->layout.head_dim), rows = run->rows * a->group;
  clear_rows(w.o, w.m, w.l, rows, padded);
  const float *o = a->partials + merge->partial;
  for (int32_t page = merge->first_page; page < merge->last_page; page++) {
    const float *m = o + rows * padded, *l = m + rows;
    for (int64_t row = 0; row < rows; row++)
      merge_row(w.o + row * padded, &w.m[row], &w.l[row], o + row * padded, m[row], l[row], padded);
    o = l + rows;
  }
  for (int64_t row = 0; row < rows; row++)
    finish_row(a, run, merge->head, row / a->group, row % a->group, w.o + row * padded, w.m[row], w.l[row]);
}

static void attention_item(void *context, int32_t index, int32_t worker) {
  const vt_attention *a = context;
  const vt_attention_item *item = &a->items[index];
  const vt_attention_run *run = &a->runs[item->run];
  const int64_t d = a->layout.head_dim, padded = padded_dim(d), rows = (int64_t)item->count * a->group;
  worker_scratch w = scratch_of(a, worker, rows);
  load_queries(a, run, item->head, item->first, item->count, w.q);
  int64_t first, last, ignored;
  visible(a, run->length, run->position + item->first, &first, &ignored);
  visible(a, run->length, run->position + item->first + item->count - 1, &ignored, &last);
  if (item->page >= 0) {
    float *o = a->partials + item->partial, *m = o + rows * padded, *l = m + rows;
    const int64_t start = (int64_t)item->page * KEYS;
    page_view page = page_of(a, run, item->head, item->page, rows, at_least(0, first - start) / LANES,
                             (at_most(KEYS, last - start) + LANES - 1) / LANES, &w);
    page.next = page_after(a, item, item->page, last);
    for (int64_t row = 0; row < rows; row += STRIP) {
      const int n = (int)at_most(STRIP, rows - row);
      if (!strip_page(a, run, item->head, item->first, row, n, w.q + row * d, &page, w.s, o + row * padded, m + row,
                      l + row))
        clear_rows(o + row * padded, m + row, l + row, n, padded);
    }
    // Whoever ends a run's last page merges all of them; the count is ready for the next layer then.
    vt_attention_merge *merge = &a->merges[item->merge];
    if (__atomic_sub_fetch(&merge->pending, 1, __ATOMIC_ACQ_REL) == 0) {
      __atomic_store_n(&merge->pending, merge->last_page - merge->first_page, __ATOMIC_RELAXED);
      merge_pages(a, merge, w);
    }
    return;
  }
  clear_rows(w.o, w.m, w.l, rows, padded);
  for (int64_t number = first / KEYS; number * KEYS < last; number++) {
    const int64_t start = number * KEYS;
    page_view page = page_of(a, run, item->head, number, rows, at_least(0, first - start) / LANES,
                             (at_most(KEYS, last - start) + LANES - 1) / LANES, &w);
    page.next = page_after(a, item, number, last);
    for (int64_t row = 0; row < rows; row += STRIP) {
      const int n = (int)at_most(STRIP, rows - row);
      float m[STRIP], l[STRIP];
      if (!strip_page(a, run, item->head, item->first, row, n, w.q + row * d, &page, w.s, w.fresh, m, l)) continue;
      for (int r = 0; r < n; r++)
        merge_row(w.o + (row + r) * padded, &w.m[row + r], &w.l[row + r], w.fresh + r * padded, m[r], l[r], padded);
    }
  }
  for (int64_t row = 0; row < rows; row++)
    finish_row(a, run, item->head, item->first + row / a->group, row % a->group, w.o + row * padded, w.m[row],
               w.l[row]);
}

#include "attention_store.inc.h"

#include "attention_blocks.inc.h"

vt_job VT_SUFFIX(vt_attention_item_job)(void) { return attention_item; }
vt_job VT_SUFFIX(vt_attention_append_job)(void) { return attention_append; }
vt_job VT_SUFFIX(vt_attention_means_job)(void) { return attention_means; }
vt_job VT_SUFFIX(vt_attention_blocks_job)(void) { return attention_blocks; }
void VT_SUFFIX(vt_attention_exp2)(const float *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = attention_exp2_one(x[i]);
}
