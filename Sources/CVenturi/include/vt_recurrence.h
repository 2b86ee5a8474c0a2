#ifndef VT_RECURRENCE_H
#define VT_RECURRENCE_H

#include <stdint.h>

// The kernels of layers whose state has a fixed size. One portable implementation: rows follow each other in the order of
// the sequence, so that a row's bits do not depend on how the sequence was cut into calls.

// A causal depthwise convolution over `rows` rows of `channels` channels with `taps` taps:
// y[t][c] = bias[c] + Σk weight[k][c] · x[t - taps + 1 + k][c]. The `taps` - 1 rows before the first are in `past`
// [taps - 1][channels]; those before the row after the last are written to `next`, which may not be `past`. x, y, past and
// next have rows `stride` apart. `weight` is [taps][weight_stride]; `bias` may be null.
void vt_short_convolution(int64_t rows, int32_t channels, int32_t taps, const float *x, int64_t stride,
                          const float *weight, int64_t weight_stride, const float *bias, const float *past, float *next,
                          int64_t state_stride, float *y);

// One head of a selective state space over `rows` rows (Dao, Gu: Transformers are SSMs, 2024):
// Δ = softplus(dt + dt_bias), S = exp(Δ a) S + Δ x bᵀ, y = S c + d x, with S [dim][state].
// x, y: dim values a row; b, c: `state` values a row; dt: one value a row. `past` is S before, `next` gets S after.
void vt_selective_scan(int64_t rows, int32_t dim, int32_t state, const float *x, const float *b, const float *c,
                       int64_t stride, const float *dt, int64_t dt_stride, float dt_bias, float a, float d,
                       const float *past, float *next, float *y, int64_t y_stride);

// `width` values of each row mixed with those of the row before it: out[m][t] = x[t] + (x[t - 1] - x[t]) · lerp[m], for
// `mixes` mixes whose outputs are `mix_stride` apart. Rows, of x, out and lerp, are `stride` apart. The row before the first is `past`; the last is written to `next`, which may not be `past`.
void vt_token_shift(int64_t rows, int32_t width, int32_t mixes, const float *x, int64_t stride, const float *lerp,
                    const float *past, float *next, float *out, int64_t mix_stride);

// What a head of RWKV-7 reads beside its rows: `size` values each.
typedef struct {
  const float *decay_bias, *rate_bias, *value_bias; // value_bias is null in the first layer
  const float *removal, *key_rate, *bonus;
} vt_wkv7_head;

// The rows of a head, `stride` apart, `size` values each. r, k, v and the raw outputs of the low-rank layers of decay, rate
// and value mixing; the first layer's values. mix and first are null in the first layer.
typedef struct {
  const float *r, *k, *v, *decay, *rate, *mix, *first;
  float *y;     // the head's outputs
  float *extra; // the bonus Σ(r · k · bonus) v, which is added after the norm
  int64_t stride;
} vt_wkv7_rows;

// One head of the generalised delta rule (Peng et al.: RWKV-7 "Goose", 2025) over `rows` rows: with w the decay, κ the
// normalised removal key, a the rate, S = S (diag(w) - κᵀ (a ⊙ κ)) + vᵀ k, y = r Sᵀ, S [size][size] by value and key.
void vt_wkv7(int64_t rows, int32_t size, const vt_wkv7_head *head, const vt_wkv7_rows *in, const float *past,
             float *next);

#endif
