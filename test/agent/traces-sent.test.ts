import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { bundleAgent } from '../../agent/bundle-agent.ts';
import { freePort } from '../support/free-port.ts';
import {
  type AgentProcess,
  type Collector,
  OPAQUE,
  SAID,
  startAgentProcess,
  startCollector,
  startUpstreams,
  TOKEN,
  type Upstreams,
} from './traced-agent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const FROM_CALLER = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'a=b' };
const UNSAMPLED = { traceparent: `00-${TRACE}-${CALLER}-00` };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-agent-'));
  bundleAgent(directory);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let upstreams: Upstreams;
let collector: Collector;
const running: AgentProcess[] = [];
beforeEach(async () => {
  upstreams = await startUpstreams();
  collector = await startCollector();
});
afterEach(async () => {
  for (const agent of running.splice(0)) await agent.stop();
  await upstreams.close();
  await collector.close();
});

const started = async (env: Record<string, string> = {}): Promise<AgentProcess> => {
  const agent = await startAgentProcess(directory, { ...upstreams.env, ...env });
  running.push(agent);
  return agent;
};
const traced = (env: Record<string, string> = {}) => started({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
const named = (start: string) => collector.spans().filter(({ name }) => name.startsWith(start));
const sent = (): string => collector.received.map(({ body }) => body).join('');

describe('the traces of an agent', () => {
  test('arrive with the answer, in the trace of the caller, from the invocation down to model and tool', async () => {
    const agent = await traced();
    expect(await agent.invoke(SAID.prompt, FROM_CALLER)).toMatchObject({ output: SAID.answer });
    expect(collector.received.map(({ path }) => path)).toEqual(['/v1/traces']);
    expect(collector.received[0]?.headers['content-type']).toBe('application/json');
    expect(collector.resource()).toMatchObject({ 'service.name': 'copilot' });
    expect(new Set(collector.spans().map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const [invocation] = named('invoke_agent copilot');
    expect(invocation?.parentSpanId).toBe(CALLER);
    expect([named('chat').length, named('execute_tool').map(({ name }) => name)]).toEqual([
      2,
      ['execute_tool slack__list'],
    ]);
    const ids = collector.spans().map(({ spanId }) => spanId);
    expect(
      collector.spans().filter(({ parentSpanId }) => parentSpanId !== CALLER && !ids.includes(parentSpanId ?? '')),
    ).toEqual([]);
  });

  test('go on at the gateway: each call of the model and of a tool has its own span as the parent', async () => {
    const agent = await traced();
    await agent.invoke(SAID.prompt, FROM_CALLER);
    const continued = (spanId: string | undefined) => `00-${TRACE}-${spanId}-01`;
    expect(upstreams.asked.map(({ traceparent }) => traceparent)).toEqual(
      named('chat').map(({ spanId }) => continued(spanId)),
    );
    const [call] = upstreams.tools.calls().filter(({ method }) => method === 'tools/call');
    expect(call?.headers.traceparent).toBe(continued(named('execute_tool')[0]?.spanId));
    expect(call?.headers.tracestate).toBe('a=b');
  });

  test('of a stream arrive when it ends', async () => {
    const agent = await traced();
    const { events } = await agent.invoke(SAID.prompt, { ...FROM_CALLER, accept: 'text/event-stream' });
    expect(events).toContain('"done"');
    expect(named('invoke_agent')).toHaveLength(1);
  });

  test('of a caller who leaves in the middle arrive too', async () => {
    const agent = await traced();
    const leave = new AbortController();
    const answer = await fetch(agent.url, {
      method: 'POST',
      headers: { ...FROM_CALLER, authorization: `Bearer ${TOKEN}`, accept: 'text/event-stream' },
      body: '{"prompt":"forever"}',
      signal: leave.signal,
    });
    await answer.body?.getReader().read();
    leave.abort();
    for (let tries = 0; tries < 100 && named('invoke_agent').length === 0; tries++) await sleep(20);
    expect([named('invoke_agent').length, named('chat').length]).toEqual([1, 1]);
  });

  test('say nothing of what was said, and no token', async () => {
    const agent = await traced();
    await agent.invoke(SAID.prompt, FROM_CALLER);
    await agent.invoke('fail', FROM_CALLER);
    expect(named('invoke_agent')).toHaveLength(2);
    expect([...Object.values(SAID), TOKEN, 'jane', 'You are copilot'].filter((word) => sent().includes(word))).toEqual(
      [],
    );
    expect(sent()).toContain('gen_ai.usage.total_tokens');
  });

  test('have what was said where the deployment asks for it, but no token and no words of a failure', async () => {
    const agent = await traced({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' });
    await agent.invoke(SAID.prompt, FROM_CALLER);
    await agent.invoke('fail', FROM_CALLER);
    const { failure, ...content } = SAID;
    expect(Object.values(content).filter((word) => !sent().includes(word))).toEqual([]);
    expect([failure, TOKEN, OPAQUE].filter((word) => sent().includes(word))).toEqual([]);
    expect(sent()).toContain('[hidden] Bearer [hidden]');
  });

  test('say of an invocation that failed that it did, and of what kind', async () => {
    const agent = await traced();
    expect(await agent.invoke('fail', FROM_CALLER)).toMatchObject({ error: { code: 'model_failed' } });
    const [invocation] = named('invoke_agent');
    expect(invocation?.status).toEqual({ code: 2 });
    expect(invocation?.events).toMatchObject([{ name: 'exception', attributes: [{ key: 'exception.type' }] }]);
  });

  test('are named and sent as the variables of OpenTelemetry say', async () => {
    const agent = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/own/path`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret%20key',
      OTEL_SERVICE_NAME: 'my-agent',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=test',
    });
    await agent.invoke(SAID.prompt);
    expect(collector.received.map(({ path, headers }) => [path, headers['x-key']])).toEqual([
      ['/own/path', 'secret key'],
    ]);
    expect(collector.resource()).toMatchObject({ 'service.name': 'my-agent', 'deployment.environment.name': 'test' });
  });

  test('of a caller that takes no samples are not sent, and its decision goes on', async () => {
    const agent = await traced();
    await agent.invoke(SAID.prompt, UNSAMPLED);
    expect(collector.received).toEqual([]);
    expect(upstreams.asked.map(({ traceparent }) => traceparent?.slice(-3))).toEqual(['-00', '-00']);
  });
});

test('what a slow collector has not taken is waited for at the end, but not by an answer', async () => {
  const slow = await startCollector(1_500);
  try {
    const agent = await started({ OTEL_EXPORTER_OTLP_ENDPOINT: slow.url });
    expect(await agent.invoke(SAID.prompt)).toMatchObject({ output: SAID.answer });
    expect([slow.received.length, slow.taken()]).toEqual([1, 0]);
    expect(await agent.stop()).toBe(0);
    expect(slow.taken()).toBe(1);
  } finally {
    await slow.close();
  }
});

describe('without a collector', () => {
  test.each([
    ['no address', {}],
    ['an SDK that is off', { OTEL_SDK_DISABLED: 'true' }],
    ['no exporter', { OTEL_TRACES_EXPORTER: 'none' }],
  ])('because of %s nothing is sent, and the trace goes on as it came', async (_why, env) => {
    const agent = await started(
      Object.keys(env).length === 0 ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
    );
    expect(await agent.invoke(SAID.prompt, FROM_CALLER)).toMatchObject({ output: SAID.answer });
    expect(await agent.stop()).toBe(0);
    expect(collector.received).toEqual([]);
    const sentOn = [...upstreams.asked, ...upstreams.tools.received.map(({ headers }) => headers)];
    expect(new Set(sentOn.map(({ traceparent }) => traceparent))).toEqual(new Set([FROM_CALLER.traceparent]));
    expect(agent.log().map(({ event }) => event)).toEqual(['listening', 'invocation']);
  });

  test('that can be reached the answers are the same, and one line says so', async () => {
    const agent = await started({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    });
    for (const _ of [1, 2, 3]) expect(await agent.invoke(SAID.prompt)).toMatchObject({ output: SAID.answer });
    expect(await agent.stop()).toBe(0);
    expect(agent.log().filter(({ event }) => event === 'traces_lost')).toMatchObject([{ reason: 'ECONNREFUSED' }]);
  });

  test('that can be addressed the agent works, and says what to set', async () => {
    const agent = await started({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' });
    expect(await agent.invoke(SAID.prompt)).toMatchObject({ output: SAID.answer });
    expect(agent.log()[0]).toEqual({
      event: 'traces_off',
      reason: 'OTEL_EXPORTER_OTLP_ENDPOINT is not a web address: set one that starts with http:// or https://',
    });
  });
});
