// What was measured of a system, as `make results` wrote it.

import { make, number, table } from './dom.js';
import { bars, legend, lines } from './plot.js';

const list = (value) => (Array.isArray(value) ? value : []);
const words = (value) => (typeof value === 'string' ? value : '');
const dates = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });

function day(text) {
  const date = new Date(words(text));
  return Number.isNaN(date.getTime()) ? words(text) : dates.format(date);
}

const figure = (value, unit = '') => (typeof value === 'number' ? `${number(value)}${unit ? ` ${unit}` : ''}` : '–');

/** One run's results. */
export function resultElement(result) {
  const machine = result.machine ?? {};
  const where = [words(machine.processor), machine.processors ? `${number(machine.processors)} processors` : '',
    machine.kernels ? `kernels ${words(machine.kernels)}` : ''].filter(Boolean).join(', ');
  return make('div', { class: 'result' },
    make('p', { class: 'small' }, [where && `On ${where}`, day(result.date)].filter(Boolean).join('; ')),
    result.quick === true ? make('p', {}, make('strong', {}, 'A quick run over smaller cases: no headline.')) : null,
    verdict(result), measures(result), pictures(result), predictions(result), checks(result),
    unbuilt(result));
}

function pictures(result) {
  const all = list(result.plots).map(plotElement);
  return all.length === 0 ? null : make('div', { class: 'pictures' }, all);
}

function verdict(result) {
  const bad = [
    ...list(result.checks).filter(({ passed }) => passed !== true).map(({ name }) => `failed: ${words(name)}`),
    ...list(result.measures).filter(({ met }) => met === false).map(({ name }) => `missed: ${words(name)}`),
    ...list(result.predictions).filter(({ met }) => met === false).map(({ name }) => `missed: ${words(name)}`),
    ...list(result.measures).filter(({ absent }) => typeof absent === 'string').map(({ name }) => `not measured: ${words(name)}`),
  ];
  return bad.length === 0
    ? make('p', { class: 'verdict good' }, 'All checks hold and all targets are met.')
    : make('ul', { class: 'verdict bad' }, bad.map((line) => make('li', {}, line)));
}

const mark = (met, [yes, no]) =>
  (met === true ? make('span', { class: 'good' }, yes) : met === false ? make('strong', { class: 'bad' }, no) : '–');

function scrolling(label, element) {
  return make('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': label }, element);
}

function measures(result) {
  const rows = list(result.measures).map((measure) => {
    const unit = words(measure.unit);
    const sign = measure.bound === 'atMost' ? '≤' : '≥';
    const target = typeof measure.target !== 'number' ? '–' : (measure.targetOf ?? 'ratio') === 'ratio'
      ? `${sign} ${number(measure.target)} ×` : `${words(measure.targetOf)} ${sign} ${figure(measure.target, unit)}`;
    const interval = typeof measure.low === 'number' && measure.low !== measure.high
      ? ` (${number(measure.low)}–${number(measure.high)})` : '';
    const theirs = typeof measure.peer === 'number' ? figure(measure.peer, unit) : '';
    const peer = [theirs, words(measure.peerName)].filter(Boolean).join(', ') || '–';
    return [words(measure.name), figure(measure.ours, unit), peer,
      typeof measure.ratio === 'number' ? `${number(measure.ratio)} ×${interval}` : '–', target,
      typeof measure.absent === 'string' ? `absent: ${measure.absent}` : mark(measure.met, ['met', 'missed'])];
  });
  if (rows.length === 0) return null;
  return [make('h4', {}, 'Measured'), scrolling('Measured', table(
    'Medians; a ratio above 1 is where ours is better, with its 95 % interval',
    ['Measure', 'Ours', 'Peer', 'Ratio', 'Target', ''], rows, { class: 'measured' }))];
}

function predictions(result) {
  const share = (value) => (typeof value === 'number' ? `${number(value * 100)} %` : '–');
  const rows = list(result.predictions).map((each) => [words(each.name), figure(each.predicted), figure(each.published),
    share(each.error), share(each.limit), mark(each.met, ['met', 'missed']), share(each.plainError),
    `${each.verified === true ? 'verified' : 'recalled'}, ${each.heldOut === true ? 'held out' : 'fitted'}`]);
  if (rows.length === 0) return null;
  return folded(`Predicted and published: ${rows.length} figures`, scrolling('Predictions',
    table('The planner’s predictions beside published figures',
      ['Figure', 'Predicted', 'Published', 'Error', 'Limit', '', 'Plain roofline’s error', 'Kind'], rows)));
}

