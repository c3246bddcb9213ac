import { Agent, type Dispatcher, errors } from 'undici';
import { Refusal } from '../core/refusal.ts';

export interface OutgoingRequest {
  readonly method: 'POST' | 'GET';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface IncomingAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
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

/** undici's own client: connections kept alive and shared by every call of this process, HTTP/2 where the provider has it. */
export const createSend = (): Send => {
  const agents = new Map<number, Agent>();
  const agentFor = (connectMs: number): Agent => {
    const known = agents.get(connectMs);
    if (known !== undefined) return known;
    const agent = new Agent({ allowH2: true, connect: { timeout: connectMs }, connections: 256, pipelining: 1 });
    agents.set(connectMs, agent);
    return agent;
  };
  return async ({ method, url, headers, body }, limits, signal) => {
    try {
      const answer = await agentFor(limits.connectMs).request({
        ...splitUrl(url),
        method,
        headers,
        body: body ?? null,
        signal,
        headersTimeout: limits.firstByteMs,
        bodyTimeout: limits.idleMs,
      });
      return { status: answer.statusCode, headers: flat(answer.headers), body: guarded(answer.body, signal) };
    } catch (error) {
      throw networkRefusal(error, signal);
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

/** The body, with what goes wrong while it is read told in our own words. */
const guarded = (body: Dispatcher.ResponseData['body'], signal: AbortSignal): IncomingAnswer['body'] => ({
  async *[Symbol.asyncIterator]() {
    try {
      for await (const chunk of body) yield chunk as Uint8Array;
    } catch (error) {
      throw networkRefusal(error, signal, 'upstream_truncated');
    }
  },
  destroy: () => {
    body.on('error', () => {}); // Destroying an unfinished body is how an answer nobody wants is given up.
    body.destroy();
  },
});

const networkRefusal = (
  error: unknown,
  signal: AbortSignal,
  otherwise: 'upstream_unreachable' | 'upstream_truncated' = 'upstream_unreachable',
): Refusal => {
  if (signal.aborted && signal.reason instanceof Refusal) return signal.reason;
  if (error instanceof Refusal) return error;
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const late =
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError;
  return new Refusal(late ? 'upstream_timeout' : otherwise, { reason }, { cause: error });
};
