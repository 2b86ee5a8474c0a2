// How a message looks, and what can be done with it.

import { Problem } from './api.js';
import { copyButton, count, icon, make, number, seconds } from './dom.js';
import { show } from './markdown.js';
import { notice } from './notice.js';

const endings = {
  length: 'ended at the most tokens that were allowed', stopped: 'stopped by you', broken: 'broke off',
};

/** The element of a message. `actions` has edit, again and turn, called with the message. */
export function messageElement(message, siblings, isRunning, actions) {
  const isUser = message.role === 'user';
  const body = make('div', { class: 'body' });
  const foot = make('div', { class: 'foot' });
  const element = make('li', { class: `message ${message.role}`, 'data-id': message.id },
    make('h3', { class: 'who' }, isUser ? 'You' : message.model || 'Assistant'), body, foot);
  if (isUser) body.append(make('p', { class: 'said' }, message.content));
  else show(message.content, body);
  if (!isUser && isRunning) {
    element.classList.add('is-running');
    return element;
  }
  if (!isUser && message.content === '' && !message.problem) body.append(make('p', { class: 'small' }, 'Nothing was answered.'));
  if (message.problem) {
    const { kind, message: words, until, ...details } = message.problem;
    const wait = Math.ceil((until - Date.now()) / 1000);
    body.append(notice(new Problem(kind, words, { ...details, wait }), () => actions.again(message)));
  }
  foot.append(...footOf(message, siblings, isUser, actions));
  return element;
}

function footOf(message, siblings, isUser, actions) {
  const parts = [];
  if (siblings.length > 1) {
    const place = siblings.indexOf(message);
    const step = (by, name, label) => make('button', {
      type: 'button', class: 'round small-round', disabled: !siblings[place + by],
      onclick: () => actions.turn(siblings[place + by]),
    }, icon(name), make('span', { class: 'unseen' }, label));
    parts.push(make('span', { class: 'turn' }, step(-1, 'left', 'The one before'),
      make('span', {}, `${place + 1} of ${siblings.length}`), step(1, 'right', 'The next one')));
  }
  if (message.content !== '') parts.push(copyButton(() => message.content, 'Copy this message'));
  if (isUser) {
    parts.push(make('button', { type: 'button', class: 'quiet', onclick: () => actions.edit(message) },
      icon('edit'), make('span', {}, 'Edit')));
  } else {
    if (!message.problem) {
      parts.push(make('button', { type: 'button', class: 'quiet', onclick: () => actions.again(message) },
        icon('again'), make('span', {}, 'Answer again')));
    }
    const words = figuresInWords(message);
    if (words) parts.push(make('p', { class: 'small counts' }, words));
  }
  return parts;
}

/** `112 tokens at 48.2 a second, first after 310 ms; prompt 61, 40 of them known; stopped by you`. */
export function figuresInWords({ figures, ending }) {
  const parts = [];
  if (figures) {
    const { completion, isCounted, rate, first, prompt, cached, context } = figures;
    const pace = rate > 0 ? ` at ${number(rate)} a second` : '';
    if (completion > 0) parts.push(`${isCounted ? '' : 'about '}${count(completion)} token${completion === 1 ? '' : 's'}${pace}`);
    if (first > 0) parts.push(`first after ${seconds(first)}`);
    if (prompt > 0) parts.push(`prompt ${count(prompt)}${cached > 0 ? `, ${count(cached)} of them from the cache` : ''}`);
    if (context > 0 && prompt > 0) parts.push(`${Math.ceil(((prompt + completion) / context) * 100)} % of the context`);
  }
  if (endings[ending]) parts.push(endings[ending]);
  return parts.join(' · ');
}

/** A message being edited in its place. */
export function editElement(message, { send, cancel }) {
  const field = make('textarea', { 'aria-label': 'Edit the message', rows: '3' });
  field.value = message.content;
  const submit = () => {
    if (field.value.trim() !== '') send(field.value);
    else field.focus();
  };
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      cancel();
    }
  });
  const element = make('li', { class: 'message user editing' }, make('h3', { class: 'who' }, 'You'), field,
    make('div', { class: 'foot' },
      make('button', { type: 'button', class: 'strong', onclick: submit }, icon('send'), 'Send'),
      make('button', { type: 'button', class: 'quiet', onclick: cancel }, 'Cancel'),
      make('p', { class: 'small' }, 'What was said before stays beside it.')));
  return { element, field };
}
