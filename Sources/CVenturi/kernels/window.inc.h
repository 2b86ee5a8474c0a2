// The bodies of vt_window_kernels over eight-lane vectors; include after simd/vt_*.h. They only copy.
#include "../include/vt_window.h"

enum { VT_WINDOW_LANES = 16 };

// A run, by whole vectors where what lies behind it may be read and written over; `room` floats may be written.
VT_INLINE void vt_copy_run(const float *from, const float *end, int64_t count, float *to, int64_t room) {
  const int64_t whole = (count + 7) / 8 * 8;
  if (whole <= room && whole <= end - from)
    for (int64_t i = 0; i < count; i += 8) v8f_store(to + i, v8f_load(from + i));
  else memcpy(to, from, (size_t)count * sizeof(float));
}

static void vt_widen(const vt_window *w, int64_t channels, const float *x, float *y) {
  const int64_t height = w->extents[1], width = w->extents[2];
  const int64_t lines = w->before[1] + height + w->after[1], between = w->before[2] + w->after[2];
  const int64_t volume = (w->before[0] + w->extents[0] + w->after[0]) * lines * (width + between);
  const float *end = x + channels * w->extents[0] * height * width;
  for (int64_t channel = 0; channel < channels; channel++, y += volume) {
    int64_t done = 0; // of this plane
    for (int64_t z = 0; z < w->extents[0]; z++)
      for (int64_t line = 0; line < height; line++, x += width) {
        const int64_t at = ((z + w->before[0]) * lines + line + w->before[1]) * (width + between) + w->before[2];
        if (at - done == between && between <= 8 && at + 8 <= volume) v8f_store(y + done, v8f_zero());
        else memset(y + done, 0, (size_t)(at - done) * sizeof(float));
        vt_copy_run(x, end, width, y + at, volume - at);
        done = at + width;
      }
    memset(y + done, 0, (size_t)(volume - done) * sizeof(float));
  }
}

static void vt_pack_window(const vt_window *w, int64_t channels, const float *x, const float *end, int64_t first,
                           int64_t count, float *panel) {
  const int64_t volume = w->extents[0] * w->extents[1] * w->extents[2];
  const int64_t positions = w->outputs[0] * w->outputs[1] * w->outputs[2];
  int64_t places[VT_WINDOW_LANES];
  // Eight lanes are one run, or the end of one row of outputs and the beginning of the next from lane `turn` on: where both
  // would begin if they had all lanes.
  int64_t begins[2][2];
  float turns[2] = {8, 8};
  int isPlain = 1;
  int64_t image = first / positions, ox = first % w->outputs[2], oy = first / w->outputs[2] % w->outputs[1];
  int64_t oz = first % positions / (w->outputs[2] * w->outputs[1]);
  for (int i = 0; i < VT_WINDOW_LANES; i++) {
    places[i] = image * w->apart + (oz * w->strides[0] * w->extents[1] + oy * w->strides[1]) * w->extents[2] +
                ox * w->strides[2];
    const int half = i / 8, lane = i % 8;
    if (lane == 0) begins[half][0] = begins[half][1] = places[i];
    else if (i < count && places[i] != places[i - 1] + 1) {
      isPlain &= turns[half] == 8;
      turns[half] = (float)lane, begins[half][1] = places[i] - lane;
    }
    if (i + 1 >= count) continue; // lanes that are not there repeat the last one that is
    if (++ox < w->outputs[2]) continue;
    ox = 0;
    if (++oy < w->outputs[1]) continue;
    oy = 0;
    if (++oz < w->outputs[0]) continue;
    oz = 0, image++;
  }
  const int64_t a = begins[0][0], b = begins[0][1], c = begins[1][0], d = begins[1][1];
  const float *enough = end - ((b > d ? b : d) + 8); // from here on single numbers are read
  static const float numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  const v8f lanes = v8f_load(numbers), low = v8f_set(turns[0]), high = v8f_set(turns[1]);
  const int64_t into = w->dilations[0] * w->extents[1] * w->extents[2], down = w->dilations[1] * w->extents[2];
  const int64_t across = w->dilations[2], depth = w->kernel[0], height = w->kernel[1], width = w->kernel[2];
  for (int64_t channel = 0; channel < channels; channel++, x += volume)
    for (int64_t kz = 0; kz < depth; kz++)
      for (int64_t ky = 0; ky < height; ky++) {
        const float *from = x + kz * into + ky * down;
        for (int64_t kx = 0; kx < width; kx++, from += across, panel += VT_WINDOW_LANES)
          if (isPlain && from <= enough) {
            v8f_store(panel, v8f_select_less(lanes, low, v8f_load(from + a), v8f_load(from + b)));
            v8f_store(panel + 8, v8f_select_less(lanes, high, v8f_load(from + c), v8f_load(from + d)));
          } else
            for (int i = 0; i < VT_WINDOW_LANES; i++) panel[i] = from[places[i]];
      }
}

