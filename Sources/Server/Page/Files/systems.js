// The systems: which there are, how far each is built, what was measured, and how to run it.

import { Problem, callJSON } from './api.js';
import { by, copyButton, icon, make } from './dom.js';
import { notice } from './notice.js';
import { benchmarkElement, resultElement } from './results.js';
import { safeAddress } from './markdown-inline.js';

const states = ['works', 'partial', 'planned'];
let data = null;
/** The rows that are unfolded, by number. */
const unfolded = new Set();

const label = (number) => String(number).padStart(3, '0');
const plain = (text) => text.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');

async function load() {
  const place = by('systems-notice');
  try {
    const found = await callJSON('/systems.json');
    data = {
      systems: Array.isArray(found.systems) ? found.systems : [], results: Array.isArray(found.results) ? found.results : [],
      tables: Array.isArray(found.tables) ? found.tables : [], problem: found.problem, hasFolder: found.hasFolder === true,
    };
    for (const system of data.systems) {
      system.text = plain([label(system.number), system.name, system.slug, system.summary, system.family, system.room,
        system.keywords].join(' '));
    }
    place.replaceChildren();
    if (typeof data.problem === 'string') {
      place.append(notice(new Problem('broken', 'There are no results.', { hint: data.problem }), load));
    }
    prepareFilter();
    showRows();
    unfoldAddressed();
    by('benchmarks').replaceChildren(...(data.tables.length === 0 ? []
      : [make('h2', {}, 'Benchmarks'), ...data.tables.map(benchmarkElement)]));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    place.replaceChildren(notice(error, load));
  }
}

// Searching

let isPrepared = false;

function prepareFilter() {
  if (isPrepared) return;
  isPrepared = true;
  for (const state of states) {
    const many = data.systems.filter((system) => system.state === state).length;
    by('states').append(make('label', { class: 'choice' },
      make('input', { type: 'checkbox', value: state, onchange: showRows }), `${state} `,
      make('span', { class: 'many' }, String(many))));
  }
  const rooms = [...new Set(data.systems.map(({ room }) => room))].sort();
  by('room').append(...rooms.map((room) => make('option', { value: room },
    `${room} (${data.systems.filter((system) => system.room === room).length})`)));
  by('room').addEventListener('change', showRows);
  by('search').addEventListener('input', showRows);
  by('systems-filter').addEventListener('submit', (event) => event.preventDefault());
}

function matching() {
  const terms = plain(by('search').value).split(/\s+/).filter(Boolean);
  const wanted = [...by('states').querySelectorAll('input:checked')].map((input) => input.value);
  const room = by('room').value;
  const found = data.systems.filter((system) => terms.every((term) => system.text.includes(term))
    && (wanted.length === 0 || wanted.includes(system.state)) && (room === '' || system.room === room));
  if (terms.length === 0) return found;
  // Those whose name says it come first.
  const worth = ({ name, slug, number }) => terms.filter((term) =>
    plain(name).includes(term) || slug.includes(term) || String(number) === term || label(number) === term).length;
  return found.map((system) => [worth(system), system]).sort((a, b) => b[0] - a[0] || a[1].number - b[1].number)
    .map(([, system]) => system);
}

// Showing

function showRows() {
  const found = matching();
  const all = data.systems.length;
  by('systems-count').textContent = found.length === all ? `${all} systems` : `${found.length} of ${all} systems`;
  by('systems-list').replaceChildren(...found.map(rowElement));
  if (found.length === 0) {
    by('systems-list').append(make('li', { class: 'none' }, make('p', {}, 'No system fits.'),
      make('button', { type: 'button', onclick: clearFilter }, 'Show all')));
  }
}

function clearFilter() {
  by('search').value = '';
  by('room').value = '';
  for (const input of by('states').querySelectorAll('input')) input.checked = false;
  showRows();
  by('search').focus();
}

function rowElement(system) {
  const id = `system-${label(system.number)}`;
  const isOpen = unfolded.has(system.number);
  const detail = make('div', { class: 'detail', id: `${id}-detail`, hidden: !isOpen });
  const button = make('button', {
    type: 'button', 'aria-expanded': String(isOpen), 'aria-controls': `${id}-detail`,
    onclick: () => {
      const opens = detail.hidden;
      unfold(system, opens);
      history.replaceState(null, '', opens ? `#${label(system.number)}` : location.pathname);
    },
  }, make('span', { class: 'number' }, label(system.number)), make('span', { class: 'name' }, system.name),
  make('span', { class: `state ${system.state}` }, system.state), icon('chevron'));
  const row = make('li', { class: 'system', id }, make('h2', {}, button), make('p', { class: 'summary' }, system.summary),
    make('p', { class: 'small room' }, `${system.room} · ${system.family}`), detail);
  if (isOpen) detail.append(...detailOf(system));
  return row;
}

function unfold(system, opens) {
  const detail = by(`system-${label(system.number)}-detail`);
  if (!detail) return;
  detail.hidden = !opens;
  detail.parentElement.querySelector('button').setAttribute('aria-expanded', String(opens));
  if (opens) {
    unfolded.add(system.number);
    detail.replaceChildren(...detailOf(system));
  } else unfolded.delete(system.number);
}

function detailOf(system) {
  const command = `venturi reproduce ${system.number}`;
  const paper = typeof system.paper === 'string' ? safeAddress(system.paper) : null;
  const results = data.results.filter((result) => result?.system?.number === system.number);
  const parts = [make('div', { class: 'run' }, make('code', {}, command), copyButton(() => command, 'Copy the command'))];
  if (system.state === 'planned') parts.push(make('p', { class: 'small' }, 'Not built yet: the command says so.'));
  else if (results.length === 0) {
    parts.push(make('p', { class: 'small' }, data.hasFolder
      ? 'Not measured yet: the command does it, and make results writes what it found.'
      : 'This server was given no results: make results writes them, venturi serve --results shows them.'));
  }
  if (paper) parts.push(make('p', {}, make('a', { href: paper, target: '_blank', rel: 'noopener noreferrer' }, 'The paper')));
  return [...parts, ...results.map(resultElement)];
}

/** Unfolds the system that the address names, as `/systems#067`. */
function unfoldAddressed() {
  const number = Number.parseInt(location.hash.slice(1), 10);
  const system = data?.systems.find((each) => each.number === number);
  if (!system) return;
  if (!by(`system-${label(number)}`)) clearFilter();
  unfold(system, true);
  by(`system-${label(number)}`)?.scrollIntoView({ block: 'start' });
}

addEventListener('hashchange', unfoldAddressed);

export const systems = {
  show() {
    if (!data) load();
    else unfoldAddressed();
  },
  moved: () => unfoldAddressed(),
  keyChanged: load,
};
