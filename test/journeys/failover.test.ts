import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { compilePolicy } from '../../config/compile.ts';
import { loadGatewayConfig } from '../../config/load.ts';
import { dynamoProviderHealth } from '../../lambda/aws/dynamo-provider-health.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { Hidden } from '../../lambda/core/hidden.ts';
import { Refusal } from '../../lambda/core/refusal.ts';
import { createLlmApp, type LlmApp } from '../../lambda/llm/app.ts';
import { cachedProviderHealth } from '../../lambda/providers/cached-provider-health.ts';
import { FORGOTTEN_AFTER_MS } from '../../lambda/providers/provider-health.ts';
import { createSend } from '../../lambda/providers/send.ts';
import type { CallRecord } from '../../lambda/telemetry/record.ts';
import { memoryLimitCounter } from '../../local/memory/limit-counter.ts';
import { serveLoopback } from '../../local/serve-loopback.ts';
import { type Simulators, startSimulators } from '../../local/simulators/start-simulators.ts';
import { type EmbeddedDynamo, embeddedDynamo } from '../support/embedded-dynamo.ts';
import { type Loopback, listen } from '../support/loopback.ts';

const HELLO = [{ role: 'user' as const, content: 'hello' }];
const EVICT_MS = 30_000;
/** As long as a process may believe what it read. */
const CACHE_MS = 3_000;

let simulators: Simulators;
let dynamo: EmbeddedDynamo;
/** A provider in front of the simulated one that can be down. */
let front: Loopback;
let down: boolean;
let knocks: number;
/** Added to the machine's clock, so that nobody waits. */
let ahead = 0;
const clock = () => systemClock() + ahead;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
  dynamo = await embeddedDynamo();
  front = await listen(async (request, response) => {
    knocks += 1;
    const body = await text(request);
    if (down) {
      response.writeHead(529, { 'content-type': 'application/json' });
      response.end('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}');
      return;
    }
    const answer = await fetch(`${simulators.url}/anthropic${request.url}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-api-key': 'simulated',
        'anthropic-version': String(request.headers['anthropic-version']),
      },
      body,
    });
    response.writeHead(answer.status, { 'content-type': String(answer.headers.get('content-type')) });
    response.end(await answer.text());
  });
  closing.push(simulators.close, dynamo.close, front.close);
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});
beforeEach(() => {
  dynamo.fault = () => undefined;
  down = true;
  knocks = 0;
});

const policy = () => {
  const yaml = `
name: failover
credentials: { key: {} }
defaults: { auth: none }
llm:
  providers:
    anthropic: { kind: anthropic, baseUrl: "${simulators.url}/anthropic", credential: key }
    openai: { kind: openai, baseUrl: "${simulators.url}/openai/v1", credential: key }
    front: { kind: anthropic, baseUrl: "${front.url}", credential: key }
  models:
    smart-529: [anthropic/sim-529, openai/gpt-4o]
    smart-slow: [anthropic/sim-slow, openai/gpt-4o]
    smart-drop: [anthropic/sim-drop, openai/gpt-4o]
    smart-cut: [openai/sim-drop, anthropic/claude-sonnet-4-5]
    smart: [front/claude-sonnet-4-5, openai/gpt-4o]
  health: { unhealthy: "response.code >= 500 || response.code == 429", evictFor: ${EVICT_MS}ms, firstByte: 300ms }
  routes:
    /v1: { models: [smart-529, smart-slow, smart-drop, smart-cut, smart] }
`;
  return compilePolicy(loadGatewayConfig(yaml, { file: 'gateway.yaml', env: {} }).config);
};

interface Instance {
  readonly app: LlmApp;
  readonly records: CallRecord[];
}

/** One of the processes that share a table. */
const startInstance = (table: string): Instance => {
  const records: CallRecord[] = [];
  const stored = dynamoProviderHealth({
    table,
    client: dynamo.client,
    clock,
    timeoutMs: 500,
    forgottenAfterMs: FORGOTTEN_AFTER_MS,
  });
  let calls = 0;
  const app = createLlmApp(policy(), {
    identify: () => Promise.reject(new Refusal('token_rejected')),
    counter: memoryLimitCounter(clock),
    credentials: { read: async () => new Hidden('simulated') },
    send: createSend(),
    health: cachedProviderHealth(stored, clock),
    records: { write: (record) => void records.push(record) },
    clock,
    newId: () => `req_${++calls}`,
    random: () => 0,
    logBug: (id, error) => {
      throw new Error(`a bug in ${id}`, { cause: error });
    },
  });
  return { app, records };
};

/** One whole call to `smart`: who answered, and its record. */
const ask = async ({ app, records }: Instance) => {
  const request = new Request('http://gateway.example/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'smart', messages: HELLO }),
  });
  const env = { ip: '192.0.2.1', deadlineMs: clock() + 60_000, rawAuthorizationCount: 0 };
  const answer = await app.fetch(request, env);
  await answer.text();
  return { by: answer.headers.get('x-gatehouse-provider'), record: records.at(-1) };
};

const attemptsOf = (record: CallRecord | undefined) =>
  record?.attempts.map(({ provider, outcome }) => [provider, outcome]);

describe('a streamed call to an alias whose first provider fails', () => {
  test.each([
    ['smart-529', 'anthropic', 'upstream_busy', 'openai'],
    ['smart-slow', 'anthropic', 'upstream_timeout', 'openai'],
    ['smart-drop', 'anthropic', 'upstream_unreachable', 'openai'],
    ['smart-cut', 'openai', 'upstream_unreachable', 'anthropic'],
  ])('%s: is answered by the second, and the record shows both', async (model, first, outcome, second) => {
    const instance = startInstance(await dynamo.createTable());
    const served = await serveLoopback(instance.app.fetch, 0, clock);
    closing.push(served.close);
    const openai = new OpenAI({ baseURL: `http://127.0.0.1:${served.port}/v1`, apiKey: 'none', maxRetries: 0 });
    const started = systemClock();
    const stream = await openai.chat.completions.create({ model, messages: HELLO, stream: true });
    let said = '';
    for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? '';
    expect(said).toContain('You said: hello');
    expect(systemClock() - started).toBeLessThan(5_000);
    const [record] = instance.records;
    expect(attemptsOf(record)).toEqual([
      [first, outcome],
      [second, 'ok'],
    ]);
    expect(record).toMatchObject({ outcome: 'ok', status: 200, 'gen_ai.provider.name': second });

    // What the first call has met the second one does not try again.
    const again = await openai.chat.completions.create({ model, messages: HELLO, stream: true });
    for await (const chunk of again) expect(chunk.object).toBe('chat.completion.chunk');
    expect(attemptsOf(instance.records[1])).toEqual([[second, 'ok']]);
  });
});

