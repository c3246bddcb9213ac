import { createParser } from 'eventsource-parser';
import type { Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import { isRaw } from './raw.ts';
import { readJson } from './read-json.ts';

/** Where an event stream stands: what a server needs to send the rest of it again. */
export interface StreamPlace {
  lastEventId?: string;
  retryMs?: number;
}

/**
 * Bytes → the JSON-RPC messages in a server-sent event stream. Events without data, as servers send first so that a stream can
 * be resumed, only move the place.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html; MCP, "Streamable HTTP".
 */
export async function* eventMessages(
  bytes: AsyncIterable<Uint8Array>,
  maxChars: number,
  place: StreamPlace,
): AsyncIterable<Raw> {
  const ready: string[] = [];
  const parser = createParser({
    maxBufferSize: maxChars,
    onEvent: ({ id, data }) => {
      if (id !== undefined) place.lastEventId = id;
      if (data !== '') ready.push(data);
    },
    onRetry: (ms) => {
      place.retryMs = ms;
    },
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') throw new Refusal('upstream_failed', { reason: 'answer too large' });
    },
  });
  const text = new TextDecoder();
  for await (const chunk of bytes) {
    parser.feed(text.decode(chunk, { stream: true }));
    for (const data of ready.splice(0)) yield* messagesIn(data);
  }
}

/** One message, or the batch that 2025-03-26 allowed. */
export function* messagesIn(text: string): Iterable<Raw> {
  const json = parse(text);
  const messages = Array.isArray(json) ? json : [json];
  for (const message of messages) if (isRaw(message)) yield message;
}

const parse = (text: string): unknown => {
  try {
    return readJson(text);
  } catch (cause) {
    throw new Refusal('upstream_failed', { reason: (cause as Error).message }, { cause });
  }
};
