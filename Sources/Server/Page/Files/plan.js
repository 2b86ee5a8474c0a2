// The plan: its fields stand in the address, and the plot follows them.

import { Problem, callJSON } from './api.js';
import { bytes, by, make, number, seconds, table } from './dom.js';
import { notice } from './notice.js';
import { legend, lines } from './plot.js';

const usual = {
  model: 'Llama-2-7B', devices: 'A100-SXM-80GB,H100-SXM', precision: 'bf16', batch: '8', prompt: '512', depth: '2048', weights: '2',
  cache: '2', compute_share: '1', memory_share: '1', sweep: 'batch',
};
const numbers = ['batch', 'prompt', 'depth', 'weights', 'cache', 'compute_share', 'memory_share'];
/** What a field is drawn over; its own value is added. */
const ranges = {
  batch: [1, 2, 4, 8, 16, 32, 64, 128, 256], prompt: [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384],
  depth: [128, 512, 2048, 8192, 32768, 131072], weights: [0.5, 0.5625, 1, 1.0625, 2, 4], cache: [0.5, 1, 2, 4],
};
const logarithmic = new Set(['batch', 'prompt', 'depth']);
const names = { batch: 'sequences together', prompt: 'tokens of a prompt', depth: 'tokens before the timed one',
  weights: 'bytes of a weight', cache: 'bytes of a key or value' };

let choices = null;
let asking = null;
let due = 0;

async function prepare() {
  const place = by('plan-notice');
  try {
    choices ??= await callJSON('/plan.json');
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    place.replaceChildren(notice(error, prepare));
    return;
  }
  place.replaceChildren();
  const isFirst = by('plan-model').options.length === 0;
  if (isFirst) fillChoices();
  // A link to the view alone keeps what has been filled in.
  if (isFirst || location.hash) readAddress();
  await ask();
}

function fillChoices() {
  const options = (words) => words.map((word) => make('option', { value: word }, word));
  by('plan-model').append(...options(choices.models.map(({ name }) => name)));
  by('plan-precision').append(...options([...new Set(choices.devices.flatMap(({ precisions }) => precisions))]));
  by('plan-sweep').append(...choices.fields.map((field) => make('option', { value: field }, names[field] ?? field)));
  by('plan-devices').append(...choices.devices.map(({ name, memoryBytes }) => make('label', { class: 'choice' },
    make('input', { type: 'checkbox', name: 'device', value: name }), `${name} `, make('span', { class: 'many' }, bytes(memoryBytes)))));
  by('plan-form').addEventListener('submit', (event) => event.preventDefault());
  by('plan-form').addEventListener('input', () => {
    clearTimeout(due);
    due = setTimeout(ask, 150);
  });
}

const devicesChosen = () => [...by('plan-devices').querySelectorAll('input:checked')].map((input) => input.value);

/** The fields of the address, or what is usual. */
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(usual)) {
    if (name === 'devices') continue;
    const field = by(`plan-${name}`);
    const word = given.get(name) ?? value;
    field.value = numbers.includes(name) && !Number.isFinite(Number(word)) ? value : word;
    // A word that is none of the choices leaves a list empty.
    if (field.value === '') field.value = value;
    if (field.value === '') field.selectedIndex = 0;
  }
  const known = new Set(choices.devices.map(({ name }) => name));
  let chosen = (given.get('devices') ?? usual.devices).split(',').filter((name) => known.has(name));
  if (chosen.length === 0) chosen = choices.devices.slice(0, 2).map(({ name }) => name);
  for (const input of by('plan-devices').querySelectorAll('input')) input.checked = chosen.includes(input.value);
}

function writeAddress(devices) {
  const words = new URLSearchParams();
  for (const name of Object.keys(usual)) {
    const value = name === 'devices' ? devices.join(',') : by(`plan-${name}`).value;
    if (value !== usual[name]) words.set(name, value);
  }
  const hash = words.size === 0 ? '' : `#${words}`;
  if (location.hash !== hash) history.replaceState(null, '', location.pathname + hash);
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const field = by('plan-sweep').value;
  const body = { model: by('plan-model').value, precision: by('plan-precision').value, devices: devicesChosen() };
  for (const name of numbers) {
    const input = by(`plan-${name}`);
    const isRight = input.value !== '' && input.checkValidity();
    input.setAttribute('aria-invalid', String(!isRight));
    if (isRight) body[name] = Number(input.value);
  }
  writeAddress(body.devices);
  const results = by('plan-results');
  if (body.devices.length === 0) {
    results.replaceChildren(make('p', { class: 'none' }, 'Choose a device.'));
    return;
  }
  const own = body[field];
  body.sweep = { field, values: [...new Set([...ranges[field], own].filter(Number.isFinite))].sort((a, b) => a - b) };
  results.setAttribute('aria-busy', 'true');
  try {
    const { plans } = await callJSON('/plan/inference', { body, signal });
    by('plan-notice').replaceChildren();
    results.replaceChildren(...found(plans, field, own, body));
  } catch (error) {
    if (error.name === 'AbortError') return;
    if (!(error instanceof Problem)) throw error;
    by('plan-notice').replaceChildren(notice(error, ask));
    if (error.field) by(`plan-${error.field}`)?.setAttribute('aria-invalid', 'true');
  } finally {
    if (!signal.aborted) results.setAttribute('aria-busy', 'false');
  }
}

/** The plot over the swept field and the table at the field's own value. */
function found(plans, field, own, asked) {
  const devices = [...new Set(plans.map(({ device }) => device))];
  const of = (device) => plans.filter((plan) => plan.device === device);
  const series = devices.map((device) => ({ name: device, points: of(device).map((plan) => [plan[field], plan.tokensPerSecond]) }));
  const title = `${asked.model}: tokens a second over ${names[field] ?? field}`;
  const width = Math.max(280, Math.min(720, by('view-plan').clientWidth || 720));
  const picture = lines({
    width, height: 300, title, series, dots: true, x: { label: names[field] ?? field, log: logarithmic.has(field) },
    y: { label: 'tokens/s', log: true },
  });
  const here = devices.map((device) => of(device).find((plan) => plan[field] === own)).filter(Boolean);
  const rows = here.map((plan) => [
    plan.device, plan.fits ? 'yes' : make('span', { class: 'misfit' }, 'no'), bytes(plan.totalBytes), seconds(plan.prefillSeconds),
    plan.prefillBound, seconds(plan.decodeSeconds), plan.decodeBound, number(plan.tokensPerSecond),
    plan.dollarsPerMillionTokens === null ? '–' : number(plan.dollarsPerMillionTokens),
    plan.tenthMore.map((more) => `${more.of} ${((more.decodeGain - 1) * 100).toFixed(1)} %`).join(', '),
  ]);
  const heads = ['Device', 'Fits', 'Memory', 'Prompt', 'Bound by', 'Token', 'Bound by', 'Tokens/s', '$ for a million', 'A tenth more of … is worth'];
  return [
    make('figure', { class: 'picture' }, make('figcaption', {}, title), picture, legend(devices)),
    make('div', { class: 'wide' }, table(`${asked.model} on each device`, heads, rows)),
    make('p', { class: 'small' }, 'At shares of 1 these are the devices\u2019 limits, which nothing beats. Published servers reach 0.4 to 0.7 of the '
      + 'arithmetic and 0.6 to 0.9 of the memory\u2019s rate.'),
  ];
}

export const plan = {
  show: prepare,
  moved: () => {
    if (!choices) return;
    if (location.hash) readAddress();
    ask();
  },
  hide: () => asking?.abort(),
  keyChanged() {
    if (!by('view-plan').hidden) prepare();
  },
};
