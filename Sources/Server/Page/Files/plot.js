// Plots as SVG: lines over time or sizes, and bars side by side.

import { draw, make, number } from './dom.js';

const margins = { left: 52, right: 14, top: 10, bottom: 26 };

/** A step of 1, 2 or 5 times a power of ten, about so many of which make up `span`. */
export function roundStep(span, steps) {
  if (!(span > 0)) return 1;
  const rough = span / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
}

/** From values to shares of an axis, with the values that get a tick. */
function scale(values, { log = false, whole = false, ticks = null, min = null, max = null, steps = 4 } = {}) {
  const finite = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  let low = min ?? (finite.length ? Math.min(...finite) : 0);
  let high = max ?? (finite.length ? Math.max(...finite) : 1);
  if (log) {
    if (low <= 0) low = 1;
    if (!ticks) {
      low = 10 ** Math.floor(Math.log10(low) + 1e-9);
      high = 10 ** Math.ceil(Math.log10(high) - 1e-9);
    }
    if (high <= low) high = low * 10;
    const powers = [];
    for (let tick = low; tick <= high * 1.001; tick *= 10) powers.push(tick);
    return { place: (value) => (value > 0 ? Math.log(value / low) / Math.log(high / low) : 0), ticks: ticks ?? powers };
  }
  if (ticks) return { place: (value) => (high > low ? (value - low) / (high - low) : 0), ticks };
  low = Math.min(low, 0);
  const step = Math.max(roundStep(high - low, steps), whole ? 1 : 0);
  high = Math.max(Math.ceil(high / step - 1e-9) * step, low + step);
  const all = [];
  for (let index = 0; low + index * step <= high + step / 2; index += 1) all.push(low + index * step);
  return { place: (value) => (value - low) / (high - low), ticks: all };
}

/**
 * Lines over a horizontal axis. `series` are `{ name, points: [[x, y, low?, high?]] }`; a `y` that is no number leaves a gap.
 * `x` and `y` are axes: `{ label, log, whole, min, max, ticks, format }`. The picture says in a word what it shows; the numbers
 * are for a table beside it.
 */
export function lines({ width, height, title, series, x = {}, y = {}, dots = false, area = false }) {
  const all = series.flatMap(({ points }) => points);
  const left = y.label ? margins.left + 18 : margins.left;
  const bottom = x.label ? margins.bottom + 18 : margins.bottom;
  const [inner, tall] = [Math.max(10, width - left - margins.right), height - margins.top - bottom];
  const horizontal = scale(all.map((point) => point[0]), x);
  const vertical = scale(all.flatMap((point) => point.slice(1)), { ...y, steps: Math.max(2, Math.round(tall / 45)) });
  const across = (value) => left + horizontal.place(value) * inner;
  const up = (value) => margins.top + (1 - vertical.place(value)) * tall;
  const picture = frame(width, height, title);
  const show = y.format ?? number;
  for (const tick of vertical.ticks) {
    picture.append(
      draw('line', { class: 'grid', x1: left, x2: left + inner, y1: up(tick), y2: up(tick) }),
      draw('text', { class: 'tick', x: left - 8, y: up(tick) + 4, 'text-anchor': 'end' }, show(tick)));
  }
  let free = -Infinity;
  for (const tick of horizontal.ticks) {
    const words = (x.format ?? number)(tick);
    const half = words.length * 3.4;
    const at = Math.max(half + 2, Math.min(across(tick), width - half - 2));
    if (at - half < free) continue;
    free = at + half + 8;
    picture.append(draw('text', { class: 'tick', x: at, y: margins.top + tall + 18, 'text-anchor': 'middle' }, words));
  }
  if (x.label) {
    picture.append(draw('text', { class: 'axis', x: left + inner / 2, y: height - 6, 'text-anchor': 'middle' }, x.label));
  }
  if (y.label) {
    picture.append(draw('text', {
      class: 'axis', transform: `translate(12 ${margins.top + tall / 2}) rotate(-90)`, 'text-anchor': 'middle',
    }, y.label));
  }
  series.forEach(({ points }, index) => drawLine(picture, points, index, across, up, dots, area));
  return picture;
}

function drawLine(picture, points, index, across, up, dots, area) {
  const name = `s${index % 6}`;
  let path = '';
  let start = null;
  const close = (last) => {
    if (area && index === 0 && start !== null && last !== null) {
      picture.append(draw('path', { class: `${name} area`, d: `${start.path}L${across(last[0])} ${up(0)}L${start.x} ${up(0)}Z` }));
    }
  };
  let last = null;
  for (const point of points) {
    if (!Number.isFinite(point[1])) {
      close(last);
      [start, last] = [null, null];
      continue;
    }
    const [h, v] = [across(point[0]).toFixed(1), up(point[1]).toFixed(1)];
    if (last === null) start = { x: h, path: `M${h} ${v}` };
    else start.path += `L${h} ${v}`;
    path += `${last === null ? 'M' : 'L'}${h} ${v}`;
    last = point;
    if (dots) {
      if (point[3] > point[2]) {
        picture.append(draw('line', { class: `${name} range`, x1: h, x2: h, y1: up(point[2]), y2: up(point[3]) }));
      }
      picture.append(draw('circle', { class: `${name} dot`, cx: h, cy: v, r: 3.5 }));
    }
  }
  close(last);
  if (path) picture.append(draw('path', { class: `${name} line`, d: path }));
}

/** A bar for each of `bars`, `{ name, value, low, high }`, below each other, each with its name above it. */
export function bars({ width, title, bars: all, format = number }) {
  const [row, left] = [44, 2];
  const picture = frame(width, Math.max(row, all.length * row), title);
  const most = Math.max(...all.map(({ value, high }) => Math.max(value, high ?? 0)), 0) || 1;
  const room = width - left - 90;
  all.forEach(({ name, value, low, high }, index) => {
    const top = index * row;
    const long = Math.max(2, (value / most) * room);
    picture.append(
      draw('text', { class: 'axis', x: left, y: top + 14 }, name),
      draw('rect', { class: `s${index % 6} bar`, x: left, y: top + 20, width: long, height: 14, rx: 2 }));
    if (high > low) {
      picture.append(draw('line', {
        class: 'whisker', x1: left + (low / most) * room, x2: left + (high / most) * room, y1: top + 27, y2: top + 27,
      }));
    }
    const end = left + Math.max(long, high > low ? (high / most) * room : 0);
    picture.append(draw('text', { class: 'value', x: end + 8, y: top + 32 }, format(value)));
  });
  return picture;
}

function frame(width, height, title) {
  return draw('svg', { class: 'plot', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': title });
}

/** What the lines are called, with their marks. */
export function legend(names) {
  return make('ul', { class: 'legend' }, names.map((name, index) => make('li', {},
    draw('svg', { viewBox: '0 0 22 8', width: 22, height: 8, 'aria-hidden': 'true' },
      draw('path', { class: `s${index % 6} line`, d: 'M1 4H21' })), name)));
}
