import { randomBytes } from 'node:crypto';
import type { CompiledIdentity } from '../../config/compiled.ts';
import type { CompiledHttpServer, CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { Refusal } from '../../lambda/core/refusal.ts';
import { createMcpApp } from '../../lambda/mcp/app.ts';
import type { McpPorts } from '../../lambda/mcp/ports.ts';
import { createSend } from '../../lambda/providers/send.ts';
import { createTargets } from '../../lambda/targets/create-targets.ts';
import type { CallRecord } from '../../lambda/telemetry/record.ts';
import { memoryCatalogStore } from '../../local/memory/catalog-store.ts';
import { memoryLimitCounter } from '../../local/memory/limit-counter.ts';
import { serveLoopback } from '../../local/serve-loopback.ts';

export interface McpGateway {
  /** Of the first route. */
  readonly url: string;
  readonly origin: string;
  readonly records: () => readonly CallRecord[];
  close(): Promise<void>;
}

export const compiledServer = (
  server: Partial<CompiledHttpServer> & { name: string; url: string },
): CompiledHttpServer => ({
  type: 'http',
  era: 'auto',
  trusted: false,
  onFailure: 'skip',
  credential: { type: 'none' },
  timeouts: { connectMs: 1_000, firstByteMs: 5_000, totalMs: 10_000 },
  concurrency: 32,
  catalogTtlMs: 60_000,
  privateHost: true,
  ...server,
});

export const compiledRoute = (route: Partial<CompiledMcpRoute> & { servers: readonly string[] }): CompiledMcpRoute => ({
  path: '/mcp',
  auth: 'none',
  authorization: { allow: [], deny: [], require: [], default: 'allow' },
  rateLimits: [],
  limitsFailure: 'closed',
  prefix: 'always',
  tools: { deny: [] },
  scopeHierarchy: {},
  stepUp: false,
  pinning: { mode: 'off', pins: {} },
  search: false,
  maxResultBytes: 1_000_000,
  outputSchema: 'warn',
  scanResults: false,
  ...route,
});

/** The MCP app over HTTP on loopback, before the given servers. */
export const startMcpGateway = async (
  servers: readonly (Partial<CompiledHttpServer> & { name: string; url: string })[],
  routes: readonly Partial<CompiledMcpRoute>[] = [{}],
  changes: Partial<McpPorts> & { readonly identity?: Partial<CompiledIdentity> } = {},
): Promise<McpGateway> => {
  const compiled = servers.map(compiledServer);
  const names = compiled.map(({ name }) => name);
  const mcp: CompiledMcp = {
    servers: Object.fromEntries(compiled.map((server) => [server.name, server])),
    routes: routes.map((route) => compiledRoute({ servers: names, ...route })),
  };
  const identity = { providers: [], apiKeys: [], ...changes.identity };
  const records: CallRecord[] = [];
  const catalogStore = memoryCatalogStore(systemClock);
  const key = randomBytes(32);
  let calls = 0;
  const ports: McpPorts = {
    identify: async () => {
      throw new Refusal('token_rejected');
    },
    counter: memoryLimitCounter(systemClock),
    targets: createTargets(mcp, {
      send: createSend(),
      guardUrl: async () => {},
      clock: systemClock,
      auth: () => ({ headers: async () => ({}), perUser: false }),
      catalogStore,
    }),
    catalogStore,
    stateKey: async () => key,
    randomBytes,
    records: { write: (record) => void records.push(record) },
    clock: systemClock,
    newId: () => `req_${++calls}`,
    logBug: (id, error) => process.stderr.write(`a bug in ${id}: ${(error as Error)?.stack}\n`),
    ownHosts: ['localhost', '127.0.0.1', '[::1]'],
    ...changes,
  };
  const app = createMcpApp({ name: 'test', version: '0123456789ab', identity, mcp }, ports);
  const served = await serveLoopback((request, env) => app.fetch(request, env), 0, systemClock);
  const origin = `http://127.0.0.1:${served.port}`;
  return {
    url: `${origin}${mcp.routes[0]?.path ?? ''}`,
    origin,
    records: () => records,
    close: () => served.close(),
  };
};
