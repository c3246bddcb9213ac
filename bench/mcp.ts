import type { CompiledHttpServer, CompiledMcpRoute } from '../config/compiled-mcp.ts';
import { noFacts } from '../lambda/core/call.ts';
import { systemClock } from '../lambda/core/clock.ts';
import { ANONYMOUS } from '../lambda/core/principal.ts';
import { createToolDecision } from '../lambda/policy/tool-rules.ts';
import { createSend } from '../lambda/providers/send.ts';
import { createCatalogue } from '../lambda/targets/catalogue.ts';
import { createTargets } from '../lambda/targets/create-targets.ts';
import { exposeNamed } from '../lambda/targets/expose.ts';
import { createKeptLists } from '../lambda/targets/kept-lists.ts';
import type { TargetContext } from '../lambda/targets/target.ts';
import { memoryCatalogStore } from '../local/memory/catalog-store.ts';
import { listen } from '../test/support/loopback.ts';
import { median } from './load.ts';

const SERVERS = 20;
const TOOLS = 100;

/** An MCP server of 2026-07-28 that does as little as one can. */
const plainServer = () =>
  listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const result = method === 'tools/list' ? { tools: DEFINITIONS, ttlMs: 60_000 } : { content: [] };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } }));
  });

const DEFINITIONS = Array.from({ length: TOOLS }, (_, i) => ({
  name: `tool_${i}`,
  description: `Does the ${i}th thing to whatever it is given, and says what came of it.`,
  inputSchema: {
    type: 'object',
    properties: { id: { type: 'string', description: 'Which one' }, limit: { type: 'integer', minimum: 1 } },
    required: ['id'],
  },
}));

const serverAt = (name: string, url: string): CompiledHttpServer => ({
  type: 'http',
  name,
  url,
  era: 'modern',
  trusted: false,
  onFailure: 'skip',
  credential: { type: 'none' },
  timeouts: { connectMs: 1_000, firstByteMs: 5_000, totalMs: 10_000 },
  concurrency: 16,
  catalogTtlMs: 60_000,
  privateHost: true,
});

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
};

const timesOf = async (times: number, work: () => Promise<unknown>): Promise<number> => {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) taken.push(await timed(work));
  return median(taken);
};

/** The part of an MCP gateway that reaches servers: lists of 20 of them, and one call, without the app in front. */
export const measureMcp = async (): Promise<readonly (readonly [string, string, string])[]> => {
  const upstream = await plainServer();
  const names = Array.from({ length: SERVERS }, (_, i) => `server-${i}`);
  const servers = Object.fromEntries(names.map((name) => [name, serverAt(name, upstream.url)]));
  const catalogStore = memoryCatalogStore(systemClock);
  const send = createSend();
  const ports = {
    send,
    clock: systemClock,
    catalogStore,
    guardUrl: async () => {},
    auth: () => ({ perUser: false, headers: async () => ({}) }),
  };
  const targets = createTargets({ servers, routes: [] }, ports);
  const lists = createKeptLists(servers, ports);
  const route: CompiledMcpRoute = {
    path: '/mcp',
    auth: 'none',
    authorization: { allow: [], deny: [], require: [], default: 'allow' },
    rateLimits: [],
    limitsFailure: 'closed',
    servers: names,
    prefix: 'always',
    tools: {
      deny: ['*delete*', '*destroy*'],
      allow: [
        { scope: 'mcp:read', tools: ['list_*'] },
        { tools: ['tool_*'], when: "mcp.tool.target != 'server-0'" },
      ],
    },
    scopeHierarchy: {},
    stepUp: false,
    pinning: { mode: 'off', pins: {} },
    search: false,
    maxResultBytes: 1_000_000,
  };
  const decide = createToolDecision(route, servers);
  const catalogue = createCatalogue(route, targets, { lists, servers });
  const { signal } = new AbortController();
  const context: TargetContext = {
    call: {
      id: 'bench',
      principal: ANONYMOUS,
      token: undefined,
      request: { method: 'POST', path: '/mcp', headers: {}, ip: '127.0.0.1' },
      route: '/mcp',
      signal,
      facts: noFacts(),
    },
    signal,
    capabilities: {},
    trace: {},
  };
  const listAll = async () => {
    const { tools } = await catalogue.tools(context);
    const asking = { ...context.call, method: 'tools/list' };
    const visible = tools.filter((tool) => decide(asking, tool).result === 'allow');
    return JSON.stringify(visible.map((tool) => exposeNamed(tool, catalogue.urisOf(tool.target))));
  };
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'tool_1', arguments: {} },
  });
  const bare = async () => {
    const limits = { connectMs: 1_000, firstByteMs: 5_000, idleMs: 5_000 };
    const answer = await send({ method: 'POST', url: upstream.url, headers: {}, body }, limits, signal);
    for await (const _ of answer.body);
  };
  const through = async () => {
    const tool = await catalogue.find('server-1__tool_1', context);
    await targets.get(tool?.target ?? '')?.request('tools/call', { name: tool?.name, arguments: {} }, context);
  };

  const coldMs = await timed(listAll);
  const warmMs = await timesOf(200, listAll);
  await timesOf(200, bare);
  await timesOf(200, through);
  const [bareMs, throughMs] = [await timesOf(1_000, bare), await timesOf(1_000, through)];
  await upstream.close();
  const ms = (value: number): string => value.toFixed(2);
  return [
    [`tools/list, ${SERVERS} servers × ${TOOLS} tools, cold, ms`, ms(coldMs), 'slowest server plus 50'],
    ['the same warm, filtered and written as JSON, p50 ms', ms(warmMs), 'under 10'],
    ['added to tools/call by the target, p50 ms', ms(throughMs - bareMs), 'under 1, with the app'],
  ];
};
