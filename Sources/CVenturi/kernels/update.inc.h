// The bodies of vt_update_kernels over eight-lane vectors; include after simd/vt_*.h.
#include "update.h"

static void vt_adam(const vt_adam_step *s, int64_t count, float *w, const float *g, float *m, float *v, float *v_max) {
  const v8f rest1 = v8f_set(s->rest1), rest2 = v8f_set(s->rest2), coupled = v8f_set(s->coupled);
  const v8f decay = v8f_set(s->decay), of_m = v8f_set(s->of_m), of_g = v8f_set(s->of_g), root = v8f_set(s->root);
  const v8f epsilon = v8f_set(s->epsilon);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f weight = v8f_load(w + i), gradient = v8f_fma(coupled, weight, v8f_load(g + i));
    v8f first = v8f_load(m + i), second = v8f_load(v + i);
    first = v8f_fma(rest1, v8f_sub(gradient, first), first);
    second = v8f_fma(rest2, v8f_fma(gradient, gradient, v8f_negate(second)), second);
    v8f_store(m + i, first), v8f_store(v + i, second);
    if (v_max) {
      const v8f largest = v8f_load(v_max + i);
      second = v8f_select_less(largest, second, second, largest);
      v8f_store(v_max + i, second);
    }
    const v8f along = v8f_fma(of_m, first, v8f_mul(of_g, gradient));
    const v8f step = v8f_div(along, v8f_fma(root, v8f_sqrt(second), epsilon));
    v8f_store(w + i, v8f_sub(weight, v8f_fma(decay, weight, step)));
  }
  for (; i < count; i++) vt_adam_one(s, w + i, g[i], m + i, v + i, v_max ? v_max + i : NULL);
}

static void vt_sgd(const vt_sgd_step *s, int64_t count, float *w, const float *g, float *b) {
  const v8f rate = v8f_set(-s->rate), coupled = v8f_set(s->coupled), momentum = v8f_set(s->momentum);
  const v8f gain = v8f_set(s->gain);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f weight = v8f_load(w + i);
    v8f gradient = v8f_fma(coupled, weight, v8f_load(g + i));
    if (b) {
      const v8f buffer = v8f_fma(momentum, v8f_load(b + i), v8f_mul(gain, gradient));
      v8f_store(b + i, buffer);
      gradient = s->nesterov ? v8f_fma(momentum, buffer, gradient) : buffer;
    }
    v8f_store(w + i, v8f_fma(rate, gradient, weight));
  }
  for (; i < count; i++) vt_sgd_one(s, w + i, g[i], b ? b + i : NULL);
}

static void vt_lion(const vt_lion_step *s, int64_t count, float *w, const float *g, float *m) {
  const v8f rate = v8f_set(s->rate), decay = v8f_set(s->decay), rest1 = v8f_set(s->rest1), rest2 = v8f_set(s->rest2);
  const v8f zero = v8f_zero(), one = v8f_set(1), minus = v8f_set(-1);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f weight = v8f_load(w + i), mean = v8f_load(m + i), away = v8f_sub(v8f_load(g + i), mean);
    const v8f along = v8f_fma(rest1, away, mean);
    const v8f side = v8f_select_less(along, zero, minus, v8f_select_less(zero, along, one, zero));
    const v8f sign = v8f_select_nan(along, along, side);
    v8f_store(w + i, v8f_sub(weight, v8f_fma(decay, weight, v8f_mul(rate, sign))));
    v8f_store(m + i, v8f_fma(rest2, away, mean));
  }
  for (; i < count; i++) vt_lion_one(s, w + i, g[i], m + i);
}

static void vt_rmsprop(const vt_rmsprop_step *s, int64_t count, float *w, const float *g, float *v, float *a,
                       float *b) {
  const v8f rate = v8f_set(-s->rate), coupled = v8f_set(s->coupled), rest = v8f_set(s->rest);
  const v8f epsilon = v8f_set(s->epsilon), momentum = v8f_set(s->momentum), zero = v8f_zero();
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f weight = v8f_load(w + i), gradient = v8f_fma(coupled, weight, v8f_load(g + i));
    v8f second = v8f_load(v + i);
    second = v8f_fma(rest, v8f_fma(gradient, gradient, v8f_negate(second)), second);
    v8f_store(v + i, second);
    if (a) {
      v8f mean = v8f_load(a + i);
      mean = v8f_fma(rest, v8f_sub(gradient, mean), mean);
      v8f_store(a + i, mean);
      second = v8f_fma(v8f_negate(mean), mean, second);
      second = v8f_select_less(second, zero, zero, second);
    }
    v8f step = v8f_div(gradient, v8f_add(v8f_sqrt(second), epsilon));
    if (b) {
      step = v8f_fma(momentum, v8f_load(b + i), step);
      v8f_store(b + i, step);
    }
    v8f_store(w + i, v8f_fma(rate, step, weight));
  }
  for (; i < count; i++) vt_rmsprop_one(s, w + i, g[i], v + i, a ? a + i : NULL, b ? b + i : NULL);
}

