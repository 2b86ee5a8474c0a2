// The server's figures, live.

import { Problem, call } from './api.js';
import { bytes, by, count, icon, make, number, seconds, table } from './dom.js';
import { notice } from './notice.js';
import { legend, lines } from './plot.js';
import { histogram, parse, quantile, since, total } from './prometheus.js';

/** Milliseconds between two looks, how many are kept, and over how many seconds a rate is taken. */
const [every, most, rateWindow] = [2000, 150, 10];
/** How far back the plots go, in seconds: whole minutes, as many as were seen. */
const span = () => Math.min((every * most) / 1000, Math.max(1, Math.ceil((looks.at(-1).time - looks[0].time) / 60)) * 60);

/** What is kept of one look, as plain numbers and histograms. */
function take(families) {
  const one = (name, labels) => total(families, `venturi_${name}`, labels);
  const firstToken = histogram(families, 'venturi_time_to_first_token_seconds');
  const interToken = histogram(families, 'venturi_inter_token_seconds');
  const outcomes = new Map((families.get('venturi_requests_total') ?? [])
    .map(({ labels, value }) => [labels.get('outcome') ?? '', value]));
  return {
    time: performance.now() / 1000, date: new Date(), families, firstToken, interToken, outcomes,
    // Counted as they come, whereas the counter of generated tokens waits for an answer's end.
    tokens: firstToken.count + interToken.count,
    promptTokens: one('prompt_tokens_total'), cachedTokens: one('cached_tokens_total'),
    running: one('generations_running'), queued: one('generations_queued'), requests: one('requests_running'),
    kv: one('kv_bytes'), resident: one('resident_bytes'), lookups: one('prefix_lookups'), hits: one('prefix_hits'),
  };
}

const looks = [];
let timer = null;
let isShown = false;
let isPaused = false;
let asking = null;

/** The look that a rate at `index` is taken from. */
function earlier(index) {
  let found = index;
  while (found > 0 && looks[index].time - looks[found].time < rateWindow) found -= 1;
  return found === index ? null : looks[found];
}

/** What a counter gained each second, at a look. A counter that fell began anew. */
function rate(index, read) {
  const before = earlier(index);
  if (!before) return NaN;
  const gain = read(looks[index]) - read(before);
  return gain < 0 ? NaN : gain / (looks[index].time - before.time);
}

const share = (index, q, name) => {
  const before = earlier(index);
  return before ? quantile(q, since(looks[index][name], before[name])) : NaN;
};

const value = (read) => (index) => read(looks[index]);
const allOutcomes = (look) => [...look.outcomes.values()].reduce((sum, each) => sum + each, 0);

/** The plots: what each shows, in which unit, and what stands large above it. */
const cards = [
  {
    name: 'tokens', title: 'Tokens a second', format: number, area: true,
    series: [['generated', (index) => rate(index, (look) => look.tokens)]],
    about: () => `${count(looks.at(-1).tokens)} since the start`,
  },
  {
    name: 'requests', title: 'Running and waiting', format: number, y: { whole: true },
    series: [['running', value((look) => look.running)], ['waiting for a place', value((look) => look.queued)]],
    about: () => `${count(looks.at(-1).requests)} requests open`,
  },
  {
    name: 'first', title: 'Time to the first token', format: seconds,
    series: [['half of all', (index) => share(index, 0.5, 'firstToken')],
      ['95 of 100', (index) => share(index, 0.95, 'firstToken')]],
    about: () => overall('firstToken'), table: () => percentiles('firstToken'),
  },
  {
    name: 'inter', title: 'Between two tokens', format: seconds,
    series: [['half of all', (index) => share(index, 0.5, 'interToken')],
      ['95 of 100', (index) => share(index, 0.95, 'interToken')],
      ['99 of 100', (index) => share(index, 0.99, 'interToken')]],
    about: () => overall('interToken'), table: () => percentiles('interToken'),
  },
  {
    name: 'outcomes', title: 'Requests ended, by outcome', format: (each) => (each === 0 ? '0' : `${number(each)}/s`),
    series: ['ok', 'client_gone', 'overloaded', 'invalid', 'error'].map((name) =>
      [name.replace('_', ' '), (index) => rate(index, (look) => look.outcomes.get(name) ?? 0)]),
    headline: () => count(allOutcomes(looks.at(-1))), about: () => 'since the start',
    table: () => table('Requests since the start', ['Outcome', 'Requests'],
      [...looks.at(-1).outcomes].map(([name, each]) => [name, count(each)])),
  },
  {
    name: 'prefix', title: 'Prompt tokens from the cache', format: (each) => `${number(each)} %`, y: { min: 0, max: 100 },
    series: [['share', (index) => {
      const [all, cached] = [rate(index, (look) => look.promptTokens), rate(index, (look) => look.cachedTokens)];
      return all > 0 ? (cached / all) * 100 : NaN;
    }]],
    headline: () => {
      const { promptTokens, cachedTokens } = looks.at(-1);
      return promptTokens > 0 ? `${number((cachedTokens / promptTokens) * 100)} %` : '–';
    },
    about: () => {
      const { hits, lookups } = looks.at(-1);
      return `since the start; ${count(hits)} of ${count(lookups)} prompts found a known beginning`;
    },
  },
  {
    name: 'kv', title: 'Memory', format: bytes, area: true,
    series: [['keys and values', value((look) => look.kv)], ['whole process', value((look) => look.resident)]],
    about: () => `keys and values; the process has ${bytes(looks.at(-1).resident)}`,
  },
];