describe('two processes that share a table', () => {
  test('agree on who is left out, who tries, and that all is well again', async () => {
    const table = await dynamo.createTable();
    const [one, two] = [startInstance(table), startInstance(table)];

    expect((await ask(one)).by).toBe('openai');
    expect(knocks).toBe(1);
    const other = await ask(two);
    expect([other.by, knocks]).toEqual(['openai', 1]);
    expect(attemptsOf(other.record)).toEqual([['openai', 'ok']]);
    expect(other.record?.decisions).toContainEqual({
      stage: 'health',
      result: 'skip',
      rule: 'front/claude-sonnet-4-5',
    });

    // Its time is over and it is still down: one of the many who come at once tries, and it stays away for twice as long.
    ahead += EVICT_MS;
    const many = await Promise.all(Array.from({ length: 10 }, (_, i) => ask(i % 2 === 0 ? one : two)));
    expect(many.every(({ by }) => by === 'openai')).toBe(true);
    expect(knocks).toBe(2);
    expect((await dynamo.read(table))[0]).toMatchObject({ n: { N: '2' } });
    ahead += EVICT_MS + CACHE_MS;
    await Promise.all([ask(one), ask(two)]);
    expect(knocks).toBe(2);

    // It is back: the first to try tells the others.
    down = false;
    ahead += EVICT_MS;
    expect((await ask(two)).by).toBe('front');
    ahead += CACHE_MS;
    expect([(await ask(one)).by, (await ask(two)).by]).toEqual(['front', 'front']);

    // So that the next failure is a first one.
    down = true;
    await ask(one);
    expect((await dynamo.read(table))[0]).toMatchObject({ n: { N: '1' } });
  });

  test('serve on without the table, and say so', async () => {
    const instance = startInstance(await dynamo.createTable());
    dynamo.fault = () => 'hang';
    const started = systemClock();
    const { by, record } = await ask(instance);
    expect([by, attemptsOf(record)]).toEqual([
      'openai',
      [
        ['front', 'upstream_busy'],
        ['openai', 'ok'],
      ],
    ]);
    expect(record?.decisions).toContainEqual({ stage: 'health', result: 'failed-open' });
    expect(systemClock() - started).toBeLessThan(900);
  });
});
