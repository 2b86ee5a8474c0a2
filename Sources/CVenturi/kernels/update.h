// The steps of vt_update.h for one element: the scalar twins, and the last elements of the fast kernels.
#ifndef VT_UPDATE_SCALAR_H
#define VT_UPDATE_SCALAR_H

#include <math.h>
#include <stddef.h>

#include "../include/vt_update.h"

#pragma STDC FP_CONTRACT OFF // only explicit fused operations, on every target

static inline void vt_adam_one(const vt_adam_step *s, float *w, float g, float *m, float *v, float *v_max) {
  g = fmaf(s->coupled, *w, g);
  *m = fmaf(s->rest1, g - *m, *m);
  *v = fmaf(s->rest2, fmaf(g, g, -*v), *v);
  float second = *v;
  if (v_max) second = *v_max = second > *v_max ? second : *v_max;
  const float along = fmaf(s->of_m, *m, s->of_g * g) / fmaf(s->root, sqrtf(second), s->epsilon);
  *w -= fmaf(s->decay, *w, along);
}

static inline void vt_sgd_one(const vt_sgd_step *s, float *w, float g, float *b) {
  g = fmaf(s->coupled, *w, g);
  if (b) {
    *b = fmaf(s->momentum, *b, s->gain * g);
    g = s->nesterov ? fmaf(s->momentum, *b, g) : *b;
  }
  *w = fmaf(-s->rate, g, *w);
}

static inline float vt_sign_scalar(float x) { return x != x ? x : x < 0 ? -1.0f : 0 < x ? 1.0f : 0.0f; }

static inline void vt_lion_one(const vt_lion_step *s, float *w, float g, float *m) {
  const float away = g - *m;
  *w -= fmaf(s->decay, *w, s->rate * vt_sign_scalar(fmaf(s->rest1, away, *m)));
  *m = fmaf(s->rest2, away, *m);
}

static inline void vt_rmsprop_one(const vt_rmsprop_step *s, float *w, float g, float *v, float *a, float *b) {
  g = fmaf(s->coupled, *w, g);
  *v = fmaf(s->rest, fmaf(g, g, -*v), *v);
  float second = *v;
  if (a) {
    *a = fmaf(s->rest, g - *a, *a);
    second = fmaf(-*a, *a, second);
    second = second < 0 ? 0.0f : second; // by rounding
  }
  float d = g / (sqrtf(second) + s->epsilon);
  if (b) d = *b = fmaf(s->momentum, *b, d);
  *w = fmaf(-s->rate, d, *w);
}

static inline void vt_adagrad_one(const vt_adagrad_step *s, float *w, float g, float *sum) {
  g = fmaf(s->coupled, *w, g);
  *sum = fmaf(g, g, *sum);
  *w = fmaf(-s->rate, g / (sqrtf(*sum) + s->epsilon), *w);
}

static inline void vt_schedule_free_one(const vt_schedule_free_step *s, float *y, float g, float *z, float *v) {
  *v = fmaf(s->rest2, fmaf(g, g, -*v), *v);
  const float d = fmaf(s->weight_decay, *y, g / (sqrtf(*v) + s->epsilon));
  *y = fmaf(-s->of_y, d, fmaf(s->share, *z - *y, *y));
  *z = fmaf(-s->rate, d, *z);
}

static inline float vt_clamp_scalar(float limit, float x) { return x < -limit ? -limit : limit < x ? limit : x; }

#endif
