// One answer of the server, from its request to its end.

import { Problem, call, described } from './api.js';
import { events } from './sse.js';

/** What is known of an answer that has not begun; its text comes to be in `message`. */
export const begin = (message) => ({
  message, abort: new AbortController(), start: performance.now(), first: 0, last: 0, pieces: 0, usage: null,
});

/** Asks for an answer and takes it as it comes; `grown` is called whenever there is more of it. */
export async function receive(work, request, grown) {
  const { message, abort } = work;
  const response = await call('/v1/chat/completions', {
    body: { ...request, stream: true, stream_options: { include_usage: true } }, signal: abort.signal,
    accept: 'text/event-stream',
  });
  for await (const data of events(response.body)) {
    if (data === '[DONE]') return;
    let chunk;
    try { chunk = JSON.parse(data); } catch { throw new Problem('broken', 'A part of the answer could not be read.'); }
    if (chunk?.error) throw described(chunk.error);
    if (typeof chunk?.model === 'string' && chunk.model !== '') message.model = chunk.model;
    if (chunk?.usage) work.usage = chunk.usage;
    const choice = chunk?.choices?.[0];
    const more = choice?.delta?.content;
    if (typeof more === 'string' && more !== '') {
      work.last = performance.now();
      work.first ||= work.last;
      work.pieces += 1;
      message.content += more;
      grown();
    }
    if (typeof choice?.finish_reason === 'string') message.ending = choice.finish_reason;
  }
  throw new Problem('broken', 'The connection ended before the answer did.', {
    hint: message.content === '' ? '' : 'What came is kept.',
  });
}

/** Tokens and times of an answer, as they were here: the network's share is in them. Null without a token. */
export function figuresOf({ start, first, last, pieces, usage }, context) {
  // An answer that was stopped has no count; a piece is a token most of the time.
  const completion = usage?.completion_tokens ?? pieces;
  if (completion === 0) return null;
  const time = (last - first) / 1000;
  return {
    completion, isCounted: usage !== null, prompt: usage?.prompt_tokens ?? 0,
    cached: usage?.prompt_tokens_details?.cached_tokens ?? 0, first: first > 0 ? (first - start) / 1000 : 0,
    rate: completion > 1 && time > 0 ? (completion - 1) / time : 0, context,
  };
}
