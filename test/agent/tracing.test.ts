import { describe, expect, test } from '@jest/globals';
import { boundedFlush } from '../../agent/tracing/bounded-flush.ts';
import { readTracing } from '../../agent/tracing/read-tracing.ts';
import { reportingExporter } from '../../agent/tracing/reporting-exporter.ts';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';

describe('where traces go', () => {
  test.each([
    [{}, { type: 'off' }],
    [{ [ENDPOINT]: '', OTEL_TRACES_EXPORTER: 'otlp' }, { type: 'off' }],
    [{ [ENDPOINT]: 'http://c/', OTEL_SDK_DISABLED: 'TRUE' }, { type: 'off' }],
    [{ [ENDPOINT]: 'http://c', OTEL_TRACES_EXPORTER: 'none' }, { type: 'off' }],
    [
      { [ENDPOINT]: 'http://c/', OTEL_SDK_DISABLED: '' },
      { type: 'otlp', url: 'http://c/v1/traces', withContent: false },
    ],
    [
      { [ENDPOINT]: 'https://c/otlp', OTEL_TRACES_EXPORTER: 'console, otlp' },
      { type: 'otlp', url: 'https://c/otlp/v1/traces', withContent: false },
    ],
    [
      { [ENDPOINT]: 'http://c', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://d/' },
      { type: 'otlp', url: 'http://d/', withContent: false },
    ],
    [
      { [ENDPOINT]: 'http://c', OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'True' },
      { type: 'otlp', url: 'http://c/v1/traces', withContent: true },
    ],
    [
      { [ENDPOINT]: 'http://c', OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: '1' },
      { type: 'otlp', url: 'http://c/v1/traces', withContent: false },
    ],
  ])('%j', (env, expected) => {
    expect(readTracing(env)).toEqual(expected);
  });

  test.each([
    [{ [ENDPOINT]: 'http://c', OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER'],
    [{ [ENDPOINT]: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL'],
    [{ [ENDPOINT]: 'ftp://user:secret@c' }, ENDPOINT],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'secret' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  ])('%j is nowhere, and why is said without its value', (env, name) => {
    const { type, reason } = readTracing(env) as { type: string; reason?: string };
    expect([type, reason?.startsWith(name), reason?.includes('secret')]).toEqual(['off', true, false]);
  });
});

describe('an answer', () => {
  const never = () => new Promise<void>(() => {});

  test('waits for its traces', async () => {
    let isSent = false;
    const flush = boundedFlush(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      isSent = true;
    }, 60_000);
    await flush();
    expect(isSent).toBe(true);
  });

  test('does not wait for a collector that is late, after that one not at all, until it takes something again', async () => {
    const sends: (() => Promise<void>)[] = [never, never, async () => {}];
    let given = 0;
    const flush = boundedFlush(() => sends[given++]?.() ?? never(), 20);
    await flush();
    const second = flush().then(() => 'at once');
    expect(await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 10, 'late'))])).toBe('at once');
    await flush();
    await Promise.resolve();
    const waits = flush().then(() => 'at once');
    expect(await Promise.race([waits, new Promise((resolve) => setTimeout(resolve, 5, 'waits'))])).toBe('waits');
    await waits;
  });

  test('is not spoilt by a collector that fails', async () => {
    await expect(boundedFlush(() => Promise.reject(new Error('no')), 60_000)()).resolves.toBeUndefined();
  });
});

test('lost spans are told of once a minute, by the kind of the failure alone', () => {
  const logged: unknown[] = [];
  let now = 0;
  const failing = Object.assign(new Error('https://key@collector'), { code: 'ECONNREFUSED' });
  const exporter = reportingExporter(
    { export: (_spans, done) => done({ code: 1, error: failing }), shutdown: async () => {} },
    { withContent: false, clock: () => now, log: (entry) => void logged.push(entry) },
  );
  const lose = (at: number): void => {
    now = at;
    exporter.export([span, span], () => {});
  };
  for (const at of [0, 10, 59_999]) lose(at);
  expect(logged).toEqual([{ event: 'traces_lost', spans: 2, reason: 'ECONNREFUSED' }]);
  lose(60_000);
  expect(logged[1]).toEqual({ event: 'traces_lost', spans: 6, reason: 'ECONNREFUSED' });
});

const span = {
  name: 'chat',
  kind: 0,
  spanContext: () => ({ traceId: 't', spanId: 's', traceFlags: 1 }),
  startTime: [0, 0],
  endTime: [0, 0],
  status: { code: 0 },
  attributes: {},
  links: [],
  events: [],
} as unknown as import('@opentelemetry/sdk-trace').ReadableSpan;