function checks(result) {
  const rows = list(result.checks).map(({ name, passed, detail }) =>
    [words(name), mark(passed === true, ['holds', 'fails']), words(detail)]);
  if (rows.length === 0) return null;
  const caption = 'Correctness, before anything is measured';
  return folded(`Checks: ${rows.length}`, scrolling('Checks', table(caption, ['Check', '', 'Found'], rows)));
}

function unbuilt(result) {
  const all = list(result.unbuilt).map(words).filter(Boolean);
  if (all.length === 0) return null;
  return [make('h4', {}, 'Not built or not measured yet'), make('ul', {}, all.map((line) => make('li', {}, line)))];
}

function folded(summary, content) {
  return make('details', {}, make('summary', {}, summary), content);
}

/** A picture of `make results`, drawn from the same data in the page's own colours, with its numbers. */
function plotElement(plot) {
  const title = words(plot?.title);
  const series = list(plot?.series).map((each) => ({
    name: words(each?.name),
    points: list(each?.points).filter((point) => Array.isArray(point) && point.every((value) => typeof value === 'number')),
  }));
  const x = { label: words(plot?.x?.label), log: plot?.x?.logarithmic === true };
  const y = { label: words(plot?.y?.label), log: plot?.y?.logarithmic === true };
  const isBars = plot?.kind === 'bars';
  const sizes = [...new Set(series.flatMap(({ points }) => points.map((point) => point[0])))].sort((a, b) => a - b);
  if (sizes.length > 1 && sizes.length <= 9) x.ticks = sizes;
  const place = make('div', { class: 'plot-place' });
  const show = () => {
    const width = Math.max(240, Math.floor(Math.min(place.clientWidth, 720)));
    place.replaceChildren(isBars
      ? bars({
        width, title: `${title}, ${y.label}`,
        bars: series.filter(({ points }) => points.length > 0).map(({ name, points: [point] }) =>
          ({ name, value: point[1], low: point[2], high: point[3] })),
      })
      : lines({ width, height: 300, title: `${title}: ${series.map(({ name }) => name).join(', ')}`, series, x, y, dots: true }));
  };
  new ResizeObserver(show).observe(place);
  const rows = isBars
    ? series.map(({ name, points }) => [name, figure(points[0]?.[1])])
    : sizes.map((size) => [number(size), ...series.map(({ points }) => figure(points.find((point) => point[0] === size)?.[1]))]);
  const heads = isBars ? ['', y.label] : [x.label, ...series.map(({ name }) => name)];
  return make('figure', { class: 'picture' },
    make('figcaption', {}, title, isBars && y.label ? make('span', { class: 'small' }, y.label) : null), place,
    isBars ? null : legend(series.map(({ name }) => name)),
    folded('Numbers', scrolling(`${title}: numbers`, table(y.label, heads, rows))));
}

/** The tables of `venturi bench`. */
export function benchmarkElement({ date, content }) {
  const subject = words(content?.model).split('/').at(-1) || 'Operators';
  const rows = list(content?.rows).map((row) => {
    const ratio = row.ratio;
    const strongest = words(row.strongest);
    return [words(row.test), figure(row.threads), figure(row.ours?.median),
      strongest ? `${strongest} ${figure(row.peers?.[strongest]?.median)}` : '–',
      typeof ratio?.median === 'number' ? `${number(ratio.median)} × (${figure(ratio.low)}–${figure(ratio.high)})` : '–',
      figure(row.ceiling), typeof row.share === 'number' ? `${number(row.share * 100)} %` : '–'];
  });
  return make('section', {}, make('h3', {}, `${subject}, ${day(date)}`),
    make('p', { class: 'small' }, words(content?.machine?.processor)),
    scrolling(`Benchmark of ${subject}`, table('Medians, with the strongest peer that was there',
      ['Test', 'Threads', 'Ours', 'Strongest peer', 'Ratio (95 %)', 'Ceiling', 'Share of it'], rows)));
}
