// Superblocks: 8 or 16 sub-blocks whose scales and minima are integers times two halves. Part of quantize.inc.h.

VT_INLINE int flat_bytes(vt_format format) {
  switch (format) {
  case VT_Q4_1: return 20;
  case VT_Q5_0: return 22;
  case VT_Q5_1: return 24;
  case VT_Q8_0: return 34;
  default: return 18;
  }
}

VT_INLINE int super_bytes(vt_format format) {
  switch (format) {
  case VT_Q2_K: return 84;
  case VT_Q3_K: return 110;
  case VT_Q4_K: return 144;
  case VT_Q5_K: return 176;
  case VT_Q6_K: return 210;
  default: return 136;
  }
}

// The integers low...high for `values` that lose least when each weighs `weights`, and the number they multiply: the
// one that lays the value of largest magnitude on `high` (or on `low`, where values have signs), or one near it.
VT_INLINE float quantize_scales(int count, const float *values, const float *weights, float low, float high,
                                int32_t *integers) {
  float top = 0;
  for (int s = 0; s < count; s++) top = fabsf(values[s]) > fabsf(top) ? values[s] : top;
  for (int s = 0; s < count; s++) integers[s] = 0;
  if (top == 0) return 0;
  const float end = low < 0 ? low : high;
  float best = -1, unit = 0;
  for (int c = 0; c < 13; c++) {
    const float inverse = (end + (float)(c - 6) * 0.25f) / top;
    float vl = 0, ll = 0;
    for (int s = 0; s < count; s++) {
      const float l = rounded(clamp(values[s] * inverse, low, high));
      vl += weights[s] * l * values[s];
      ll += weights[s] * l * l;
    }
    const float gain = ll > 0 ? vl / ll * vl : 0;
    if (gain > best) best = gain, unit = inverse;
  }
  for (int s = 0; s < count; s++) integers[s] = (int32_t)rounded(clamp(values[s] * unit, low, high));
  float vl = 0, ll = 0;
  for (int s = 0; s < count; s++) {
    vl += weights[s] * (float)integers[s] * values[s];
    ll += weights[s] * (float)integers[s] * (float)integers[s];
  }
  return ll > 0 ? vl / ll : 1 / unit;
}

// What superblocks are encoded with, a sub-block a lane: the integers `scale` and `min`, what they multiply in `d` and
// `m`, the halves that stand for those, in the first lane of each superblock, and the sums over every lane's values.
typedef struct vt_supers {
  _Alignas(64) float d[VT_GROUP], m[VT_GROUP], scale[VT_GROUP], min[VT_GROUP];
  _Alignas(64) float loss[VT_GROUP], q[VT_GROUP], xq[VT_GROUP], qq[VT_GROUP], w[VT_GROUP], x[VT_GROUP];
  uint16_t halves[VT_GROUP][2];
} vt_supers;

// The integers' range, and whether there are minima.
typedef struct vt_range {
  float low, high;
  int has_minimum;
} vt_range;

// Gives the superblock that begins in lane `first` its halves.
VT_INLINE void set_halves(int first, int subs, float unit, float d, float m, vt_supers *to) {
  to->halves[first][0] = store_half(&d, unit);
  to->halves[first][1] = store_half(&m, unit);
  for (int s = 0; s < subs; s++) to->d[first + s] = d, to->m[first + s] = m;
}

// Tries the neighbours of every sub-block's scale and minimum (within `reach`), keeps the best, and leaves its sums.
VT_INLINE void search_neighbours(vt_levels levels, int n, int reach, vt_range range, const vt_group *g, vt_supers *to) {
  const int min_reach = range.has_minimum ? reach : 0;
  for (int part = 0; part < VT_GROUP; part += VT_LANES) {
    const float *x = g->x[0] + part, *w = g->w[0] + part;
    const vl d = vl_load(to->d + part), m = vl_load(to->m + part);
    const vl s0 = vl_load(to->scale + part), m0 = vl_load(to->min + part);
    vl s = s0, mi = m0;
    vt_loss best = line_loss(levels, n, x, w, d * s0, -(m * m0));
    for (int i = -reach; i <= reach; i++)
      for (int j = -min_reach; j <= min_reach; j++) {
        if (i == 0 && j == 0) continue;
        const vl s1 = vl_min(vl_max(s0 + (float)i, (vl)range.low), (vl)range.high);
        const vl m1 = vl_min(vl_max(m0 + (float)j, (vl)0.0f), (vl)range.high);
        const vt_loss loss = line_loss(levels, n, x, w, d * s1, -(m * m1));
        s = loss.loss < best.loss ? s1 : s;
        mi = loss.loss < best.loss ? m1 : mi;
        best.q = loss.loss < best.loss ? loss.q : best.q;
        best.xq = loss.loss < best.loss ? loss.xq : best.xq;
        best.qq = loss.loss < best.loss ? loss.qq : best.qq;
        best.loss = loss.loss < best.loss ? loss.loss : best.loss;
      }
    vl_store(to->scale + part, s), vl_store(to->min + part, mi);
    vl_store(to->loss + part, best.loss), vl_store(to->q + part, best.q);
    vl_store(to->xq + part, best.xq), vl_store(to->qq + part, best.qq);
  }
}

