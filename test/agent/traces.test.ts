import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Context, context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { createAgent } from '../../agent/app.ts';
import { invocation, portsAt, settingsOf, unsigned } from './agents.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const started: { readonly name: string; readonly traceId: string | undefined }[] = [];

/** As little of a tracer as the API needs: it notes which trace each span continues. */
beforeAll(() => {
  const storage = new AsyncLocalStorage<Context>();
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...rest) => storage.run(active, () => work.apply(self, rest)),
    bind: (_active, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  propagation.setGlobalPropagator({
    inject: () => {},
    extract: (into, carrier) => {
      const [, traceId = '', spanId = ''] = String((carrier as { traceparent?: string }).traceparent).split('-');
      return traceId === '' ? into : trace.setSpanContext(into, { traceId, spanId, traceFlags: 1, isRemote: true });
    },
    fields: () => ['traceparent'],
  });
  const startSpan = (name: string, about: Context = context.active()) => {
    const parent = trace.getSpanContext(about);
    started.push({ name, traceId: parent?.traceId });
    return trace.wrapSpanContext(parent ?? { traceId: 'f'.repeat(32), spanId: 'f'.repeat(16), traceFlags: 1 });
  };
  trace.setGlobalTracerProvider({
    getTracer: () => ({
      startSpan: (name, _options, about) => startSpan(name, about),
      startActiveSpan: () => {
        throw new Error('not used');
      },
    }),
  });
});
afterAll(() => {
  for (const api of [context, propagation, trace]) api.disable();
});

test('the spans of an invocation continue the trace of its caller, and nobody else’s', async () => {
  const agent = createAgent(settingsOf(), portsAt().ports);
  const authorization = `Bearer ${unsigned({ sub: 'jane' })}`;
  await agent(invocation({ prompt: 'hello' }, { authorization, traceparent: `00-${TRACE}-b7ad6b7169203331-01` }));
  expect(started.length).toBeGreaterThan(1);
  expect(new Set(started.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  started.length = 0;
  await agent(invocation({ prompt: 'hello' }, { authorization }));
  expect(started.map(({ traceId }) => traceId)).not.toContain(TRACE);
});