// Lines of up to `vectors` vectors, each of which writes over what the one before left behind it; before `begin` and from
// `stop` on are margins.
VT_INLINE void vt_copy_lines(const int vectors, int64_t lines, const float *from, int64_t pitch, float *to, int64_t count,
                             int64_t begin, int64_t stop) {
  for (int64_t line = 0; line < lines; line++, from += pitch, to += count) {
#pragma clang loop unroll(full)
    for (int i = 0; i < vectors; i++) v8f_store(to + 8 * i, v8f_load(from + 8 * i));
    for (int64_t i = 0; i < begin; i++) to[i] = 0;
    for (int64_t i = stop; i < count; i++) to[i] = 0;
  }
}

VT_INLINE int64_t vt_limited(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

static void vt_unfold(const void *unfolding, int32_t row, float *to) {
  const vt_unfolding *u = unfolding;
  const vt_window *w = &u->window;
  const int64_t height = w->extents[1], width = w->extents[2], count = u->width;
  const int64_t across = w->strides[2], down = w->strides[1];
  const int64_t taps = w->kernel[0] * w->kernel[1] * w->kernel[2], tap = row % taps;
  const int64_t kx = tap % w->kernel[2], ky = tap / w->kernel[2] % w->kernel[1], kz = tap / (w->kernel[2] * w->kernel[1]);
  const float *plane = u->x + row / taps * w->extents[0] * height * width;
  // The outputs of a line, and the lines, whose element lies inside.
  const int64_t offset = u->start * across + kx * w->dilations[2] - w->before[2];
  const int64_t drop = ky * w->dilations[1] - w->before[1];
  const int64_t begin = vt_limited(offset >= 0 ? 0 : (-offset + across - 1) / across, 0, count);
  const int64_t stop = vt_limited(offset >= width ? 0 : (width - 1 - offset) / across + 1, begin, count);
  const int64_t top = drop >= 0 ? 0 : (-drop + down - 1) / down;
  const int64_t bottom = drop >= height ? 0 : (height - 1 - drop) / down + 1;
  int64_t image = u->first / (w->outputs[0] * w->outputs[1]), oz = u->first / w->outputs[1] % w->outputs[0];
  int64_t oy = u->first % w->outputs[1];
  for (int64_t left = u->lines; left > 0;) {
    const int64_t lines = left < w->outputs[1] - oy ? left : w->outputs[1] - oy;
    const int64_t z = oz * w->strides[0] - w->before[0] + kz * w->dilations[0];
    const int isInside = z >= 0 && z < w->extents[0] && begin < stop;
    const int64_t from_line = isInside ? vt_limited(top, oy, oy + lines) : oy + lines;
    const int64_t to_line = isInside ? vt_limited(bottom, from_line, oy + lines) : from_line;
    memset(to, 0, (size_t)((from_line - oy) * count) * sizeof(float));
    to += (from_line - oy) * count;
    const int64_t some = to_line - from_line, pitch = down * width, vectors = (count + 7) / 8;
    const float *from = plane + image * w->apart + (z * height + from_line * down + drop) * width + offset;
    if (some > 0) {
      const int isNear = from >= u->begin && u->end - from >= (some - 1) * pitch + 8 * vectors;
#define VT_LINES(n)                                                                                                    \
  case n: vt_copy_lines(n, some, from, pitch, to, count, begin, stop); break;
      switch (across == 1 && isNear ? vectors : 0) {
        VT_LINES(1)
        VT_LINES(2)
        VT_LINES(3)
        VT_LINES(4)
        VT_LINES(5)
        VT_LINES(6)
        VT_LINES(7)
        VT_LINES(8)
      default:
        for (int64_t line = 0; line < some; line++)
          for (int64_t i = 0; i < count; i++)
            to[line * count + i] = i < begin || i >= stop ? 0 : from[line * pitch + i * across];
      }
#undef VT_LINES
      to += some * count;
    }
    memset(to, 0, (size_t)((oy + lines - to_line) * count) * sizeof(float));
    to += (oy + lines - to_line) * count;
    left -= lines, oy = 0;
    if (++oz == w->outputs[0]) oz = 0, image++;
  }
}

const vt_window_kernels VT_SUFFIX(vt_window_kernels) = {
    .widen = vt_widen,
    .pack = vt_pack_window,
    .unfold = vt_unfold,
};
