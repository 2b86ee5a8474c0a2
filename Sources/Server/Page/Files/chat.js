// The chat: conversations, their answers as they come, and what can be done with them.

import { Problem } from './api.js';
import { begin, figuresOf, receive } from './answers.js';
import { editElement, messageElement } from './messages.js';
import { announce, ask, by, download, make } from './dom.js';
import { prepareDrawer, showList } from './conversations.js';
import { show as showMarkdown } from './markdown.js';
import { notice } from './notice.js';
import { chosenModel, loadModels, prepareSettings, requestFields, systemPrompt } from './settings.js';
import * as store from './store.js';

const suggestions = [
  'Why does water flow faster where a pipe is narrow?',
  'Write a Swift function that turns a string around.',
  'Explain in three sentences what a transformer is.',
];

/** Milliseconds between two looks at an answer that grows, and between two times that it is kept. */
const [drawEvery, keepEvery] = [70, 1000];

let conversations = [];
let current = null;
/** Answers that are being written, by conversation. */
const running = new Map();
let editing = null;
let isStuck = true;
const thread = by('thread');
const text = by('text');

// Showing

const isRunning = (conversation) => running.has(conversation.id);

function showAll() {
  editing = null;
  const messages = store.path(current);
  const answer = running.get(current.id);
  by('welcome').hidden = messages.length > 0;
  by('messages').replaceChildren(...messages.map(elementOf));
  by('conversation-title').textContent = store.titleOf(current);
  by('export-one').hidden = messages.length === 0;
  showButtons();
  showConversations();
  if (answer) answer.body = bodyOf(answer.message);
  stick();
}

const elementOf = (message) => messageElement(
  message, store.following(current, parentOf(message)), running.get(current.id)?.message === message, actions);
const bodyOf = (message) => by('messages').querySelector(`[data-id="${CSS.escape(message.id)}"] .body`);
const parentOf = (message) => current.messages.find(({ id }) => id === message.parent) ?? null;

function showConversations() {
  showList(conversations, current, isRunning, { open, remove });
  const none = conversations.length === 0;
  for (const name of ['export-all', 'delete-all']) by(name).hidden = none;
}

function showButtons() {
  const busy = isRunning(current);
  const hadFocus = document.activeElement === by('stop') || document.activeElement === by('send');
  by('send').hidden = busy;
  by('stop').hidden = !busy;
  document.body.classList.toggle('is-flowing', busy);
  if (hadFocus) text.focus();
}

function stick() {
  if (isStuck) thread.scrollTop = thread.scrollHeight;
  else watchScroll();
}

function watchScroll() {
  isStuck = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 48;
  by('newest').hidden = isStuck;
}

function fitText() {
  if (CSS.supports('field-sizing', 'content')) return;
  text.style.height = 'auto';
  text.style.height = `${text.scrollHeight}px`;
}

// Conversations

function keep(conversation) {
  if (!conversations.includes(conversation)) conversations.unshift(conversation);
  const isKept = store.keep(conversation);
  by('chat-notice').querySelector('.storage')?.remove();
  if (isKept) return;
  const full = notice(new Problem('broken', 'The browser keeps no more.', {
    hint: 'Export the conversations and delete some; until then the last words are lost when this page is closed.',
  }));
  full.classList.add('storage');
  by('chat-notice').append(full);
}

function open(conversation) {
  keepDraft();
  current = conversation;
  text.value = current.draft;
  fitText();
  isStuck = true;
  by('newest').hidden = true;
  showAll();
  drawer.close();
  text.focus();
}

function startNew() {
  open(conversations.find(({ messages }) => messages.length === 0) ?? store.emptyConversation());
}

async function remove(conversation) {
  const detail = `“${store.titleOf(conversation)}” will be gone from this browser.`;
  if (!await ask('Delete this conversation?', detail, 'Delete')) return;
  drop(conversation);
  if (conversation === current) {
    current = conversations[0] ?? store.emptyConversation();
    text.value = current.draft;
  }
  showAll();
  announce('Deleted.');
  by('new-conversation').focus();
}

function drop(conversation) {
  running.get(conversation.id)?.abort.abort();
  running.delete(conversation.id);
  conversations = conversations.filter((other) => other !== conversation);
  store.forget(conversation.id);
}

