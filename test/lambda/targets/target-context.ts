import type { CompiledHttpServer } from '../../../config/compiled-mcp.ts';
import { noFacts } from '../../../lambda/core/call.ts';
import { type Clock, systemClock } from '../../../lambda/core/clock.ts';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { createSend, type OutgoingRequest, type Send } from '../../../lambda/providers/send.ts';
import { createHttpTarget, type HttpTargetPorts } from '../../../lambda/targets/http-target.ts';
import type { McpTarget, TargetContext } from '../../../lambda/targets/target.ts';
import { memoryCatalogStore } from '../../../local/memory/catalog-store.ts';

const send = createSend();

export const contextOf = (who = 'jane', changes: Partial<TargetContext> = {}): TargetContext => {
  const signal = changes.signal ?? new AbortController().signal;
  return {
    call: {
      id: `call-${who}`,
      principal: { ...ANONYMOUS, id: who, sub: who },
      token: undefined,
      request: { method: 'POST', path: '/mcp', headers: {}, ip: '127.0.0.1' },
      route: '/mcp',
      signal,
      facts: noFacts(),
    },
    signal,
    capabilities: {},
    trace: {},
    ...changes,
  };
};

export const serverAt = (url: string, changes: Partial<CompiledHttpServer> = {}): CompiledHttpServer => ({
  type: 'http',
  name: 'up',
  url,
  era: 'auto',
  trusted: false,
  onFailure: 'skip',
  credential: { type: 'none' },
  timeouts: { connectMs: 1_000, firstByteMs: 2_000, totalMs: 4_000 },
  concurrency: 8,
  catalogTtlMs: 60_000,
  privateHost: true,
  ...changes,
});

export const portsWith = (changes: Partial<HttpTargetPorts> = {}, clock: Clock = systemClock): HttpTargetPorts => ({
  send,
  clock,
  guardUrl: async () => {},
  auth: () => ({ perUser: false, headers: async () => ({}) }),
  catalogStore: memoryCatalogStore(clock),
  ...changes,
});

export interface Watched {
  readonly target: McpTarget;
  /** What went out, in order. */
  readonly sent: OutgoingRequest[];
}

/** A target whose requests are written down. */
export const targetAt = (
  url: string,
  server: Partial<CompiledHttpServer> = {},
  ports: Partial<HttpTargetPorts> = {},
): Watched => {
  const sent: OutgoingRequest[] = [];
  const through = ports.send ?? send;
  const watching: Send = (request, limits, signal) => {
    sent.push(request);
    return through(request, limits, signal);
  };
  return { target: createHttpTarget(serverAt(url, server), portsWith({ ...ports, send: watching })), sent };
};

interface Body {
  readonly method: string;
  readonly params: Record<string, unknown> & { readonly _meta: Record<string, unknown> };
}

export const bodyOf = (request: OutgoingRequest | undefined): Body => JSON.parse(request?.body ?? '{}');

export const methodsOf = (sent: readonly OutgoingRequest[]): unknown[] =>
  sent.map((request) => (request.method === 'GET' ? 'GET' : bodyOf(request).method));
