import { Refusal } from '../core/refusal.ts';
import { eventStream } from '../http/event-stream.ts';
import type { Answer } from '../http/observed.ts';
import type { Exchange } from '../telemetry/exchange.ts';
import type { RuntimeReply } from './invoke-runtime.ts';
import type { AgentPorts } from './ports.ts';
import { readText } from './read-text.ts';
import { readTrace } from './trace-headers.ts';
import { wholeEvents } from './whole-events.ts';

/** What a caller hears of an answer besides what was asked for. */
export interface Passing {
  readonly exchange: Exchange;
  readonly abort: AbortController;
  readonly ports: AgentPorts;
  writeError(refusal: Refusal): string;
  /** Sees the events that pass, whole. */
  seen?(events: string): void;
}

/** Lambda gives no more than 20 MB, and most callers want far less. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export const isEventStream = ({ headers }: RuntimeReply): boolean =>
  /^text\/event-stream\s*(?:;|$)/i.test(headers['content-type'] ?? '');

/** The events of an agent, as they come. One that was cut off never ends like one that was not. */
export const passStream = (reply: RuntimeReply, passing: Passing): Answer => {
  const { exchange, abort, ports, seen } = passing;
  const body = eventStream(watched(wholeEvents(reply.body), seen), {
    writeError: passing.writeError,
    ended: (refusal) => {
      if (refusal?.code === 'internal') ports.logBug(exchange.id, refusal.cause);
      exchange.finish(200, refusal);
    },
    left: () => abort.abort(new Refusal('caller_left')),
  });
  const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform' };
  return { body, headers: { ...headers, ...readTrace((name) => reply.headers[name]) } };
};

async function* watched(events: AsyncIterable<string>, seen: Passing['seen']): AsyncGenerator<string> {
  for await (const event of events) {
    seen?.(event);
    yield event;
  }
}

/** A whole answer as text, read to its end before the first byte is passed on: what was broken off is refused. */
export const passWhole = async (reply: RuntimeReply, exchange: Exchange): Promise<Answer> =>
  answerText(await readText(reply.body, MAX_ANSWER_BYTES), reply, exchange);

export const answerText = (text: string, { headers }: Pick<RuntimeReply, 'headers'>, exchange: Exchange): Answer => {
  exchange.finish(200);
  return {
    body: new Response(text).body,
    headers: { 'content-type': contentType(headers['content-type']), ...readTrace((name) => headers[name]) },
  };
};

/** An agent must not be able to make a page of this gateway. */
const contentType = (type = ''): string => {
  const found = /^(application\/(?:[\w.+-]+\+)?json|text\/plain)\s*(?:;|$)/i.exec(type)?.[1]?.toLowerCase();
  if (found === 'text/plain') return 'text/plain; charset=utf-8';
  return found ?? (type === '' ? 'application/json' : 'application/octet-stream');
};
