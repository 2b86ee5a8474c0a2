// The bodies of vt_batch_norm_kernels over eight-lane vectors; include after simd/vt_*.h.
#include <stddef.h>

#include "../include/vt_batch_norm.h"
#include "../simd/vt_some.h"

// Eight numbers from `p` on, of which `left` are there; the rest hold `filler`.
VT_INLINE v8f vt_channel_load(const float *p, int64_t left, float filler) {
  return left >= 8 ? v8f_load(p) : vt_some(p, left, filler);
}
VT_INLINE void vt_channel_store(float *p, int64_t left, v8f x) {
  if (left >= 8) v8f_store(p, x);
  else vt_store_some(p, left, x);
}
VT_INLINE float vt_channel_total(const v8f lanes[4]) {
  return v8f_sum(v8f_add(v8f_add(lanes[0], lanes[1]), v8f_add(lanes[2], lanes[3])));
}

static void vt_moments(vt_channel c, const float *x, float *mean, float *variance) {
  const double total = (double)c.rows * (double)c.count;
  double sum = 0;
  for (int64_t row = 0; row < c.rows; row++) {
    const float *from = x + row * c.step;
    v8f lanes[4] = {v8f_zero(), v8f_zero(), v8f_zero(), v8f_zero()};
    int64_t i = 0;
    for (; i + 32 <= c.count; i += 32)
      for (int j = 0; j < 4; j++) lanes[j] = v8f_add(lanes[j], v8f_load(from + i + 8 * j));
    for (int j = 0; i < c.count; i += 8, j++) lanes[j] = v8f_add(lanes[j], vt_channel_load(from + i, c.count - i, 0));
    sum += (double)vt_channel_total(lanes);
  }
  *mean = (float)(sum / total);
  const v8f centre = v8f_set(*mean);
  sum = 0;
  for (int64_t row = 0; row < c.rows; row++) {
    const float *from = x + row * c.step;
    v8f lanes[4] = {v8f_zero(), v8f_zero(), v8f_zero(), v8f_zero()};
    int64_t i = 0;
    for (; i + 32 <= c.count; i += 32)
      for (int j = 0; j < 4; j++) {
        const v8f away = v8f_sub(v8f_load(from + i + 8 * j), centre);
        lanes[j] = v8f_fma(away, away, lanes[j]);
      }
    for (int j = 0; i < c.count; i += 8, j++) {
      const v8f away = v8f_sub(vt_channel_load(from + i, c.count - i, *mean), centre);
      lanes[j] = v8f_fma(away, away, lanes[j]);
    }
    sum += (double)vt_channel_total(lanes);
  }
  *variance = (float)(sum / total);
}

VT_INLINE void vt_normalize_rows(vt_channel c, const float *x, const int adds, const float *addend, float mean,
                                 float scale, float offset, const int rectified, float *y) {
  const v8f centre = v8f_set(mean), factor = v8f_set(scale), shift = v8f_set(offset), zero = v8f_zero();
  for (int64_t row = 0; row < c.rows; row++) {
    const int64_t at = row * c.step;
    for (int64_t i = 0; i < c.count; i += 8) {
      const int64_t left = c.count - i;
      v8f value = v8f_fma(v8f_sub(vt_channel_load(x + at + i, left, 0), centre), factor, shift);
      if (adds) value = v8f_add(value, vt_channel_load(addend + at + i, left, 0));
      if (rectified) value = v8f_select_less(value, zero, zero, value);
      vt_channel_store(y + at + i, left, value);
    }
  }
}

static void vt_normalize(vt_channel c, const float *x, const float *addend, float mean, float scale, float offset,
                         int32_t rectified, float *y) {
  if (addend && rectified) vt_normalize_rows(c, x, 1, addend, mean, scale, offset, 1, y);
  else if (addend) vt_normalize_rows(c, x, 1, addend, mean, scale, offset, 0, y);
  else if (rectified) vt_normalize_rows(c, x, 0, NULL, mean, scale, offset, 1, y);
  else vt_normalize_rows(c, x, 0, NULL, mean, scale, offset, 0, y);
}

