// What went wrong, with what can be done about it.

import { by, icon, make } from './dom.js';

/** Fields of requests that have an input among the settings. */
const settings = new Set(['temperature', 'top_p', 'top_k', 'min_p', 'max_tokens', 'seed']);

/** A notice of a `Problem`; `retry` does again what failed. */
export function notice(problem, retry = null) {
  const wait = make('span', { class: 'wait' });
  const buttons = make('div', { class: 'buttons' });
  if (problem.kind === 'key') {
    buttons.append(make('button', { type: 'button', onclick: () => by('open-key').click() }, 'Enter the key'));
  }
  if (settings.has(problem.field)) {
    buttons.append(make('button', {
      type: 'button',
      onclick: () => {
        by('settings').showModal();
        by(`setting-${problem.field}`).focus();
      },
    }, 'Open the settings'));
  }
  if (retry) buttons.append(make('button', { type: 'button', onclick: retry }, 'Try again'));
  const element = make('div', { class: 'notice', role: 'alert' },
    icon('alert'),
    make('div', {}, make('p', {}, make('strong', {}, problem.message), ' ', sentence(problem.hint ?? ''), wait), buttons));
  if (problem.wait > 0) countDown(problem.wait, wait, element);
  return element;
}

/** The server's words end without a full stop. */
const sentence = (text) => (/[\p{L}\p{N})”"']$/u.test(text) ? `${text}.` : text);

/** Counts the seconds down that the server asked to wait; only the first and the last word are of use to a listener. */
function countDown(seconds, place, element) {
  const end = Date.now() + seconds * 1000;
  place.setAttribute('aria-live', 'off');
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    place.textContent = left > 0 ? ` It asks to wait ${left} s.` : ' It may be asked again now.';
    if (left > 0 && (element.isConnected || left > seconds - 2)) setTimeout(tick, 1000);
  };
  tick();
}
