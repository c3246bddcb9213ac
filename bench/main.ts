/** `npm run bench`: how the gateway compares with doing nothing, in one run. It fails nobody; it tells. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { compilePolicy } from '../config/compile.ts';
import { loadGatewayConfig } from '../config/load.ts';
import { bundleFacts } from './bundles.ts';
import { load, median, type Target } from './load.ts';
import { measureMcp } from './mcp.ts';
import { canPin, pin, type Running, start } from './processes.ts';
import { translationFacts } from './translation.ts';

const HELP = `npm run bench -- [--seconds N] [--rounds N] [--only calls,translation,mcp,bundles]

  --seconds N  how long each measurement lasts (default 3)
  --rounds N   how often the servers take turns (default 3); medians are shown
  --only A,B   calls: throughput, latency, streams, memory; translation: a conversation of 10 KB, 100 KB, 1 MB;
               mcp: lists and calls of tools; bundles: size and import time
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'calls,translation,mcp,bundles' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

type Row = readonly [what: string, measured: string, target: string];

const print = (rows: readonly Row[]): void => {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    );
};

const progress = (what: string): void => void process.stderr.write(`  ${what} …\n`);

const round = (value: number, digits = 2): string => value.toFixed(digits);

/** A key and a token that its holder signed: what an identity provider would give. */
const identity = async (issuer: string, keys: Awaited<ReturnType<typeof generateKeyPair>>): Promise<string> =>
  new SignJWT({ scope: 'llm:call', client_id: 'bench', team: 'bench' })
    .setProtectedHeader({ alg: 'RS256', kid: 'bench' })
    .setIssuer(issuer)
    .setAudience('bench')
    .setSubject('bench')
    .setExpirationTime('1h')
    .sign(keys.privateKey);

/** The policy of the measured gateway, compiled as for a deployment. */
const policyFor = (upstream: string): string => {
  const file = `${import.meta.dirname}/gateway.yaml`;
  const { config } = loadGatewayConfig(readFileSync(file, 'utf8'), { file, env: { BENCH_UPSTREAM: upstream } });
  return JSON.stringify(compilePolicy(config));
};