async function removeAll() {
  const many = conversations.length === 1 ? 'The conversation' : `All ${conversations.length} conversations`;
  const detail = `${many} will be gone from this browser. Export them first if they matter.`;
  if (!await ask('Delete all conversations?', detail, 'Delete all')) return;
  for (const conversation of conversations) drop(conversation);
  current = store.emptyConversation();
  text.value = '';
  showAll();
  announce('All deleted.');
  text.focus();
}

function keepDraft() {
  if (!current || current.draft === text.value) return;
  current.draft = text.value;
  if (current.messages.length > 0 || current.draft.trim() !== '') keep(current);
  else if (conversations.includes(current)) drop(current);
}

function exportAll() {
  const data = { from: 'Venturi', date: new Date().toISOString(), conversations };
  download(`venturi-conversations-${data.date.slice(0, 10)}.json`, 'application/json', JSON.stringify(data, null, 2));
}

function changedElsewhere() {
  const mine = conversations.filter((conversation) => isRunning(conversation) || (conversation === current && editing));
  conversations = store.allConversations().map((found) => mine.find(({ id }) => id === found.id) ?? found);
  const same = conversations.find(({ id }) => id === current.id);
  if (same && same !== current) {
    current = same;
    // What is being typed here is newer than any draft.
    showAll();
  } else showConversations();
}

// Answers

const actions = {
  edit(message) {
    const element = by('messages').querySelector(`[data-id="${CSS.escape(message.id)}"]`);
    const edit = editElement(message, {
      send: (content) => {
        editing = null;
        stop();
        answer(store.say(current, parentOf(message), 'user', content));
        text.focus();
      },
      cancel: () => {
        editing = null;
        edit.element.replaceWith(element);
        element.querySelector('.foot button:last-of-type')?.focus();
      },
    });
    editing = edit;
    element.replaceWith(edit.element);
    edit.field.focus();
    edit.field.setSelectionRange(edit.field.value.length, edit.field.value.length);
  },
  again(message) {
    const question = parentOf(message);
    if (!question || isRunning(current)) return;
    // An answer without a word is nothing to look back at.
    if (message.content === '') current.messages = current.messages.filter((other) => other !== message);
    answer(question);
    text.focus();
  },
  turn(message) {
    if (isRunning(current)) return;
    store.choose(current, message);
    keep(current);
    showAll();
    by('messages').querySelector(`[data-id="${CSS.escape(message.id)}"] .turn button:not(:disabled)`)?.focus();
  },
};

function send() {
  const content = text.value;
  if (content.trim() === '') return;
  if (isRunning(current)) {
    announce('The answer before is still being written. Escape stops it.');
    return;
  }
  const question = store.say(current, store.path(current).at(-1) ?? null, 'user', content);
  text.value = '';
  current.draft = '';
  fitText();
  answer(question);
}

/** Has a message of the user answered. */
async function answer(question) {
  const conversation = current;
  const before = store.path(conversation).slice(0, store.path(conversation).indexOf(question) + 1);
  const message = store.say(conversation, question, 'assistant', '', { model: chosenModel()?.id ?? '' });
  const work = { ...begin(message), body: null, said: 0, isDrawn: true, kept: 0 };
  running.set(conversation.id, work);
  conversation.changed = Date.now();
  isStuck = true;
  keep(conversation);
  conversations.sort((a, b) => b.changed - a.changed);
  showAll();
  announce('The answer is being written.');
  try {
    const messages = before.filter(({ content }) => content !== '').map(({ role, content }) => ({ role, content }));
    if (systemPrompt()) messages.unshift({ role: 'system', content: systemPrompt() });
    await receive(work, { ...requestFields(), messages }, () => draw(conversation, work));
  } catch (error) {
    if (error.name === 'AbortError') message.ending = 'stopped';
    else {
      const problem = error instanceof Problem ? error : new Problem('broken', 'This page failed.', { hint: String(error) });
      const { kind, hint, status, field, wait } = problem;
      const until = wait === null ? 0 : Date.now() + wait * 1000;
      message.problem = { kind, message: problem.message, hint, status, field, until };
      if (message.content !== '') message.ending = 'broken';
    }
  }
  end(conversation, work);
}