const words = [['half of all', 0.5], ['90 of 100', 0.9], ['95 of 100', 0.95], ['99 of 100', 0.99]];

function overall(name) {
  const all = looks.at(-1)[name];
  return all.count > 0 ? `half of all, lately; ${seconds(quantile(0.5, all))} since the start` : 'nothing measured yet';
}

function percentiles(name) {
  const late = looks.at(-1)[name];
  const lately = since(late, looks[0][name]);
  const time = seconds(Math.round(looks.at(-1).time - looks[0].time));
  return table('Up to which time', ['Share', `in ${time}`, 'since the start'],
    words.map(([word, q]) => [word, seconds(quantile(q, lately)), seconds(quantile(q, late))]));
}

// Showing

function build() {
  by('cards').replaceChildren(...cards.map((card) => {
    card.large = make('p', { class: 'large' });
    card.aside = make('p', { class: 'small' });
    card.place = make('div', { class: 'plot-place' });
    card.twin = make('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': `${card.title}: numbers` });
    const details = make('details', { ontoggle: () => showTwin(card) }, make('summary', {}, 'Numbers'), card.twin);
    card.details = details;
    return make('section', { class: `card ${card.name}`, 'aria-labelledby': `card-${card.name}` },
      make('h2', { id: `card-${card.name}` }, card.title),
      make('div', { class: 'now' }, card.large, card.aside), card.place,
      card.series.length > 1 ? legend(card.series.map(([name]) => name)) : null, details);
  }));
}

function points(card) {
  const now = looks.at(-1).time;
  return card.series.map(([name, read]) => ({ name, points: looks.map((look, index) => [look.time - now, read(index)]) }));
}

function showCard(card) {
  const series = points(card);
  const first = series[0].points.at(-1)[1];
  card.large.textContent = card.headline ? card.headline() : Number.isFinite(first) ? card.format(first) : '–';
  card.aside.textContent = card.about();
  const width = Math.max(220, Math.floor(card.place.clientWidth));
  card.place.replaceChildren(lines({
    width, height: 170, series, area: card.area, title: inWords(card, series),
    x: {
      min: -span(), max: 0, ticks: [-span(), -span() / 2, 0],
      format: (at) => (at === 0 ? 'now' : `${Math.round(-at / 6) / 10} min ago`),
    },
    y: { ...card.y, format: card.format },
  }));
  if (card.details.open) showTwin(card);
}

/** What a plot shows, in a sentence. */
function inWords(card, series) {
  const parts = series.map(({ name, points: all }) => {
    const known = all.map((point) => point[1]).filter(Number.isFinite);
    return known.length === 0 ? `${name}: nothing yet`
      : `${name}: now ${card.format(known.at(-1))}, at most ${card.format(Math.max(...known))}`;
  });
  return `${card.title} over ${span() / 60} min. ${parts.join('; ')}.`;
}

