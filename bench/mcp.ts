import { setTimeout as sleep } from 'node:timers/promises';
import { startMcpGateway } from '../test/support/mcp-gateway.ts';
import { ask } from '../test/support/mcp-post.ts';
import { median } from './load.ts';
import { start } from './processes.ts';

const SERVERS = 20;
/** What each server takes for its list: the slowest server of all. */
export const LIST_MS = 200;

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

/** All pages, as a client walks them. */
const listAll = async (url: string): Promise<number> => {
  let tools = 0;
  let cursor: unknown;
  do {
    const { json } = await ask(url, 'tools/list', cursor === undefined ? {} : { cursor });
    tools += json.result.tools.length;
    cursor = json.result.nextCursor;
  } while (cursor !== undefined);
  return tools;
};

/** The whole app over HTTP, with rules, before 20 servers in a process of their own. */
export const measureMcp = async (): Promise<readonly (readonly [string, string, string])[]> => {
  const upstream = await start('mcpServers', 0);
  const servers = Array.from({ length: SERVERS }, (_, index) => ({
    name: `server-${index}`,
    url: `${upstream.url}/mcp`,
    era: 'modern' as const,
  }));
  const tools = {
    deny: ['*delete*', '*destroy*'],
    allow: [
      { scope: 'mcp:read', tools: ['list_*'] },
      { tools: ['tool_*'], when: "mcp.tool.target != 'server-0'" },
    ],
  };
  // The first pays for what this process has not run before: a Lambda that is warm has.
  const warmUp = await startMcpGateway(servers, [{ tools }]);
  await listAll(warmUp.url);
  await warmUp.close();
  const gateway = await startMcpGateway(servers, [{ tools }]);
  const list = () => ask(gateway.url, 'tools/list');
  const coldMs = await timed(list);
  const bareMs = await timed(() =>
    Promise.all(servers.map(async ({ url }) => (await ask(url, 'tools/list')).json.result.tools)),
  );
  const listed = await listAll(gateway.url);
  // Beyond a few tools their texts are scanned between calls: warm is after that.
  await sleep(3_000);
  const warmMs = await timesOf(100, list);
  const allPagesMs = await timesOf(50, () => listAll(gateway.url));
  const call = { name: 'tool_1', arguments: { id: '1' } };
  const direct = () => ask(`${upstream.url}/mcp`, 'tools/call', call);
  const through = () => ask(gateway.url, 'tools/call', { ...call, name: 'server-1__tool_1' });
  await timesOf(300, direct);
  await timesOf(300, through);
  const [directMs, throughMs] = [await timesOf(1_000, direct), await timesOf(1_000, through)];
  await gateway.close();
  upstream.stop();
  const ms = (value: number): string => value.toFixed(2);
  return [
    ['tools/list of 20 servers × 100 tools, cold, above the slowest, ms', ms(coldMs - LIST_MS), 'at most 50'],
    ['the same 20 lists asked for and parsed by a bare client, above the slowest, ms', ms(bareMs - LIST_MS), ''],
    ['tools/list of 1,000 tools warm, to its last byte, p50 ms', ms(warmMs), 'under 10'],
    [`every page of it, ${listed} tools shown and parsed, p50 ms`, ms(allPagesMs), ''],
    ['added to tools/call, p50 ms', ms(throughMs - directMs), 'under 1'],
  ];
};