/** Shows an answer that has grown, and reads out the parts of it that are whole; not more often than eyes follow. */
function draw(conversation, work) {
  if (!work.isDrawn) return;
  work.isDrawn = false;
  setTimeout(() => {
    work.isDrawn = true;
    if (running.get(conversation.id) !== work) return;
    if (conversation === current && work.body?.isConnected) {
      showMarkdown(work.message.content, work.body);
      readOut(work, work.body.children.length - 1);
      stick();
    }
    if (performance.now() - work.kept > keepEvery) {
      work.kept = performance.now();
      keep(conversation);
    }
  }, drawEvery);
}

function readOut(work, end) {
  for (const block of [...work.body.children].slice(work.said, end)) {
    const code = block.querySelector(':scope > pre > code')?.textContent;
    announce(code === undefined ? block.textContent : `A block of code, ${code.split('\n').length} lines.`);
  }
  work.said = Math.max(work.said, end);
}

function end(conversation, work) {
  const { message } = work;
  message.figures = figuresOf(work, chosenModel()?.meta?.n_ctx ?? 0);
  // A conversation that was deleted meanwhile stays deleted.
  if (running.get(conversation.id) !== work) return;
  running.delete(conversation.id);
  keep(conversation);
  if (conversation !== current) {
    showConversations();
    return;
  }
  if (work.body?.isConnected) {
    showMarkdown(message.content, work.body);
    readOut(work, work.body.children.length);
  }
  // Only this message is drawn anew: another one may be being edited.
  const { parentElement } = work.body ?? {};
  parentElement?.replaceWith(elementOf(message));
  showButtons();
  showConversations();
  stick();
  if (!message.problem) announce(message.ending === 'stopped' ? 'Stopped.' : 'The answer is whole.');
}

function stop() {
  running.get(current.id)?.abort.abort();
}

// Beginning

let drawer;
let isPrepared = false;

function prepare() {
  isPrepared = true;
  drawer = prepareDrawer();
  prepareSettings(() => {});
  conversations = store.allConversations();
  // What was cut off when the page was left is told so.
  for (const conversation of conversations) {
    for (const message of conversation.messages) {
      if (message.role === 'assistant' && !message.ending && !message.problem) message.ending = 'broken';
    }
  }
  current = conversations[0] ?? store.emptyConversation();
  text.value = current.draft;
  by('suggestions').append(...suggestions.map((words) => make('li', {}, make('button', {
    type: 'button',
    onclick: () => {
      text.value = words;
      send();
      text.focus();
    },
  }, words))));
  by('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  let later;
  text.addEventListener('input', () => {
    fitText();
    clearTimeout(later);
    later = setTimeout(keepDraft, 400);
  });
  by('stop').addEventListener('click', stop);
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    if (document.body.dataset.view !== 'chat') return;
    if (!drawer.close()) stop();
  });
  thread.addEventListener('scroll', watchScroll, { passive: true });
  by('newest').addEventListener('click', () => {
    isStuck = true;
    stick();
    by('newest').hidden = true;
    text.focus();
  });
  by('new-conversation').addEventListener('click', startNew);
  by('export-all').addEventListener('click', exportAll);
  by('delete-all').addEventListener('click', removeAll);
  by('export-one').addEventListener('click', () => download('conversation.md', 'text/markdown', store.markdownOf(current)));
  addEventListener('pagehide', () => {
    keepDraft();
    for (const conversation of conversations) if (isRunning(conversation)) keep(conversation);
  });
  store.whenChangedElsewhere(changedElsewhere);
  new ResizeObserver(stick).observe(thread);
}

async function load() {
  const place = by('chat-notice');
  place.querySelector('.models')?.remove();
  try { await loadModels(); } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const said = notice(error, load);
    said.classList.add('models');
    place.append(said);
  }
}

export const chat = {
  show() {
    if (!isPrepared) prepare();
    showAll();
    fitText();
    load();
    if (matchMedia('(hover: hover)').matches) text.focus({ preventScroll: true });
  },
  keyChanged: load,
};
