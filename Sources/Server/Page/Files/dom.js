// Elements from their parts. Text is only ever text: nothing here, or anywhere on this page, reads markup from a string.

const svgSpace = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** An HTML element. Attributes that are functions are listeners: `onclick`. */
export const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);

/** An SVG element. */
export const draw = (name, attributes = {}, ...children) =>
  fill(document.createElementNS(svgSpace, name), attributes, children);

/** A picture of the sheet at the page's end; what it means stands beside it in words. */
export const icon = (name) =>
  draw('svg', { class: 'icon', 'aria-hidden': 'true', focusable: 'false' }, draw('use', { href: `#icon-${name}` }));

/** The element with an id. */
export const by = (id) => document.getElementById(id);

/** A table with heads, for the figures of a plot too. */
export function table(caption, heads, rows, attributes = {}) {
  return make('table', attributes,
    make('caption', {}, make('span', {}, caption)),
    make('thead', {}, make('tr', {}, heads.map((head) => make('th', { scope: 'col' }, head)))),
    make('tbody', {}, rows.map((row) => make('tr', {}, row.map((cell, index) =>
      index === 0 ? make('th', { scope: 'row' }, cell) : make('td', {}, cell))))));
}

/** Puts a text on the clipboard; tells whether that worked. Pages over plain HTTP have only the old way. */
export async function copy(text) {
  try {
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch { /* refused: the old way may do */ }
  const before = document.activeElement;
  const area = make('textarea', { class: 'unseen', readonly: true, 'aria-hidden': 'true' });
  area.value = text;
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  let done = false;
  try { done = document.execCommand('copy'); } catch { /* said by the result */ }
  area.remove();
  before?.focus?.({ preventScroll: true });
  return done;
}

/** A button that copies what `text` gives, and says that it did. */
export function copyButton(text, label, attributes = {}) {
  const word = make('span', {}, 'Copy');
  let back;
  return make('button', {
    type: 'button', class: 'quiet', 'aria-label': label, ...attributes,
    onclick: async () => {
      const done = await copy(text());
      word.textContent = done ? 'Copied' : 'Not copied';
      announce(done ? 'Copied.' : 'The browser does not let this page copy.');
      clearTimeout(back);
      back = setTimeout(() => { word.textContent = 'Copy'; }, 1600);
    },
  }, icon('copy'), word);
}

/** Has a text read out, after what is being read. */
export function announce(text) {
  const region = by('announcements');
  if (region.childElementCount > 20) region.replaceChildren();
  region.append(make('p', {}, text));
}

let answered = null;

by('question').addEventListener('close', () => {
  // The event may come when the next question is being asked already.
  if (by('question').open) return;
  answered?.(by('question').returnValue === 'yes');
  answered = null;
});

/** Asks before something is lost; gives whether to go on. */
export function ask(question, detail, action) {
  const dialog = by('question');
  answered?.(false);
  by('question-title').textContent = question;
  by('question-detail').textContent = detail;
  by('question-yes').textContent = action;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => { answered = resolve; });
}

/** Hands a text over as a file. */
export function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = make('a', { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `12,345`. */
export const count = (value) => counts.format(value);

/** Three digits that count: `0.0123`, `1.23`, `123`, `12,345`. */
export function number(value) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return counts.format(value);
  if (size === 0) return '0';
  return String(Number(value.toPrecision(3)));
}

/** `3.2 MB`, as powers of ten. */
export function bytes(value) {
  if (!Number.isFinite(value)) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let power = 0;
  while (Math.abs(value) >= 1000 && power < units.length - 1) { value /= 1000; power += 1; }
  if (value === 0) return '0';
  return `${power === 0 ? Math.round(value) : Number(value.toPrecision(3))} ${units[power]}`;
}

/** `12 ms`, `1.3 s`, `2 min 5 s`. */
export function seconds(value) {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  if (value >= 60) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  if (value >= 1) return `${Number(value.toPrecision(3))} s`;
  return `${Number((value * 1000).toPrecision(3))} ms`;
}
