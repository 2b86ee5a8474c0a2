// Conversations, kept in this browser. Each has a key of its own, so that two tabs do not write over each other's.
//
// A conversation is a tree of messages: an edited message or another answer stands beside the first one, so that nothing
// that was said is lost.

const prefix = 'venturi.conversation.';
const settingsName = 'venturi.settings';
const roles = ['user', 'assistant'];

/** A name that is not given twice. Pages over plain HTTP have no randomUUID. */
export function freshName() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A conversation in which nothing was said. */
export const emptyConversation = () => ({
  id: freshName(), title: '', created: Date.now(), changed: Date.now(), draft: '', messages: [], chosen: {},
});

/** The conversation that a text holds; null where it holds none. */
function read(text) {
  let found;
  try { found = JSON.parse(text); } catch { return null; }
  if (typeof found !== 'object' || found === null || typeof found.id !== 'string' || !Array.isArray(found.messages)) return null;
  const known = new Set();
  const messages = [];
  for (const message of found.messages) {
    if (typeof message?.id !== 'string' || typeof message.content !== 'string' || !roles.includes(message.role)) continue;
    // A message comes after the one that it answers, so there are no circles.
    const parent = known.has(message.parent) ? message.parent : null;
    if (message.parent && !parent) continue;
    known.add(message.id);
    messages.push({ ...message, parent });
  }
  const chosen = typeof found.chosen === 'object' && found.chosen !== null ? found.chosen : {};
  const words = (value) => (typeof value === 'string' ? value : '');
  const time = (value) => (Number.isFinite(value) ? value : 0);
  return {
    id: found.id, title: words(found.title), draft: words(found.draft), created: time(found.created),
    changed: time(found.changed), messages, chosen,
  };
}

/** All conversations, the last changed first. */
export function allConversations() {
  const found = [];
  try {
    for (let index = 0; index < localStorage.length; index += 1) {
      const name = localStorage.key(index);
      const conversation = name.startsWith(prefix) ? read(localStorage.getItem(name)) : null;
      if (conversation && name === prefix + conversation.id) found.push(conversation);
    }
  } catch { /* storage is off */ }
  return found.sort((a, b) => b.changed - a.changed);
}

/** Keeps a conversation, with what another tab has added to it; tells whether the browser had room. */
export function keep(conversation) {
  try {
    const known = new Set(conversation.messages.map(({ id }) => id));
    const others = read(localStorage.getItem(prefix + conversation.id))?.messages ?? [];
    conversation.messages.push(...others.filter(({ id, content }) => !known.has(id) && content !== ''));
    localStorage.setItem(prefix + conversation.id, JSON.stringify(conversation));
    return true;
  } catch { return false; }
}

/** Forgets a conversation. */
export function forget(id) {
  try { localStorage.removeItem(prefix + id); } catch { /* it was never kept */ }
}

/** Calls `body` when another tab has changed conversations. */
export function whenChangedElsewhere(body) {
  addEventListener('storage', (event) => {
    if (event.key === null || event.key.startsWith(prefix)) body();
  });
}

/** The messages that follow one, or begin the conversation. */
export const following = (conversation, parent) =>
  conversation.messages.filter((message) => message.parent === (parent?.id ?? null));

/** The messages from the first to the last, of each set of siblings the chosen one. */
export function path(conversation) {
  const found = [];
  const next = new Map();
  for (const message of conversation.messages) {
    const name = message.parent ?? '';
    if (!next.has(name)) next.set(name, []);
    next.get(name).push(message);
  }
  for (let name = ''; next.has(name); name = found.at(-1).id) {
    const siblings = next.get(name);
    found.push(siblings.find((message) => message.id === conversation.chosen[name]) ?? siblings.at(-1));
  }
  return found;
}

/** Adds a message after another and shows it. */
export function say(conversation, parent, role, content, rest = {}) {
  const message = { id: freshName(), parent: parent?.id ?? null, role, content, ...rest };
  conversation.messages.push(message);
  choose(conversation, message);
  return message;
}

/** Shows a message in place of its siblings. */
export function choose(conversation, message) {
  conversation.chosen[message.parent ?? ''] = message.id;
}

/** What a conversation is called: how it begins. */
export function titleOf(conversation) {
  const first = path(conversation)[0]?.content.trim().split('\n')[0] ?? '';
  if (first === '') return 'New conversation';
  return first.length > 80 ? `${first.slice(0, 79)}…` : first;
}

/** A conversation as Markdown. */
export function markdownOf(conversation) {
  const parts = path(conversation).map(({ role, content, model }) =>
    `**${role === 'user' ? 'You' : model ?? 'Assistant'}**\n\n${content}`);
  return `# ${titleOf(conversation)}\n\n${parts.join('\n\n---\n\n')}\n`;
}

/** Settings that were kept. */
export function keptSettings() {
  try {
    const found = JSON.parse(localStorage.getItem(settingsName));
    return typeof found === 'object' && found !== null ? found : {};
  } catch { return {}; }
}

/** Keeps settings. */
export function keepSettings(settings) {
  try { localStorage.setItem(settingsName, JSON.stringify(settings)); } catch { /* they hold until the tab is closed */ }
}
