import { Refusal } from '../core/refusal.ts';

/** No honest event is larger: AgentCore's own limit for a piece of a stream is 10 MB. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;

/** Where an event ends: an empty line, whichever way lines end. A return at the very end may be half of one. */
const END = /(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!$)|\n)/g;
const ENDED = /(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r|\n)$/;
/** The longest end, less one: how much of it may have come before. */
const END_BEFORE = 3;

/**
 * Server-sent events as they came, but whole: nothing is written between two halves of one, and one that was cut is not
 * passed on.
 *
 * Errors: `Refusal('upstream_truncated')` for a stream that ends within a line; those of the body.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, "Parsing an event stream".
 */
export async function* wholeEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const chunk of bytes) {
    const from = Math.max(0, rest.length - END_BEFORE);
    rest += decoder.decode(chunk, { stream: true });
    const end = lastEnd(rest, from);
    if (end > 0) {
      yield rest.slice(0, end);
      rest = rest.slice(end);
    }
    if (rest.length > MAX_EVENT_CHARS) throw new Refusal('upstream_failed', { reason: 'event too large' });
  }
  rest += decoder.decode();
  if (rest === '') return;
  if (!/[\r\n]$/.test(rest)) throw new Refusal('upstream_truncated', { reason: 'ended within a line' });
  yield ENDED.test(rest) ? rest : `${rest}\n`;
}

const lastEnd = (text: string, from: number): number => {
  let end = 0;
  for (const { index, 0: found } of text.slice(from).matchAll(END)) end = from + index + found.length;
  return end;
};
