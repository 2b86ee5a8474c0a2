// Steps of optimizers on runs of f32, each in one pass: weights, gradient and state are read once and written once.
//
// Averages move by `rest`, which is 1 - beta: x += rest · (new - x). A beta near 1 is not rounded to f32 that way, and
// what does not change stays as it is to the last bit.
#ifndef VT_UPDATE_H
#define VT_UPDATE_H

#include <stdint.h>

#include "vt_isa.h"

// g' = g + coupled · w; m and v follow g' and g'²; with amsgrad v is the largest so far.
// w -= decay · w + (of_m · m + of_g · g') / (root · sqrt v + epsilon)
typedef struct vt_adam_step {
  float rest1, rest2; // 1 - beta1, 1 - beta2
  float coupled;      // weight decay as part of the gradient
  float decay;        // rate · weight decay, apart from the gradient
  float of_m, of_g;   // rate and bias correction; of_g is 0 without Nesterov's look ahead
  float root;         // bias correction of v's root
  float epsilon;
} vt_adam_step;

// g' = g + coupled · w; b = momentum · b + gain · g'; w -= rate · (g' + momentum · b or b). Without momentum: rate · g'.
typedef struct vt_sgd_step {
  float rate, coupled, momentum;
  float gain; // 1 - dampening; 1 in the first step
  int32_t nesterov;
} vt_sgd_step;

// w -= decay · w + rate · sign(m + rest1 · (g - m)); m += rest2 · (g - m). The sign of 0 is 0, of NaN NaN.
typedef struct vt_lion_step {
  float rate, decay, rest1, rest2;
} vt_lion_step;

// g' = g + coupled · w; v += rest · (g'² - v); d = g' / (sqrt v + epsilon), or, with the mean a of g', sqrt(v - a²).
// w -= rate · d; with momentum w -= rate · b, b = momentum · b + d.
typedef struct vt_rmsprop_step {
  float rate, coupled, rest, epsilon, momentum;
} vt_rmsprop_step;

// g' = g + coupled · w; s += g'²; w -= rate · g' / (sqrt s + epsilon).
typedef struct vt_adagrad_step {
  float rate, coupled, epsilon;
} vt_adagrad_step;

// v += rest2 · (g² - v); d = g / (sqrt v + epsilon) + weight_decay · y; y += share · (z - y) - of_y · d; z -= rate · d.
typedef struct vt_schedule_free_step {
  float rate, rest2, epsilon, weight_decay;
  float share; // of z in the mean of all z so far
  float of_y;  // rate · (1 - beta1 · (1 - share))
} vt_schedule_free_step;

typedef struct vt_update_kernels {
  // v_max may be NULL (no amsgrad).
  void (*adam)(const vt_adam_step *step, int64_t count, float *w, const float *g, float *m, float *v, float *v_max);
  // b may be NULL (no momentum).
  void (*sgd)(const vt_sgd_step *step, int64_t count, float *w, const float *g, float *b);
  void (*lion)(const vt_lion_step *step, int64_t count, float *w, const float *g, float *m);
  // a (not centred) and b (no momentum) may be NULL.
  void (*rmsprop)(const vt_rmsprop_step *step, int64_t count, float *w, const float *g, float *v, float *a, float *b);
  void (*adagrad)(const vt_adagrad_step *step, int64_t count, float *w, const float *g, float *s);
  void (*schedule_free)(const vt_schedule_free_step *step, int64_t count, float *y, const float *g, float *z,
                        float *v);
  // y += share · (x - y).
  void (*approach)(float share, int64_t count, const float *x, float *y);
  // y = a · x + b · y.
  void (*blend)(float a, float b, int64_t count, const float *x, float *y);
  // x, within ±limit; NaN stays NaN.
  void (*clamp)(float limit, int64_t count, float *x);
  // The sum of squares: 32 lanes of fused multiply-adds, added up by a fixed tree.
  float (*sum_of_squares)(int64_t count, const float *x);
} vt_update_kernels;

// The kernels of `isa`; those of the reference where this build has none.
const vt_update_kernels *vt_update_kernels_for(vt_isa isa);

// C = A · B for n by n matrices in row-major order, each output one chain over k of separately rounded products and
// sums: the same bits with any compiler. C may not be A or B.
void vt_square_product_f64(int32_t n, const double *a, const double *b, double *c);

#endif
