// Calls of the server that this page came from, and what goes wrong with them in words.

/** What went wrong, in words for a reader. */
export class Problem extends Error {
  /** `kind` is one of gone, key, origin, busy, starting, refused, broken; `wait` is in seconds. */
  constructor(kind, message, { hint = '', status = 0, field = null, wait = null } = {}) {
    super(message);
    Object.assign(this, { kind, hint, status, field, wait });
  }
}

const keyName = 'venturi.key';

/** The key that requests carry; kept for this tab, or in this browser if the user wants that. */
export const accessKey = {
  get value() {
    try { return sessionStorage.getItem(keyName) ?? localStorage.getItem(keyName) ?? ''; } catch { return this.kept ?? ''; }
  },
  get isRemembered() {
    try { return localStorage.getItem(keyName) !== null; } catch { return false; }
  },
  set(value, remember) {
    this.kept = value;
    try {
      sessionStorage.removeItem(keyName);
      localStorage.removeItem(keyName);
      if (value) (remember ? localStorage : sessionStorage).setItem(keyName, value);
    } catch { /* kept in memory */ }
  },
};

/** Asks the server. Throws a `Problem`, or the signal's AbortError. */
export async function call(path, { body = null, signal = null, accept = 'application/json' } = {}) {
  const headers = { Accept: accept };
  const key = accessKey.value;
  if (key) {
    // What a header cannot carry is no key.
    if (!/^[\x21-\x7e]+$/.test(key)) throw new Problem('key', 'The key has characters that no key has.');
    headers.Authorization = `Bearer ${key}`;
  }
  if (body !== null) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, {
      method: body === null ? 'GET' : 'POST', headers, signal, body: body === null ? undefined : JSON.stringify(body),
      cache: 'no-cache', credentials: 'same-origin', redirect: 'error',
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem('gone', 'The server does not answer.', {
      hint: `It may have been stopped, or the network is down. It was at ${location.origin}.`,
    });
  }
  if (!response.ok) throw await problem(response);
  return response;
}

/** The JSON of an answer. */
export async function callJSON(path, options) {
  const response = await call(path, options);
  try { return await response.json(); } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem('broken', `The answer of ${path} could not be read.`);
  }
}

/** What an answer that is no success means. */
async function problem(response) {
  let error = null;
  try { error = (await response.json())?.error ?? null; } catch { /* not this server's form */ }
  const after = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  return described(error, response.status, Number.isFinite(after) ? Math.max(0, after) : null);
}

/** What an error object means; one may come in the middle of a stream too, without a status. */
export function described(error, status = 0, wait = null) {
  const said = typeof error?.message === 'string' ? error.message : '';
  const field = typeof error?.param === 'string' ? error.param : null;
  const code = typeof error?.code === 'string' ? error.code : '';
  const details = { status, field, wait };
  switch (status) {
    case 401:
      return new Problem('key', code === 'missing_api_key'
        ? 'This server asks for a key.' : 'The server does not know this key.', details);
    case 403:
      return new Problem('origin', 'The server does not take calls from this page.', { ...details, hint:
        `Start it with --allowed-origin ${location.origin}, or with keys (--api-key-file).` });
    case 413:
      return new Problem('refused', 'The conversation is larger than the server takes.', { ...details, hint: said });
    case 429:
      return new Problem('busy', 'The server is busy.', { ...details, hint: said });
    case 503:
      return new Problem('starting', code === 'shutting_down'
        ? 'The server is shutting down.' : code === 'loading'
          ? 'The model is still being loaded.' : 'The server cannot answer now.', { ...details, hint: said });
    default:
  }
  if (code === 'context_length_exceeded') {
    return new Problem('refused', 'The conversation does not fit into the model’s context.', { ...details, hint: said });
  }
  if (status >= 400 && status < 500) {
    return new Problem('refused', field
      ? `The server refused the field “${field}”.` : 'The server refused the request.', { ...details, hint: said });
  }
  return new Problem('broken', status ? `The server failed (${status}).` : 'The answer broke off.', {
    ...details, hint: said,
  });
}
