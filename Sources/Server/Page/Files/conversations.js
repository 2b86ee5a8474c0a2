// The list of conversations beside the chat.

import { by, icon, make } from './dom.js';
import { titleOf } from './store.js';

const dates = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const times = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

function when(time) {
  const date = new Date(time);
  return date.toDateString() === new Date().toDateString() ? times.format(date) : dates.format(date);
}

/** Shows the list. `open` and `remove` are called with a conversation. */
export function showList(conversations, current, isRunning, { open, remove }) {
  const focused = document.activeElement?.closest?.('#conversation-list') ? document.activeElement.dataset.id : null;
  by('conversation-list').replaceChildren(...conversations.map((conversation) => make('li', {},
    make('button', {
      type: 'button', class: 'open', 'data-id': conversation.id, onclick: () => open(conversation),
      'aria-current': conversation === current ? 'true' : null,
    },
    make('span', { class: 'name' }, titleOf(conversation)),
    make('span', { class: 'small' }, isRunning(conversation) ? 'being answered' : when(conversation.changed))),
    make('button', { type: 'button', class: 'round', onclick: () => remove(conversation) },
      icon('bin'), make('span', { class: 'unseen' }, `Delete “${titleOf(conversation)}”`)))));
  if (focused) by('conversation-list').querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

/** Opens and closes the list where it covers the chat. */
export function prepareDrawer() {
  const set = (isOpen) => {
    by('conversations').classList.toggle('is-open', isOpen);
    by('veil').hidden = !isOpen;
    by('toggle-list').setAttribute('aria-expanded', String(isOpen));
    // What is covered is not reached by the keyboard either.
    for (const part of document.querySelectorAll('.top, .talk')) part.inert = isOpen;
  };
  const close = () => {
    if (by('veil').hidden) return false;
    set(false);
    by('toggle-list').focus();
    return true;
  };
  by('toggle-list').addEventListener('click', () => {
    set(true);
    by('new-conversation').focus();
  });
  by('veil').addEventListener('click', close);
  return { close };
}
