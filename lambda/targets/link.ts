import type { CompiledHttpServer } from '../../config/compiled-mcp.ts';
import type { Clock } from '../core/clock.ts';
import type { Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import type { OutboundAuth } from '../outbound-auth/outbound-auth.ts';
import { type IncomingAnswer, type OutgoingRequest, type Send, STALE_CONNECTION } from '../providers/send.ts';
import type { Slots } from './slots.ts';
import type { TargetContext } from './target.ts';

/** Refuses a URL that leads where no upstream may be. Errors: `Refusal`. */
export type GuardUrl = (url: string, options: { readonly privateHost: boolean }) => Promise<void>;

/** One server over HTTP as it is reached for one purpose: every request of ours to it goes out here. */
export interface Link {
  readonly server: CompiledHttpServer;
  /** Who is meant by the credential that goes with it: one caller, or all. */
  readonly perUser: boolean;
  /** A number that no other request of this process to the server has (G36). */
  nextId(): number;
  /** Sends one message. Must not be repeated by whoever calls: it may have been acted upon. */
  post(
    message: Raw,
    headers: Readonly<Record<string, string>>,
    context: TargetContext,
    about: PostFacts,
  ): Promise<IncomingAnswer>;
  /** Asks for the rest of a stream. */
  get(headers: Readonly<Record<string, string>>, context: TargetContext): Promise<IncomingAnswer>;
  /** Ends the session of these headers. */
  end(headers: Readonly<Record<string, string>>, context: TargetContext): Promise<IncomingAnswer>;
  readonly slots: Slots;
}

export interface PostFacts {
  /** Asking twice does nothing that asking once would not do. */
  readonly repeatable: boolean;
}

export interface LinkPorts {
  readonly send: Send;
  readonly guardUrl: GuardUrl;
  readonly clock: Clock;
}

/** A connection that was kept longer than this may be closed under a request; one that acts is then sent over a new one. */
const KEPT_TOO_LONG_MS = 3_000;

export const createLink = (server: CompiledHttpServer, auth: OutboundAuth, slots: Slots, ports: LinkPorts): Link => {
  const { send, guardUrl, clock } = ports;
  let lastId = 0;
  let lastAnsweredMs = Number.NEGATIVE_INFINITY;

  /** G23: a 401 may mean that the credential was renewed: it is read once more, and then the server is believed. */
  const authorized = async (
    request: OutgoingRequest,
    context: TargetContext,
    fresh = false,
  ): Promise<IncomingAnswer> => {
    const { call, signal } = context;
    await guardUrl(server.url, server);
    // What identifies us is ours alone to set: it comes last.
    const headers = { ...request.headers, ...(await auth.headers(call, { signal, fresh })) };
    signal.throwIfAborted();
    const answer = await send({ ...request, headers }, limits, signal);
    lastAnsweredMs = clock();
    if (answer.status !== 401 || fresh || server.credential.type === 'none') return answer;
    answer.body.destroy();
    return authorized(request, context, true);
  };

  const limits = { ...server.timeouts, idleMs: server.timeouts.totalMs };

  return {
    server,
    perUser: auth.perUser,
    slots,
    nextId: () => ++lastId,
    async post(message, headers, context, { repeatable }) {
      const request = {
        method: 'POST',
        url: server.url,
        headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json', ...headers },
        body: JSON.stringify(message),
      } as const;
      const isOld = clock() - lastAnsweredMs > KEPT_TOO_LONG_MS;
      try {
        return await authorized(!repeatable && isOld ? { ...request, fresh: true } : request, context);
      } catch (thrown) {
        // G25: bytes went out, so only what can do no harm twice is asked again.
        const isStale = thrown instanceof Refusal && thrown.detail.reason === STALE_CONNECTION;
        if (!isStale || !repeatable) throw thrown;
        return authorized({ ...request, fresh: true }, context);
      }
    },
    get: (headers, context) =>
      authorized({ method: 'GET', url: server.url, headers: { accept: 'text/event-stream', ...headers } }, context),
    end: (headers, context) => authorized({ method: 'DELETE', url: server.url, headers, fresh: true }, context),
  };
};