/** The numbers of a plot, each quarter of a minute. */
function showTwin(card) {
  if (!card.details.open || looks.length === 0) return;
  const series = points(card);
  const step = Math.max(1, Math.round(15_000 / every));
  const rows = [];
  for (let index = looks.length - 1; index >= 0; index -= step) {
    rows.push([looks[index].date.toLocaleTimeString('en-GB'), ...series.map((each) => {
      const found = each.points[index][1];
      return Number.isFinite(found) ? card.format(found) : '–';
    })]);
  }
  const overTime = table('Over time', ['Time', ...series.map(({ name }) => name)], rows);
  card.twin.replaceChildren(...[card.table?.(), overTime].filter(Boolean));
}

function showAllFigures() {
  if (!document.querySelector('.rest').open) return;
  const rows = [];
  for (const [name, family] of looks.at(-1).families) {
    for (const { labels, value: each } of family) {
      const shown = [...labels].map(([label, content]) => `${label}="${content}"`).join(', ');
      rows.push([name, shown, Number.isInteger(each) ? count(each) : String(each)]);
    }
  }
  by('all-figures').replaceChildren(table('Figures of /metrics', ['Name', 'Labels', 'Value'], rows));
}

function showAll() {
  if (looks.length === 0) return;
  const { running, queued } = looks.at(-1);
  by('flow-queued').textContent = Number.isFinite(queued) ? count(queued) : '–';
  by('flow-running').textContent = Number.isFinite(running) ? count(running) : '–';
  const tokens = rate(looks.length - 1, (look) => look.tokens);
  by('flow-rate').textContent = Number.isFinite(tokens) ? number(tokens) : '–';
  by('flow').classList.toggle('is-flowing', tokens > 0 || running > 0);
  for (const card of cards) showCard(card);
  showAllFigures();
}

// Looking

async function look() {
  clearTimeout(timer);
  if (!isShown || isPaused || document.hidden) return;
  asking?.abort();
  asking = new AbortController();
  try {
    const response = await call('/metrics', { accept: 'text/plain', signal: asking.signal });
    const seen = take(parse(await response.text()));
    if (looks.length > 0 && seen.tokens < looks.at(-1).tokens) looks.length = 0;
    looks.push(seen);
    if (looks.length > most) looks.shift();
    by('figures-notice').replaceChildren();
    by('figures-state').textContent = `Looked at every ${every / 1000} seconds.`;
    showAll();
  } catch (error) {
    if (error.name === 'AbortError') return;
    fail(error instanceof Problem ? error : new Problem('broken', 'The figures could not be shown.', { hint: String(error) }));
    // A server that is gone may come back; without a key there is nothing to wait for.
    if (error.kind === 'key') return;
  }
  timer = setTimeout(look, every);
}

function fail(problem) {
  by('figures-state').textContent = looks.length > 0 ? `Last seen at ${looks.at(-1).date.toLocaleTimeString('en-GB')}.` : '';
  const place = by('figures-notice');
  // The same notice again would be read out again.
  if (place.textContent.includes(problem.message)) return;
  place.replaceChildren(notice(problem, look));
}

let isPrepared = false;

function prepare() {
  isPrepared = true;
  build();
  by('pause').addEventListener('click', () => {
    isPaused = !isPaused;
    by('pause').setAttribute('aria-pressed', String(isPaused));
    by('pause').replaceChildren(icon(isPaused ? 'play' : 'pause'), make('span', {}, isPaused ? 'Go on' : 'Pause'));
    by('figures-state').textContent = isPaused ? 'Paused.' : '';
    look();
  });
  document.querySelector('.rest').addEventListener('toggle', () => looks.length > 0 && showAllFigures());
  document.addEventListener('visibilitychange', look);
  new ResizeObserver(showAll).observe(by('cards'));
}

export const figures = {
  show() {
    isShown = true;
    if (!isPrepared) prepare();
    look();
  },
  hide() {
    isShown = false;
    asking?.abort();
  },
  keyChanged: look,
};
