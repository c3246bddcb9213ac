import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { ask, envelope, mirrors, type Posted, post } from '../test/support/mcp-post.ts';
import { load, median, type Target } from './load.ts';
import { canPin, pin, start } from './processes.ts';

type Row = readonly [what: string, measured: string, target: string];

const SERVERS = 20;
/** What each server takes for its list: the slowest server of all. */
export const LIST_MS = 200;
/** Pay for what the processes have not run before, or not often; a median of the others is shown. */
const FIRST_ROUNDS = 15;
const COLD_ROUNDS = 15;
const WARM_UP_SECONDS = 10;
/** Beyond a few tools their texts are scanned between calls: warm is after that. */
const SCAN_MS = 2_000;

const ROUTE = {
  auth: 'strict',
  tools: {
    deny: ['*delete*', '*destroy*'],
    allow: [
      { scope: 'mcp:read', tools: ['list_*'] },
      { tools: ['tool_*'], when: "mcp.tool.target != 'server-0'" },
    ],
  },
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
};

const timesOf = async (times: number, work: () => Promise<unknown>): Promise<number> => {
  const taken: number[] = [];
  for (let count = 0; count < times; count++) taken.push(await timed(work));
  return median(taken);
};

const as = (caller: string) => ({ headers: { authorization: caller } });

const list = (url: string, caller = 'caller', params = {}): Promise<Posted> =>
  ask(url, 'tools/list', params, as(caller));

/** All pages, as a client walks them. */
const listAll = async (url: string): Promise<number> => {
  let tools = 0;
  let cursor: unknown;
  do {
    const { json } = await list(url, 'caller', cursor === undefined ? {} : { cursor });
    tools += json.result.tools.length;
    cursor = json.result.nextCursor;
  } while (cursor !== undefined);
  return tools;
};

/** The least that anybody would need who asks all servers: connections of its own, and JSON. */
const bareLists = async (origin: string): Promise<void> => {
  const agent = new Agent();
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  const one = async (): Promise<unknown> =>
    (await agent.request({ origin, path: '/mcp', method: 'POST', body })).body.json();
  await Promise.all(Array.from({ length: SERVERS }, one));
  await agent.close();
};

const toolCall = (url: string, name: string): Target => {
  const { origin, pathname } = new URL(url);
  const params = { name, arguments: { id: '1' }, _meta: envelope() };
  const headers = { accept: 'application/json, text/event-stream', ...mirrors('tools/call', name) };
  const posted = { body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers };
  return { url: origin, path: pathname, token: 'caller', posted };
};

/** What is added to a call of one caller, p50 in milliseconds, by the gateway and by a proxy that only parses and writes. */
const measureToolCalls = async (
  urls: { readonly direct: string; readonly bare: string; readonly gateway: string },
  seconds: number,
  rounds: number,
): Promise<{ readonly bare: number; readonly gateway: number }> => {
  const targets = [
    toolCall(`${urls.direct}/mcp`, 'tool_1'),
    toolCall(`${urls.bare}/mcp`, 'tool_1'),
    toolCall(urls.gateway, 'server-1__tool_1'),
  ];
  const taken = targets.map((): number[] => []);
  // Some ten thousand calls, after which the code is compiled.
  for (const target of targets) await load(target, 16, WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round++)
    for (const [index, target] of targets.entries()) taken[index]?.push((await load(target, 1, seconds)).p50Ms);
  const [direct = 0, bare = 0, gateway = 0] = taken.map(median);
  return { bare: bare - direct, gateway: gateway - direct };
};

/** The whole app over HTTP, with rules, on a core of its own before 20 servers in a process of their own. */
export const measureMcp = async (seconds: number, rounds: number): Promise<readonly Row[]> => {
  if (canPin) pin(process.pid, 0);
  const upstream = await start('mcpServers', 0);
  const gateways = await start('mcpGateways', 1);
  const bare = await start('bare', 1, { BENCH_UPSTREAM: upstream.url });
  const servers = Array.from({ length: SERVERS }, (_, index) => ({
    name: `server-${index}`,
    url: `${upstream.url}/mcp`,
    era: 'modern',
  }));
  const begin = async (): Promise<string> => (await post(gateways.url, { servers, routes: [ROUTE] })).text;

  const cold: (readonly [gateway: number, bare: number])[] = [];
  let url = '';
  for (let round = 0; round < FIRST_ROUNDS + COLD_ROUNDS; round++) {
    url = await begin();
    cold.push([await timed(() => list(url)), await timed(() => bareLists(upstream.url))]);
    await sleep(SCAN_MS);
  }
  const [coldMs = 0, bareMs = 0] = [0, 1].map((which) =>
    median(cold.slice(FIRST_ROUNDS).map((both) => both[which] ?? 0)),
  );

  const firstMs = cold[0]?.[0] ?? 0;

  const listed = await listAll(url);
  const warmMs = await timesOf(500, () => list(url));
  let callers = 0;
  const newcomerMs = await timesOf(500, () => list(url, `newcomer-${callers++}`));
  const allPagesMs = await timesOf(50, () => listAll(url));

  const added = await measureToolCalls({ direct: upstream.url, bare: bare.url, gateway: url }, seconds, rounds);
  for (const server of [upstream, gateways, bare]) server.stop();

  const ms = (value: number): string => value.toFixed(2);
  return [
    ['tools/list of 20 servers × 100 tools, cold, above the slowest, ms', ms(coldMs - LIST_MS), 'at most 50'],
    ['the same 20 lists asked for and parsed by a bare client, above the slowest, ms', ms(bareMs - LIST_MS), ''],
    ['the first such list of a process, none of whose code has run, above the slowest, ms', ms(firstMs - LIST_MS), ''],
    ['tools/list of 1,000 tools warm, to its last byte, p50 ms', ms(warmMs), 'under 10'],
    ['the same for a caller who asks for the first time, p50 ms', ms(newcomerMs), 'under 10'],
    [`every page of it, ${listed} tools shown and parsed, p50 ms`, ms(allPagesMs), ''],
    ['added to tools/call, p50 ms', ms(added.gateway), 'under 1'],
    ['the same by a bare proxy that only parses and writes, p50 ms', ms(added.bare), ''],
  ];
};