const measureCalls = async (seconds: number, rounds: number): Promise<readonly Row[]> => {
  // The server that is measured has core 0 to itself; this process and the upstream share the other.
  if (canPin) pin(process.pid, 1);
  const keys = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' };
  const upstream = await start('upstream', 1, { BENCH_KEYS: JSON.stringify({ keys: [jwk] }) });
  const env = { BENCH_UPSTREAM: upstream.url, BENCH_POLICY: policyFor(upstream.url) };
  const token = await identity(upstream.url, keys);
  const servers: Record<string, Running> = {};
  for (const name of ['bare', 'bareHono', 'gateway']) servers[name] = await start(name, 0, env);
  const target = (name: string, path = '/v1/chat/completions'): Target & { readonly name: string } => ({
    name,
    url: servers[name]?.url ?? '',
    path,
    token,
  });
  const targets: Record<string, Target & { readonly name: string }> = {
    bare: target('bare'),
    hono: target('bareHono'),
    gateway: target('gateway', '/openai/v1/chat/completions'),
    translated: target('gateway', '/anthropic/v1/chat/completions'),
  };
  const cpuUs = async (server: string): Promise<number> => (await servers[server]?.usage())?.cpuUs ?? 0;
  const throughput: Record<string, number[]> = {};
  const costs: Record<string, number[]> = {};
  const alone: Record<string, { p50: number[]; p99: number[] }> = {};
  const streams: Record<string, number[]> = {};
  for (const one of Object.values(targets)) await load(one, 16, 1);
  for (let turn = 0; turn < rounds; turn++) {
    progress(`round ${turn + 1} of ${rounds}`);
    for (const [name, one] of Object.entries(targets)) {
      const before = await cpuUs(one.name);
      const { callsPerSecond, calls } = await load(one, 64, seconds);
      throughput[name] = [...(throughput[name] ?? []), callsPerSecond];
      costs[name] = [...(costs[name] ?? []), ((await cpuUs(one.name)) - before) / calls];
    }
    for (const [name, one] of Object.entries(targets)) {
      const { p50Ms, p99Ms } = await load(one, 1, seconds);
      alone[name] = { p50: [...(alone[name]?.p50 ?? []), p50Ms], p99: [...(alone[name]?.p99 ?? []), p99Ms] };
      if (name !== 'translated') {
        streams[name] = [...(streams[name] ?? []), (await load(one, 8, seconds, true)).callsPerSecond];
      }
    }
  }
  const { rssMb } = (await servers.gateway?.usage()) ?? {};
  for (const server of [upstream, ...Object.values(servers)]) server.stop();
  const calls = (name: string): number => median(throughput[name] ?? []);
  const cost = (name: string): number => median(costs[name] ?? []);
  const added = (name: string, which: 'p50' | 'p99'): number =>
    median(alone[name]?.[which] ?? []) - median(alone.bare?.[which] ?? []);
  const streamed = (name: string): number => median(streams[name] ?? []);
  return [
    ['bare node:http + undici, calls/s', round(calls('bare'), 0), ''],
    ['bare Hono + fetch, calls/s', round(calls('hono'), 0), ''],
    ['gateway, calls/s', round(calls('gateway'), 0), ''],
    ['gateway, translated to Anthropic, calls/s', round(calls('translated'), 0), ''],
    ['gateway / bare node:http', round(calls('gateway') / calls('bare')), 'at least 0.4'],
    ['gateway / bare Hono', round(calls('gateway') / calls('hono')), 'at least 0.9'],
    ['processor time of a call: bare node:http, µs', round(cost('bare'), 0), ''],
    ['processor time of a call: bare Hono, µs', round(cost('hono'), 0), ''],
    ['processor time of a call: gateway, µs', round(cost('gateway'), 0), ''],
    ['processor time, bare node:http / gateway', round(cost('bare') / cost('gateway')), ''],
    ['processor time, bare Hono / gateway', round(cost('hono') / cost('gateway')), ''],
    ['added to first byte, one caller, p50 ms', round(added('gateway', 'p50')), 'under 0.5'],
    ['added to first byte, one caller, p99 ms', round(added('gateway', 'p99')), 'under 3'],
    ['the same, translated, p50 ms', round(added('translated', 'p50')), 'under 0.5'],
    [
      '100-chunk stream, bare / gateway',
      round(streamed('bare') / streamed('gateway')),
      'guarded/unguarded at most 1.3',
    ],
    ['memory of the gateway after it all, MB', String(rssMb ?? '?'), ''],
  ];
};

const SIZES = [
  { kb: 10, target: '' },
  { kb: 100, target: 'under 3' },
  { kb: 1024, target: 'under 30' },
];

const measureTranslation = (rounds: number): readonly Row[] => {
  progress('translation');
  const facts = translationFacts(
    SIZES.map(({ kb }) => kb),
    rounds * 15,
  );
  return facts.flatMap(({ ms }, index): Row[] =>
    Object.entries(ms).map(([name, taken]) => [
      `${name}, ${SIZES[index]?.kb} KB, p50 ms`,
      round(taken),
      SIZES[index]?.target ?? '',
    ]),
  );
};

const BUDGETS = new Map([
  ['authorizer', { kb: 150, importMs: 40 }],
  ['llm', { kb: 700, importMs: 110 }],
  ['mcp', { kb: 800, importMs: 110 }],
]);

const measureBundles = (rounds: number): readonly Row[] => {
  progress('bundles');
  return bundleFacts([...BUDGETS.keys()], rounds * 3).flatMap(({ name, kb, importMs }): Row[] => [
    [`${name} bundle, KB`, String(kb), `at most ${BUDGETS.get(name)?.kb}`],
    [`${name} import, ms`, String(importMs), `at most ${BUDGETS.get(name)?.importMs}`],
  ]);
};

if (values.help) {
  console.log(HELP);
} else {
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
  const only = values.only.split(',');
  console.error(
    `Benchmark on Node ${process.version}${canPin ? ', pinned to one core each' : ', not pinned: cores are shared'}`,
  );
  const rows: Row[] = [['what', 'measured', 'target']];
  if (only.includes('calls')) rows.push(...(await measureCalls(seconds, rounds)));
  if (only.includes('translation')) rows.push(...measureTranslation(rounds));
  if (only.includes('mcp')) rows.push(...(await measureMcp(seconds, rounds)));
  if (only.includes('bundles')) rows.push(...measureBundles(rounds));
  print(rows);
}
