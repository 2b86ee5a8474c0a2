// Blocks of 16 keys that a single query sees: the means of their keys, the choice by them, and the chosen ones side by side. Included
// by the driver, whose helpers it uses.
//
// Kinetics: Rethinking Test-Time Scaling Laws, 2025, arXiv 2506.05333 (block top-k).

// The mean of a block's keys, from their panel into its column of the means.
static void store_mean(const char *panel, int64_t d, vt_attention_element element, float *means) {
  const int64_t size = 4 >> element;
  float converted[LANES * LANES];
  for (int64_t at = 0; at < d; at += LANES) {
    const int64_t dims = at_most(LANES, d - at);
    const float *wide = (const float *)panel + at * LANES;
    if (element != VT_ATTENTION_F32) {
      attention_widen(element, panel + at * LANES * size, converted, dims * LANES);
      wide = converted;
    }
    for (int64_t k = 0; k < dims; k++) {
      float sum = 0;
      for (int64_t i = 0; i < LANES; i++) sum += wide[k * LANES + i];
      means[(at + k) * LANES] = sum / LANES;
    }
  }
}

static float *means_of(const vt_attention_blocks *a, const vt_attention_run *run, int32_t head, int64_t page) {
  return (float *)(page_base(&a->dense, run, head, page) + a->means_bytes);
}

// The means of the blocks whose last key is among a run's new rows.
static void attention_means(void *context, int32_t index, int32_t worker) {
  (void)worker;
  const vt_attention_blocks *a = context;
  const vt_attention_layout *layout = &a->dense.layout;
  const vt_attention_run *run = &a->dense.runs[index / a->kv_heads];
  const int32_t head = index % a->kv_heads;
  const int64_t d = layout->head_dim, size = 4 >> layout->element;
  for (int64_t block = run->position / LANES; (block + 1) * LANES <= run->position + run->rows; block++) {
    const int64_t page = block * LANES / KEYS, inside = block % (KEYS / LANES);
    store_mean(page_base(&a->dense, run, head, page) + inside * LANES * d * size, d, layout->element,
               means_of(a, run, head, page) + inside);
  }
}

// Whether block `a` goes before block `b`: it has the larger score, or the same and comes first. NaN goes last.
static inline bool goes_before(const float *scores, int32_t a, int32_t b) {
  const float x = scores[a], y = scores[b];
  if (x > y || (y != y && x == x)) return true;
  return !(y > x) && (x == x || y != y) && a < b;
}

// Lets chosen[at] sink in a heap of `count` whose first is the one that would go last.
static void sink(const float *scores, int32_t *chosen, int64_t count, int64_t at) {
  const int32_t moved = chosen[at];
  for (int64_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && goes_before(scores, chosen[child], chosen[child + 1])) child++;
    if (!goes_before(scores, moved, chosen[child])) break;
    chosen[at] = chosen[child];
  }
  chosen[at] = moved;
}

// The `count` best of the first `among` blocks, in the order of their numbers.
static void choose(const float *scores, int64_t among, int32_t *chosen, int64_t count, uint8_t *isChosen) {
  for (int64_t i = 0; i < count; i++) chosen[i] = (int32_t)i;
  for (int64_t i = count / 2; i-- > 0;) sink(scores, chosen, count, i);
  for (int32_t block = (int32_t)count; block < among; block++)
    if (goes_before(scores, block, chosen[0])) {
      chosen[0] = block;
      sink(scores, chosen, count, 0);
    }
  memset(isChosen, 0, (size_t)among);
  for (int64_t i = 0; i < count; i++) isChosen[chosen[i]] = 1;
  int64_t next = 0;
  for (int32_t block = 0; block < among; block++)
    if (isChosen[block]) chosen[next++] = block;
}