// Gives a superblock halves by least squares for the integers as they are; where there are none, they stay.
VT_INLINE void refit(int first, int subs, float unit, int has_minimum, vt_supers *to) {
  float aa = 0, ab = 0, bb = 0, xa = 0, xb = 0, d = to->d[first], m = to->m[first];
  for (int lane = first; lane < first + subs; lane++) {
    const float s = to->scale[lane], t = to->min[lane];
    aa += s * s * to->qq[lane], xa += s * to->xq[lane];
    if (!has_minimum) continue;
    ab += s * t * to->q[lane], bb += t * t * to->w[lane], xb += t * to->x[lane];
  }
  // x ≈ d a − m b
  const float determinant = aa * bb - ab * ab;
  if (has_minimum && determinant > 1e-6f * aa * bb) {
    const float d1 = (xa * bb - ab * xb) / determinant, m1 = (ab * xa - aa * xb) / determinant;
    if (d1 > 0 && m1 >= 0) d = d1, m = m1;
  } else if (aa > 0) {
    d = (xa + m * ab) / aa;
  }
  set_halves(first, subs, unit, d, m, to);
}

// Three turns: the halves by least squares, and but for the last the integers' neighbours for them. Kept where a superblock
// loses less.
VT_INLINE void refine_supers(vt_levels levels, int n, int subs, vt_range range, const vt_group *g, vt_supers *best) {
  for (int turn = 0; turn < 3; turn++) {
    vt_supers next = *best;
    for (int first = 0; first < VT_GROUP; first += subs) refit(first, subs, g->unit[first], range.has_minimum, &next);
    search_neighbours(levels, n, turn < 2, range, g, &next);
    for (int first = 0; first < VT_GROUP; first += subs) {
      float before = 0, after = 0;
      for (int s = 0; s < subs; s++) before += best->loss[first + s], after += next.loss[first + s];
      if (!(after < before)) continue;
      memcpy(best->halves[first], next.halves[first], sizeof best->halves[first]);
      for (int s = first; s < first + subs; s++) {
        best->d[s] = next.d[s], best->m[s] = next.m[s], best->scale[s] = next.scale[s], best->min[s] = next.min[s];
        best->loss[s] = next.loss[s], best->q[s] = next.q[s], best->xq[s] = next.xq[s], best->qq[s] = next.qq[s];
      }
    }
  }
}

