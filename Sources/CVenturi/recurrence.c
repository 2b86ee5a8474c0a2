#include "vt_recurrence.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Sums of products are kept in this many lanes, added up in a fixed order.
enum { LANES = 16 };

static float sum_of_lanes(const float *lanes) {
  float half[LANES / 2];
  for (int i = 0; i < LANES / 2; i++) half[i] = lanes[i] + lanes[i + LANES / 2];
  float quarter[LANES / 4];
  for (int i = 0; i < LANES / 4; i++) quarter[i] = half[i] + half[i + LANES / 4];
  return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

static float dot(int32_t n, const float *a, const float *b) {
  float lanes[LANES] = {0};
  int32_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int j = 0; j < LANES; j++) lanes[j] += a[i + j] * b[i + j];
  }
  for (int j = 0; i < n; i++, j++) lanes[j] += a[i] * b[i];
  return sum_of_lanes(lanes);
}

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

static float softplus(float x) { return x > 20.0f ? x : log1pf(expf(x)); }

void vt_short_convolution(int64_t rows, int32_t channels, int32_t taps, const float *x, int64_t stride,
                          const float *weight, int64_t weight_stride, const float *bias, const float *past, float *next,
                          int64_t state_stride, float *y) {
  for (int64_t t = 0; t < rows; t++) {
    float *out = y + t * stride;
    for (int32_t c = 0; c < channels; c++) out[c] = bias ? bias[c] : 0.0f;
    for (int32_t k = 0; k < taps; k++) {
      const int64_t row = t - (taps - 1) + k;
      const float *in = row < 0 ? past + (row + taps - 1) * state_stride : x + row * stride;
      const float *w = weight + k * weight_stride;
      for (int32_t c = 0; c < channels; c++) out[c] += w[c] * in[c];
    }
  }
  for (int32_t k = 0; k < taps - 1; k++) {
    const int64_t row = rows - (taps - 1) + k;
    const float *in = row < 0 ? past + (row + taps - 1) * state_stride : x + row * stride;
    memcpy(next + k * state_stride, in, (size_t)channels * sizeof(float));
  }
}

void vt_selective_scan(int64_t rows, int32_t dim, int32_t state, const float *x, const float *b, const float *c,
                       int64_t stride, const float *dt, int64_t dt_stride, float dt_bias, float a, float d,
                       const float *past, float *next, float *y, int64_t y_stride) {
  const float *from = past;
  for (int64_t t = 0; t < rows; t++) {
    const float step = softplus(dt[t * dt_stride] + dt_bias);
    const float decay = expf(step * a);
    const float *bt = b + t * stride, *ct = c + t * stride;
    for (int32_t i = 0; i < dim; i++) {
      const float in = x[t * stride + i];
      const float scaled = step * in;
      const float *s = from + (int64_t)i * state;
      float *n = next + (int64_t)i * state;
      for (int32_t j = 0; j < state; j++) n[j] = decay * s[j] + scaled * bt[j];
      y[t * y_stride + i] = dot(state, n, ct) + d * in;
    }
    from = next;
  }
}

void vt_token_shift(int64_t rows, int32_t width, int32_t mixes, const float *x, int64_t stride, const float *lerp,
                    const float *past, float *next, float *out, int64_t mix_stride) {
  for (int64_t t = 0; t < rows; t++) {
    const float *now = x + t * stride;
    const float *before = t == 0 ? past : now - stride;
    for (int32_t m = 0; m < mixes; m++) {
      float *to = out + m * mix_stride + t * stride;
      const float *part = lerp + m * stride;
      for (int32_t i = 0; i < width; i++) to[i] = now[i] + (before[i] - now[i]) * part[i];
    }
  }
  memcpy(next, x + (rows - 1) * stride, (size_t)width * sizeof(float));
}

void vt_wkv7(int64_t rows, int32_t size, const vt_wkv7_head *head, const vt_wkv7_rows *in, const float *past,
             float *next) {
  // Heads have 64 values in every published model; 256 is the limit that the model's configuration checks.
  float decay[256], removal[256], written[256], key[256], value[256];
  const float *from = past;
  for (int64_t t = 0; t < rows; t++) {
    const int64_t at = t * in->stride;
    const float *r = in->r + at;
    for (int32_t i = 0; i < size; i++) {
      // exp(-½) bounds the decay from below.
      decay[i] = expf(-0.60653066f * sigmoid(in->decay[at + i] + head->decay_bias[i]));
      removal[i] = in->k[at + i] * head->removal[i];
      value[i] = in->v[at + i];
    }
    if (in->mix) {
      for (int32_t i = 0; i < size; i++) {
        value[i] += (in->first[at + i] - value[i]) * sigmoid(in->mix[at + i] + head->value_bias[i]);
      }
    }
    const float length = sqrtf(dot(size, removal, removal));
    const float scale = 1.0f / (length > 1e-12f ? length : 1e-12f);
    for (int32_t i = 0; i < size; i++) {
      const float rate = sigmoid(in->rate[at + i] + head->rate_bias[i]);
      removal[i] *= scale;
      written[i] = removal[i] * rate;
      key[i] = in->k[at + i] * (1.0f + (rate - 1.0f) * head->key_rate[i]);
    }
    for (int32_t v = 0; v < size; v++) {
      const float *s = from + (int64_t)v * size;
      float *n = next + (int64_t)v * size;
      const float gone = -dot(size, s, removal);
      for (int32_t k = 0; k < size; k++) n[k] = s[k] * decay[k] + gone * written[k] + value[v] * key[k];
      in->y[at + v] = dot(size, n, r);
    }
    float weighted[256];
    for (int32_t i = 0; i < size; i++) weighted[i] = key[i] * head->bonus[i];
    const float bonus = dot(size, weighted, r);
    for (int32_t i = 0; i < size; i++) in->extra[at + i] = bonus * value[i];
    from = next;
  }
}
