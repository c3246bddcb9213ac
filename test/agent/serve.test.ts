import { once } from 'node:events';
import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import type { AgentApp } from '../../agent/app.ts';
import { serve } from '../../agent/serve.ts';

const open: http.Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

const started = async (app: AgentApp): Promise<string> => {
  const server = serve(app);
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test('a request reaches the app whole, with twenty headers of 4 KB', async () => {
  const url = await started(async (request) =>
    Response.json([
      request.method,
      new URL(request.url).pathname,
      [...request.headers.keys()].filter((name) => name.startsWith('x-h')).length,
      await request.text(),
    ]),
  );
  const headers = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`x-h${index}`, 'x'.repeat(4_096)]));
  const answer = await fetch(`${url}/invocations`, { method: 'POST', headers, body: 'hällo' });
  expect(await answer.json()).toEqual(['POST', '/invocations', 20, 'hällo']);
});

test('a stream is passed on as it comes', async () => {
  const body = new TransformStream<Uint8Array, Uint8Array>();
  const writer = body.writable.getWriter();
  const url = await started(async () => new Response(body.readable));
  const reader = (await fetch(url)).body?.getReader();
  for (const word of ['one', 'two']) {
    await writer.write(new TextEncoder().encode(word));
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(word);
  }
});

test('the app learns that the caller left, before an answer and in the middle of one', async () => {
  const aborted = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  const url = await started(async ({ signal, url: asked }) => {
    if (asked.endsWith('/stream'))
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('half')),
          cancel: () => cancelled.resolve(),
        }),
      );
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    aborted.resolve();
    return new Response();
  });
  const leave = new AbortController();
  const answer = fetch(`${url}/wait`, { signal: leave.signal }).catch(() => 'left');
  const reader = (await fetch(`${url}/stream`, { signal: leave.signal })).body?.getReader();
  await reader?.read();
  leave.abort();
  expect(await answer).toBe('left');
  await Promise.all([aborted.promise, cancelled.promise]);
});

test('half an answer is never taken for a whole one', async () => {
  const url = await started(
    async () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode('half')),
          pull: (controller) => controller.error(new Error('broken')),
        }),
      ),
  );
  await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow();
  await expect(fetch(await started(() => Promise.reject(new Error('bug'))))).rejects.toThrow();
});
