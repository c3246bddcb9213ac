import type { Call } from '../../core/call.ts';
import { type JsonText, jsonOf } from '../../core/json-text.ts';
import type { Raw } from '../../core/mcp.ts';
import { Refusal } from '../../core/refusal.ts';
import { eventStream } from '../../http/event-stream.ts';
import type { Answer, ObservedPorts } from '../../http/observed.ts';
import type { Exchange } from '../../telemetry/exchange.ts';
import type { Id } from './read-message.ts';

/** What a client has not read of it by then is old news. */
const MAX_WAITING = 100;

interface Running {
  readonly call: Call;
  readonly exchange: Exchange;
  readonly abort: AbortController;
  readonly ports: ObservedPorts;
}

/**
 * The answer as JSON if it comes before any progress; otherwise an event stream of the progress, with the client's own token
 * (G26), and then the answer. Whatever has to be a status of HTTP is decided before a server is asked, so before any progress.
 */
export const answerInTime = async (
  work: (progress: (params: Raw) => void) => Promise<Answer & { readonly body: Raw | JsonText }>,
  progressToken: Id,
  { call, exchange, abort, ports }: Running,
): Promise<Answer> => {
  const waiting: Raw[] = [];
  let over = false;
  let wake = (): void => {};
  const progressed = (): Promise<void> => new Promise((resolve) => (wake = resolve));

  const first = progressed();
  const answered = work((params) => {
    if (over) return;
    if (waiting.length >= MAX_WAITING) waiting.shift();
    waiting.push({ jsonrpc: '2.0', method: 'notifications/progress', params: { ...params, progressToken } });
    wake();
  }).finally(() => {
    over = true;
    wake();
  });
  answered.catch(() => {});
  await Promise.race([first, answered]);
  if (over) return answered;

  async function* events(): AsyncIterable<string> {
    for (;;) {
      const next = progressed();
      for (const message of waiting.splice(0)) yield event(message);
      if (over) break;
      if (waiting.length === 0) await next;
    }
    const { body, refusal } = await answered;
    yield event(body);
    if (refusal !== undefined) ended = refusal;
  }

  let ended: Refusal | undefined;
  const body = eventStream(events(), {
    writeError: (refusal) =>
      event({ jsonrpc: '2.0', id: null, error: { code: -32603, message: refusal.say, data: { code: refusal.code } } }),
    ended: (refusal) => {
      if (refusal?.code === 'internal') ports.logBug(call.id, refusal.cause);
      exchange.finish(200, refusal ?? ended);
    },
    left: () => abort.abort(new Refusal('caller_left')),
  });
  return { body, headers: STREAM };
};

const STREAM = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

const event = (message: Raw | JsonText): string => `event: message\ndata: ${jsonOf(message)}\n\n`;