// Up to eight gradients, 0 where the output is not above 0.
VT_INLINE v8f vt_passed(const int masks, const float *g, const float *y, int64_t left) {
  const v8f gradient = vt_channel_load(g, left, 0);
  return masks ? v8f_select_less(v8f_zero(), vt_channel_load(y, left, 0), gradient, v8f_zero()) : gradient;
}

VT_INLINE void vt_gradient_sums_rows(vt_channel c, const float *x, const float *g, const int masks, const float *y,
                                     float mean, double *of_g, double *of_product) {
  const v8f centre = v8f_set(mean);
  double sum = 0, product = 0;
  for (int64_t row = 0; row < c.rows; row++) {
    const int64_t at = row * c.step;
    v8f sums[4] = {v8f_zero(), v8f_zero(), v8f_zero(), v8f_zero()};
    v8f products[4] = {v8f_zero(), v8f_zero(), v8f_zero(), v8f_zero()};
    int64_t i = 0;
    for (; i + 32 <= c.count; i += 32)
      for (int j = 0; j < 4; j++) {
        const int64_t here = at + i + 8 * j;
        const v8f gradient = vt_passed(masks, g + here, masks ? y + here : NULL, 8);
        sums[j] = v8f_add(sums[j], gradient);
        products[j] = v8f_fma(gradient, v8f_sub(v8f_load(x + here), centre), products[j]);
      }
    for (int j = 0; i < c.count; i += 8, j++) {
      const int64_t here = at + i, left = c.count - i;
      const v8f gradient = vt_passed(masks, g + here, masks ? y + here : NULL, left);
      sums[j] = v8f_add(sums[j], gradient);
      products[j] = v8f_fma(gradient, v8f_sub(vt_channel_load(x + here, left, mean), centre), products[j]);
    }
    sum += (double)vt_channel_total(sums);
    product += (double)vt_channel_total(products);
  }
  *of_g = sum;
  *of_product = product;
}

static void vt_gradient_sums(vt_channel c, const float *x, const float *g, const float *y, float mean, double *of_g,
                             double *of_product) {
  if (y) vt_gradient_sums_rows(c, x, g, 1, y, mean, of_g, of_product);
  else vt_gradient_sums_rows(c, x, g, 0, NULL, mean, of_g, of_product);
}

VT_INLINE void vt_gradient_rows(vt_channel c, const float *x, const float *g, const int masks, const float *y,
                                float mean, float scale, float share, float slope, float *gx, const int keeps,
                                float *passed) {
  const v8f centre = v8f_set(mean), factor = v8f_set(scale), less = v8f_set(share), steep = v8f_set(slope);
  for (int64_t row = 0; row < c.rows; row++)
    for (int64_t i = 0; i < c.count; i += 8) {
      const int64_t here = row * c.step + i, left = c.count - i;
      const v8f gradient = vt_passed(masks, g + here, masks ? y + here : NULL, left);
      const v8f back = v8f_sub(centre, vt_channel_load(x + here, left, 0));
      vt_channel_store(gx + here, left, v8f_mul(factor, v8f_fma(back, steep, v8f_sub(gradient, less))));
      if (keeps) vt_channel_store(passed + here, left, gradient);
    }
}

static void vt_gradient(vt_channel c, const float *x, const float *g, const float *y, float mean, float scale,
                        float share, float slope, float *gx, float *passed) {
  if (y && passed) vt_gradient_rows(c, x, g, 1, y, mean, scale, share, slope, gx, 1, passed);
  else if (y) vt_gradient_rows(c, x, g, 1, y, mean, scale, share, slope, gx, 0, NULL);
  else if (passed) vt_gradient_rows(c, x, g, 0, NULL, mean, scale, share, slope, gx, 1, passed);
  else vt_gradient_rows(c, x, g, 0, NULL, mean, scale, share, slope, gx, 0, NULL);
}

const vt_batch_norm_kernels VT_SUFFIX(vt_batch_norm_kernels) = {
    .moments = vt_moments,
    .normalize = vt_normalize,
    .gradient_sums = vt_gradient_sums,
    .gradient = vt_gradient,
};
