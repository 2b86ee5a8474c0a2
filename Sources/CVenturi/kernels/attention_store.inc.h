// How keys and values get into their pages. Included by the driver, whose helpers it uses.

// The most values of a head; the layouts hold to it.
enum { MOST_DIMS = 1024 };

// d numbers, turned, as integers of up to 127 and their scale. What is not finite makes the scale NaN, and with it whatever the
// numbers are used for.
static float quantize(const float *numbers, int64_t d, int8_t *q) {
  float x[MOST_DIMS];
  memcpy(x, numbers, (size_t)d * sizeof *x);
  turn(x, d);
  uint32_t largest = 0;
  for (int64_t i = 0; i < d; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    bits &= 0x7FFFFFFF;
    largest = bits > largest ? bits : largest;
  }
  float top;
  memcpy(&top, &largest, sizeof top);
  const bool finite = largest < 0x7F800000;
  // Below this the inverse would be infinite.
  const bool zero = top < 0x1p-120f || !finite;
  const float inverse = zero ? 0 : 127 / top;
  for (int64_t i = 0; i < d; i++) q[i] = zero ? 0 : (int8_t)(int32_t)rintf(x[i] * inverse);
  return !finite ? NAN : zero ? 0 : top / 127;
}

// Neighbouring keys (rows `stride` apart) into columns [first, last) of their panel [d][16], and with int8 their scales.
static void store_keys(const float *k, int64_t stride, int first, int last, int64_t d, vt_attention_element element,
                       void *panel, float *scales) {
  if (element == VT_ATTENTION_I8) {
    int8_t integers[MOST_DIMS];
    for (int i = first; i < last; i++) {
      scales[i] = quantize(k + (i - first) * stride, d, integers);
      for (int64_t j = 0; j < d; j++) ((int8_t *)panel)[j * LANES + i] = integers[j];
    }
    return;
  }
  const bool half = element == VT_ATTENTION_F16;
  float block[LANES * LANES] = {0};
  uint16_t halves[LANES * LANES];
  for (int64_t at = 0; at < d; at += LANES) {
    const int64_t dims = at_most(LANES, d - at);
    if (last - first == LANES) {
      float *to = half ? block : (float *)panel + at * LANES;
      attention_transpose(k + at, stride, dims, to);
      if (half) attention_to_half(block, (uint16_t *)panel + at * LANES, dims * LANES);
      continue;
    }
    for (int i = first; i < last; i++) {
      const float *from = k + (i - first) * stride + at;
      if (!half) {
        for (int64_t j = 0; j < dims; j++) ((float *)panel)[(at + j) * LANES + i] = from[j];
        continue;
      }
      if (dims < LANES) from = memcpy(block, from, (size_t)dims * sizeof *from);
      attention_to_half(from, halves, LANES);
      for (int64_t j = 0; j < dims; j++) ((uint16_t *)panel)[(at + j) * LANES + i] = halves[j];
    }
  }
}

static void store_value(const float *v, int64_t key, int64_t d, vt_attention_element element, void *values,
                        float *scales) {
  int8_t integers[MOST_DIMS + LANES] = {0};
  if (element == VT_ATTENTION_I8) scales[key] = quantize(v, d, integers);
  for (int64_t at = 0; at < d; at += LANES) {
    const int64_t offset = (at / LANES * KEYS + key) * LANES;
    if (element == VT_ATTENTION_I8) {
      memcpy((int8_t *)values + offset, integers + at, LANES);
      continue;
    }
    float block[LANES] = {0};
    memcpy(block, v + at, (size_t)at_most(LANES, d - at) * sizeof *v);
    if (element == VT_ATTENTION_F16)
      attention_to_half(block, (uint16_t *)values + offset, LANES);
    else
      memcpy((float *)values + offset, block, sizeof block);
  }
}

// Fetches the lines that one key and value of a head will be written to, all at once: their stores would ask for one
// after the other.
static void own_lines(const vt_attention_append *a, const vt_attention_run *run, int64_t head) {
  const int64_t inside = run->position % KEYS, d = a->layout.head_dim, size = 4 >> a->layout.element;
  const char *base = (const char *)run->pages[run->position / KEYS] + a->page_offset + head * a->layout.head_bytes;
  const char *keys = base + inside / LANES * LANES * d * size + inside % LANES * size;
  for (int64_t k = 0; k < d; k += 1 << a->layout.element) __builtin_prefetch(keys + k * LANES * size, 1);
  for (int64_t at = 0; at < d; at += LANES)
    __builtin_prefetch(base + a->layout.values_bytes + (at / LANES * KEYS + inside) * LANES * size, 1);
}

static void attention_append(void *context, int32_t index, int32_t worker) {
  (void)worker;
  const vt_attention_append *a = context;
  const vt_attention_run *run = &a->runs[index / a->kv_heads];
  const vt_attention_element element = a->layout.element;
  const int64_t head = index % a->kv_heads, d = a->layout.head_dim, size = 4 >> element;
  const float *k = a->k + run->first_row * a->k_row + head * d, *v = a->v + run->first_row * a->v_row + head * d;
  if (run->rows == 1) {
    if (head == 0) own_lines(a, run, head);
    if (head + 1 < a->kv_heads) own_lines(a, run, head + 1);
  }
  for (int64_t row = 0; row < run->rows;) {
    const int64_t key = run->position + row, inside = key % KEYS;
    const int first = (int)(inside % LANES);
    const int count = (int)at_most(LANES - first, run->rows - row);
    char *base = (char *)run->pages[key / KEYS] + a->page_offset + head * a->layout.head_bytes;
    float *scales = (float *)(base + a->layout.scales_bytes);
    store_keys(k + row * a->k_row, a->k_row, first, first + count, d, element,
               base + inside / LANES * LANES * d * size, scales + inside / LANES * LANES);
    for (int i = 0; i < count; i++)
      store_value(v + (row + i) * a->v_row, inside + i, d, element, base + a->layout.values_bytes, scales + KEYS);
    row += count;
  }
}
