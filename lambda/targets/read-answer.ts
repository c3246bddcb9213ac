import type { Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import type { IncomingAnswer } from '../providers/send.ts';
import { eventMessages, messagesIn, type StreamPlace } from './event-messages.ts';
import { isRaw } from './raw.ts';
import { statusRefusal } from './upstream-status.ts';

export type Id = number;

/** What a server made of one request. `bytes` is what reading it cost. */
export type Outcome =
  | { readonly type: 'result'; readonly result: Raw; readonly bytes: number }
  | {
      readonly type: 'error';
      readonly status: number;
      readonly code: number;
      readonly says: string;
      readonly data?: unknown;
    }
  /** An answer that is none: a status of HTTP alone, as of a server that speaks something else. */
  | { readonly type: 'status'; readonly status: number; readonly reason?: string }
  /** The stream ended before the answer; the rest can be asked for. */
  | { readonly type: 'cut'; readonly place: StreamPlace };

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * The answer to request `id`, out of JSON or an event stream. What else the server sends meanwhile goes to `aside`.
 *
 * Errors: `Refusal` for a redirect, a status that says who is at fault, and anything that is not MCP.
 */
export const readAnswer = async (
  answer: IncomingAnswer,
  id: Id,
  aside: (message: Raw) => void,
  place: StreamPlace = {},
): Promise<Outcome> => {
  try {
    return await read(answer, id, aside, place);
  } catch (thrown) {
    answer.body.destroy();
    throw thrown;
  }
};

const read = async (
  answer: IncomingAnswer,
  id: Id,
  aside: (message: Raw) => void,
  place: StreamPlace,
): Promise<Outcome> => {
  const { status, headers } = answer;
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (status < 200 || (status >= 300 && status < 400) || status >= 500 || SAYS_ENOUGH.has(status))
    throw statusRefusal(status, headers);
  if (status >= 400) return readError(answer, type);
  if (type === 'text/event-stream') return readEvents(answer, id, aside, place);
  if (type !== 'application/json') return notMcp(answer);
  const size = { bytes: 0 };
  const text = utf8(await collect(answer, MAX_ANSWER_BYTES, size));
  for (const message of messagesIn(text)) {
    const outcome = toOutcome(message, id, size.bytes);
    if (outcome !== undefined) return outcome;
    aside(message);
  }
  throw new Refusal('upstream_failed', { reason: 'no answer to the request' });
};

const SAYS_ENOUGH: ReadonlySet<number> = new Set([401, 403, 408, 413, 429]);

const readEvents = async (
  answer: IncomingAnswer,
  id: Id,
  aside: (message: Raw) => void,
  place: StreamPlace,
): Promise<Outcome> => {
  const size = { bytes: 0 };
  try {
    for await (const message of eventMessages(counted(answer, MAX_ANSWER_BYTES, size), MAX_ANSWER_BYTES, place)) {
      const outcome = toOutcome(message, id, size.bytes);
      if (outcome !== undefined) return outcome;
      aside(message);
    }
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.code !== 'upstream_truncated') throw thrown;
  }
  return { type: 'cut', place };
};

/** A server that refuses the request as HTTP may still say why in JSON-RPC. */
const readError = async (answer: IncomingAnswer, type: string): Promise<Outcome> => {
  const { status } = answer;
  if (type !== 'application/json') return notMcp(answer);
  try {
    const text = utf8(await collect(answer, MAX_ERROR_BYTES, { bytes: 0 }));
    for (const message of messagesIn(text)) if (isRaw(message.error)) return toError(message.error, status);
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.code !== 'upstream_failed') throw thrown;
  }
  return { type: 'status', status };
};

const notMcp = (answer: IncomingAnswer): Outcome => {
  answer.body.destroy();
  return { type: 'status', status: answer.status, reason: 'content type' };
};

/** The answer to our request, if this message is one. An answer to another is a message of no use. */
const toOutcome = (message: Raw, id: Id, bytes: number): Outcome | undefined => {
  if (message.method !== undefined || message.id !== id) return undefined;
  if (isRaw(message.error)) return toError(message.error, 200);
  if (isRaw(message.result)) return { type: 'result', result: message.result, bytes };
  throw new Refusal('upstream_failed', { reason: 'neither result nor error' });
};

const toError = ({ code, message, data }: Raw, status: number): Outcome => ({
  type: 'error',
  status,
  code: Number.isSafeInteger(code) ? Number(code) : -32603,
  says: typeof message === 'string' ? message : '',
  ...(data === undefined ? {} : { data }),
});

const utf8 = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Refusal('upstream_failed', { reason: 'the answer is not UTF-8' }, { cause });
  }
};

async function* counted(answer: IncomingAnswer, most: number, size: { bytes: number }): AsyncIterable<Uint8Array> {
  for await (const chunk of answer.body) {
    size.bytes += chunk.length;
    if (size.bytes > most) throw new Refusal('upstream_failed', { reason: 'answer too large' });
    yield chunk;
  }
}

const collect = async (answer: IncomingAnswer, most: number, size: { bytes: number }): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of counted(answer, most, size)) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** For an answer that says nothing: what little it holds is read, so that the connection can be used again. */
export const discard = (answer: IncomingAnswer): void => {
  const readOn = async (): Promise<void> => {
    for await (const _ of answer.body) break;
  };
  readOn().catch(() => {});
};