static void vt_adagrad(const vt_adagrad_step *s, int64_t count, float *w, const float *g, float *sums) {
  const v8f rate = v8f_set(-s->rate), coupled = v8f_set(s->coupled), epsilon = v8f_set(s->epsilon);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f weight = v8f_load(w + i), gradient = v8f_fma(coupled, weight, v8f_load(g + i));
    const v8f sum = v8f_fma(gradient, gradient, v8f_load(sums + i));
    v8f_store(sums + i, sum);
    v8f_store(w + i, v8f_fma(rate, v8f_div(gradient, v8f_add(v8f_sqrt(sum), epsilon)), weight));
  }
  for (; i < count; i++) vt_adagrad_one(s, w + i, g[i], sums + i);
}

static void vt_schedule_free(const vt_schedule_free_step *s, int64_t count, float *y, const float *g, float *z,
                             float *v) {
  const v8f rate = v8f_set(-s->rate), rest2 = v8f_set(s->rest2), epsilon = v8f_set(s->epsilon);
  const v8f weight_decay = v8f_set(s->weight_decay), share = v8f_set(s->share), of_y = v8f_set(-s->of_y);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f gradient = v8f_load(g + i), here = v8f_load(y + i), ahead = v8f_load(z + i);
    v8f second = v8f_load(v + i);
    second = v8f_fma(rest2, v8f_fma(gradient, gradient, v8f_negate(second)), second);
    const v8f step = v8f_fma(weight_decay, here, v8f_div(gradient, v8f_add(v8f_sqrt(second), epsilon)));
    v8f_store(v + i, second);
    v8f_store(y + i, v8f_fma(of_y, step, v8f_fma(share, v8f_sub(ahead, here), here)));
    v8f_store(z + i, v8f_fma(rate, step, ahead));
  }
  for (; i < count; i++) vt_schedule_free_one(s, y + i, g[i], z + i, v + i);
}

static void vt_approach(float share, int64_t count, const float *x, float *y) {
  const v8f part = v8f_set(share);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f at = v8f_load(y + i);
    v8f_store(y + i, v8f_fma(part, v8f_sub(v8f_load(x + i), at), at));
  }
  for (; i < count; i++) y[i] = fmaf(share, x[i] - y[i], y[i]);
}

static void vt_blend(float a, float b, int64_t count, const float *x, float *y) {
  const v8f of_x = v8f_set(a), of_y = v8f_set(b);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) v8f_store(y + i, v8f_fma(of_x, v8f_load(x + i), v8f_mul(of_y, v8f_load(y + i))));
  for (; i < count; i++) y[i] = fmaf(a, x[i], b * y[i]);
}

static void vt_clamp(float limit, int64_t count, float *x) {
  const v8f upper = v8f_set(limit), lower = v8f_set(-limit);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const v8f at = v8f_load(x + i);
    v8f_store(x + i, v8f_select_less(at, lower, lower, v8f_select_less(upper, at, upper, at)));
  }
  for (; i < count; i++) x[i] = vt_clamp_scalar(limit, x[i]);
}

static float vt_update_squares(int64_t count, const float *x) {
  v8f lanes[4] = {v8f_zero(), v8f_zero(), v8f_zero(), v8f_zero()};
  int64_t i = 0;
  for (; i + 32 <= count; i += 32)
    for (int j = 0; j < 4; j++) {
      const v8f some = v8f_load(x + i + 8 * j);
      lanes[j] = v8f_fma(some, some, lanes[j]);
    }
  if (i < count) { // zeros add nothing
    float last[32] = {0};
    memcpy(last, x + i, (size_t)(count - i) * sizeof(float));
    for (int j = 0; j < 4; j++) {
      const v8f some = v8f_load(last + 8 * j);
      lanes[j] = v8f_fma(some, some, lanes[j]);
    }
  }
  return v8f_sum(v8f_add(v8f_add(lanes[0], lanes[1]), v8f_add(lanes[2], lanes[3])));
}

const vt_update_kernels VT_SUFFIX(vt_update_kernels) = {
    .adam = vt_adam,
    .sgd = vt_sgd,
    .lion = vt_lion,
    .rmsprop = vt_rmsprop,
    .adagrad = vt_adagrad,
    .schedule_free = vt_schedule_free,
    .approach = vt_approach,
    .blend = vt_blend,
    .clamp = vt_clamp,
    .sum_of_squares = vt_update_squares,
};