VT_INLINE void encode_supers(vt_format format, vt_levels levels, int n, int subs, vt_group *g,
                             const float *const importance[VT_GROUP], int count, uint8_t *out) {
  const int has_minimum = format == VT_Q2_K || format == VT_Q4_K || format == VT_Q5_K;
  const vt_range range = {has_minimum ? 0 : format == VT_Q6_K ? -128 : -32,
                          format == VT_Q2_K ? 15 : has_minimum ? 63 : format == VT_Q6_K ? 127 : 31, has_minimum};
  vt_supers best;
  normalize(n, subs, g);
  weigh(rule_of(format), n, importance, g);
  for (int part = 0; part < VT_GROUP; part += VT_LANES) {
    vt_line line = {(vl)0.0f, (vl)0.0f};
    const float *x = g->x[0] + part, *w = g->w[0] + part;
    const vl top = vl_load(g->top + part);
    switch (format) {
    case VT_Q2_K:
      line = search_line(3, 1, n, x, w, vt_ranges_q2, VT_COUNT(vt_ranges_q2));
      break;
    case VT_Q4_K:
      line = search_line(15, 1, n, x, w, vt_ranges_q4, VT_COUNT(vt_ranges_q4));
      break;
    case VT_Q5_K:
      line = search_line(31, 1, n, x, w, vt_ranges_q5, VT_COUNT(vt_ranges_q5));
      break;
    case VT_Q3_K:
      line.d = search_scale(levels, n, x, w, top, vt_starts_q3, VT_COUNT(vt_starts_q3));
      break;
    case VT_Q6_K:
      line.d = search_scale(levels, n, x, w, top, vt_starts_q6, VT_COUNT(vt_starts_q6));
      break;
    default:
      line.d = search_scale(levels, n, x, w, top, vt_starts_iq4, VT_COUNT(vt_starts_iq4));
      break;
    }
    vl_store(g->d + part, line.d);
    vl_store(g->m + part, line.m);
    vl total = (vl)0.0f, weighted = (vl)0.0f;
    for (int i = 0; i < n; i++) {
      const vl weight = vl_load(w + i * VT_GROUP);
      total += weight;
      weighted = vl_fma(weight, vl_load(x + i * VT_GROUP), weighted);
    }
    vl_store(best.w + part, total);
    vl_store(best.x + part, weighted);
  }
  for (int first = 0; first < VT_GROUP; first += subs) {
    int32_t integers[VT_GROUP];
    float values[VT_GROUP];
    const float d = quantize_scales(subs, g->d + first, best.w + first, range.low, range.high, integers);
    for (int s = 0; s < subs; s++) best.scale[first + s] = (float)integers[s];
    for (int s = 0; s < subs; s++) values[s] = -g->m[first + s], integers[s] = 0;
    const float m = has_minimum ? quantize_scales(subs, values, best.w + first, 0, range.high, integers) : 0;
    for (int s = 0; s < subs; s++) best.min[first + s] = (float)integers[s];
    set_halves(first, subs, g->unit[first], d, m, &best);
  }
  search_neighbours(levels, n, 1, range, g, &best);
  refine_supers(levels, n, subs, range, g, &best);
  for (int lane = 0; lane < VT_GROUP; lane++) {
    g->d[lane] = best.d[lane] * best.scale[lane];
    g->m[lane] = -(best.m[lane] * best.min[lane]);
  }
  encode_words(levels, n, g);
  const uint32_t (*words)[VT_GROUP] = (const uint32_t (*)[VT_GROUP])g->words;
  for (int b = 0; b < count; b++, out += super_bytes(format)) {
    const int first = b * subs;
    int32_t scales[VT_GROUP], mins[VT_GROUP];
    for (int s = 0; s < subs; s++) scales[s] = (int32_t)best.scale[first + s], mins[s] = (int32_t)best.min[first + s];
    switch (format) {
    case VT_Q2_K:
      for (int s = 0; s < 16; s++) out[s] = (uint8_t)(scales[s] | mins[s] << 4);
      vt_pack_pairs_of_bits(words, first, out + 16);
      vt_put16(out + 80, best.halves[first][0]), vt_put16(out + 82, best.halves[first][1]);
      break;
    case VT_Q3_K:
      vt_pack_third_bits(words, first, out);
      vt_pack_pairs_of_bits(words, first, out + 32);
      vt_pack_six_bit_scales(scales, out + 96);
      vt_put16(out + 108, best.halves[first][0]);
      break;
    case VT_Q4_K: case VT_Q5_K:
      vt_put16(out, best.halves[first][0]), vt_put16(out + 2, best.halves[first][1]);
      vt_pack_scales_and_mins(scales, mins, out + 4);
      if (format == VT_Q5_K) vt_pack_super_fifth_bits(words, first, out + 16);
      vt_pack_super_nibbles(words, first, out + (format == VT_Q5_K ? 48 : 16));
      break;
    case VT_Q6_K:
      vt_pack_six_bits(words, first, out, out + 128);
      for (int s = 0; s < 16; s++) out[192 + s] = (uint8_t)(int8_t)scales[s];
      vt_put16(out + 208, best.halves[first][0]);
      break;
    default: {
      uint32_t high = 0;
      memset(out + 4, 0, 4);
      for (int s = 0; s < 8; s++) {
        high |= (uint32_t)(scales[s] + 32) >> 4 << 2 * s;
        out[4 + s / 2] |= (uint8_t)(((scales[s] + 32) & 15) << 4 * (s & 1));
        vt_pack_nibbles(words, first + s, out + 8 + 16 * s);
      }
      vt_put16(out, best.halves[first][0]), vt_put16(out + 2, (uint16_t)high);
      break;
    }
    }
  }
}