// A block of a kv head from a sequence's pages into pages of this head alone.
static void gather_block(const vt_attention_blocks *a, const vt_attention_run *from, int32_t head, int64_t block, void *const *to,
                         int64_t place) {
  const vt_attention_layout *layout = &a->dense.layout;
  const int64_t d = layout->head_dim, size = 4 >> layout->element, blocks = KEYS / LANES, bytes = LANES * LANES * size;
  const char *source = page_base(&a->dense, from, head, block / blocks);
  char *target = to[place / blocks];
  const int64_t old = block % blocks, new = place % blocks;
  memcpy(target + new *LANES *d *size, source + old * LANES * d * size, (size_t)(LANES * d * size));
  source += layout->values_bytes, target += layout->values_bytes;
  for (int64_t group = 0; group < padded_dim(d) / LANES; group++)
    memcpy(target + (group * blocks + new) * bytes, source + (group * blocks + old) * bytes, (size_t)bytes);
}

// The largest score of each of the first `among` blocks over the query heads of a kv head.
static void score_blocks(const vt_attention_blocks *a, const vt_attention_run *run, int32_t head, int64_t among, float *scores,
                         float *s, float *q) {
  const int64_t d = a->dense.layout.head_dim, blocks = KEYS / LANES, group = a->dense.group;
  for (int64_t first = 0; first < group; first += STRIP) {
    const int64_t rows = at_most(STRIP, group - first);
    for (int64_t r = 0; r < rows; r++)
      memcpy(q + r * d, a->dense.q + run->q_offset + (head * group + first + r) * a->dense.q_head, (size_t)d * sizeof *q);
    for (int64_t block = 0; block < among; block += blocks) {
      attention_scores((int)rows, VT_ATTENTION_F32, q, d, means_of(a, run, head, block / blocks), (ahead){0}, 0, 1, s);
      for (int64_t i = 0; i < at_most(blocks, among - block); i++) {
        float best = first > 0 ? scores[block + i] : s[i];
        for (int64_t r = first > 0 ? 0 : 1; r < rows; r++) best = s[r * KEYS + i] > best ? s[r * KEYS + i] : best;
        scores[block + i] = best;
      }
    }
  }
}

// One row and kv head: chooses, brings together what is chosen and the last keys, and attends to it.
static void attention_blocks(void *context, int32_t index, int32_t worker) {
  const vt_attention_blocks *a = context;
  const vt_attention_run *run = &a->dense.runs[index / a->kv_heads];
  const int32_t head = index % a->kv_heads;
  // The last keys are always seen; blocks before them are candidates.
  const int64_t all = (run->length + LANES - 1) / LANES, among = (run->length - a->local) / LANES;
  float *scores = a->scratch + worker * a->scratch_stride, *s = scores + a->most_blocks;
  int32_t *chosen = (int32_t *)(s + STRIP * KEYS);
  uint8_t *isChosen = (uint8_t *)(chosen + a->blocks);
  float *q = (float *)(isChosen + (a->most_blocks + 3) / 4 * 4);
  score_blocks(a, run, head, among, scores, s, q);
  if (a->keeps_first) scores[0] = INFINITY;
  choose(scores, among, chosen, a->blocks, isChosen);
  void *const *pages = a->pages + worker * a->pages_each;
  for (int64_t i = 0; i < a->blocks; i++) gather_block(a, run, head, chosen[i], pages, i);
  for (int64_t block = among; block < all; block++) gather_block(a, run, head, block, pages, a->blocks + block - among);
  vt_attention_run seen = *run;
  seen.pages = (const void *const *)pages;
  seen.length = run->length - (among - a->blocks) * LANES;
  seen.position = seen.length - 1;
  const vt_attention_item item = {.head = head, .count = 1, .page = -1, .next = -1};
  vt_attention one = a->dense;
  one.runs = &seen;
  one.items = &item;
  // These pages have one head and one layer.
  one.layout.head_bytes = 0;
  one.page_offset = 0;
  attention_item(&one, 0, worker);
}
