import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher, errors } from 'undici';
import { Refusal } from '../core/refusal.ts';
import { watchConnection } from './watch-connection.ts';

export interface OutgoingRequest {
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The body where it is not text. */
  readonly bytes?: Uint8Array;
  /** Over a connection that nobody has used before. */
  readonly fresh?: true;
}

/**
 * `detail.reason` of `upstream_unreachable` when a connection that had been kept alive was closed under a request before a
 * byte of its answer came. Most likely the server had just given it up and never saw the request: RFC 9112 §9.3.1 leaves it
 * to the caller to say whether asking once more is right.
 */
export const STALE_CONNECTION = 'stale connection';

export interface IncomingAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Ending the iteration early leaves the rest a moment to arrive, so that the connection can be used again; `destroy` is for
   * an answer that nobody wants.
   */
  readonly body: AsyncIterable<Uint8Array> & { destroy(): unknown };
}

export interface SendLimits {
  readonly connectMs: number;
  /** Until the status line. */
  readonly firstByteMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
}

/**
 * The network, once. Must not follow redirects: a credential goes to the host in the policy and nowhere else.
 *
 * Errors: `Refusal` with `upstream_unreachable`, `upstream_timeout` or `upstream_truncated`, the signal's own reason once it
 * is aborted.
 */
export type Send = (request: OutgoingRequest, limits: SendLimits, signal: AbortSignal) => Promise<IncomingAnswer>;

/**
 * undici's own client: connections kept alive and shared by every call of this process, HTTP/2 where the provider has it.
 * `lookup` resolves names in place of the system, and may refuse them: see `outbound-auth/guard-url.ts`.
 */
export const createSend = (resolving: { readonly lookup?: LookupFunction } = {}): Send => {
  const kept = new Map<number, Agent>();
  const single = new Map<number, Agent>();
  const agentFor = (connectMs: number, fresh: boolean): Agent => {
    const agents = fresh ? single : kept;
    const known = agents.get(connectMs);
    if (known !== undefined) return known;
    const connect = { timeout: connectMs, ...resolving };
    const agent = fresh
      ? new Agent({ connect, pipelining: 0 }) // 0: one request a connection
      : new Agent({ allowH2: true, connect, connections: 256, pipelining: 1 });
    agents.set(connectMs, agent);
    return agent;
  };
  return async ({ method, url, headers, body, bytes, fresh }, limits, signal) => {
    const agent = agentFor(limits.connectMs, fresh === true);
    const options = {
      ...splitUrl(url),
      method,
      headers,
      body: body ?? bytes ?? null,
      signal,
      headersTimeout: limits.firstByteMs,
      bodyTimeout: limits.idleMs,
    };
    const { asked, connection } = watchConnection(() => agent.request(options));
    try {
      const answer = await asked;
      return { status: answer.statusCode, headers: flat(answer.headers), body: guarded(answer.body, signal) };
    } catch (error) {
      throw networkRefusal(error, signal, connection.wasClosedUnused());
    }
  };
};

const splitUrl = (url: string): { origin: string; path: string } => {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: `${pathname}${search}` };
};

const flat = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );

/** How long the end of an answer may take once all that matters of it was read. */
const LINGER_MS = 250;

/** The body, with what goes wrong while it is read told in our own words. */
const guarded = (body: Dispatcher.ResponseData['body'], signal: AbortSignal): IncomingAnswer['body'] => ({
  async *[Symbol.asyncIterator]() {
    try {
      for await (const chunk of body.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
    } catch (error) {
      throw bodyRefusal(error, signal);
    } finally {
      if (!body.destroyed && !body.readableEnded) linger(body);
    }
  },
  destroy: () => giveUp(body),
});

const giveUp = (body: Dispatcher.ResponseData['body']): void => {
  body.on('error', () => {}); // Destroying an unfinished body is how an answer nobody wants is given up.
  body.destroy();
};

const linger = (body: Dispatcher.ResponseData['body']): void => {
  const timer = setTimeout(() => giveUp(body), LINGER_MS);
  timer.unref();
  body.on('error', () => {});
  body.once('close', () => clearTimeout(timer));
  body.resume();
};

const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';

const isLate = (error: unknown): boolean =>
  error instanceof errors.HeadersTimeoutError ||
  error instanceof errors.BodyTimeoutError ||
  error instanceof errors.ConnectTimeoutError;

const networkRefusal = (error: unknown, signal: AbortSignal, stale: boolean): Refusal => {
  if (signal.aborted && signal.reason instanceof Refusal) return signal.reason;
  if (isLate(error)) return new Refusal('upstream_timeout', { reason: reasonOf(error) }, { cause: error });
  const reason = stale ? STALE_CONNECTION : reasonOf(error);
  return new Refusal('upstream_unreachable', { reason }, { cause: error });
};

const bodyRefusal = (error: unknown, signal: AbortSignal): Refusal => {
  if (signal.aborted && signal.reason instanceof Refusal) return signal.reason;
  const code = isLate(error) ? 'upstream_timeout' : 'upstream_truncated';
  return new Refusal(code, { reason: reasonOf(error) }, { cause: error });
};
