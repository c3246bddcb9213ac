import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestGateway, type TestGateway } from '../support/local-gateway.ts';

const KEY = 'credential.without.any.known.prefix.0123456789';

/** A provider that does whatever the test says. */
let behave: RequestListener;
let upstream: Server;
let gateway: TestGateway;
let jane: string;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    request.resume();
    behave(request, response);
  });
  await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  gateway = await startTestGateway(
    `
name: hostile
identity: { providers: { okta: { kind: okta, issuer: "\${OKTA_ISSUER}", audiences: [api://default] } } }
credentials: { evil-key: {} }
defaults: { authorization: { allow: ["'llm:call' in principal.scopes"] } }
llm:
  providers:
    evil: { kind: openai-compatible, baseUrl: ${url}/v1, credential: evil-key }
    anthropic: { kind: anthropic, baseUrl: ${url}, credential: evil-key }
    slow: { kind: openai-compatible, baseUrl: ${url}/v1, credential: evil-key, timeouts: { firstByte: 1s } }
  routes: { /evil: { provider: evil }, /anthropic: { provider: anthropic }, /slow: { provider: slow } }
`,
    { EVIL_KEY: KEY },
  );
  jane = await gateway.token('jane');
});
afterAll(async () => {
  upstream.closeAllConnections();
  upstream.close();
  await gateway.close();
});
afterEach(() => {
  behave = (_request, response) => response.destroy();
});

const ask = (
  body: object,
  options: { token?: string; route?: string; headers?: Record<string, string> } = {},
): Promise<Response> =>
  fetch(`${gateway.url}${options.route ?? '/evil'}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${options.token ?? jane}`,
      'content-type': 'application/json',
      ...options.headers,
    },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }], ...body }),
  });

/** The best of three: what else the machine does only adds. */
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const taken: number[] = [];
  for (let round = 0; round < 3; round++) {
    const started = performance.now();
    await work();
    taken.push(performance.now() - started);
  }
  return Math.min(...taken);
};

describe('a caller that means harm', () => {
  test('can not stop the others with many small messages', async () => {
    behave = (_request, response) => void response.end('{}');
    const many = (count: number): object => ({
      messages: Array.from({ length: count }, () => ({ role: 'user', content: 'a' })),
    });
    const some = await timed(() => ask(many(10_000)));
    const eightTimes = await timed(() => ask(many(80_000)));
    // Quadratic work would take 64 times as long, and was seconds.
    expect(eightTimes).toBeLessThan(some * 30);
  });

  test('gets its 403 before its prompt is read', async () => {
    const nobody = await gateway.token('nobody');
    const answer = await ask({ messages: [{ role: 'no such role', content: 7 }] }, { token: nobody });
    expect(answer.status).toBe(403);
  });

  test('is answered properly whatever the number of parts, fields and tools', async () => {
    const parts = Array.from({ length: 150_000 }, () => ({ type: 'text', text: 'a' }));
    expect(
      (
        await ask({
          messages: [
            { role: 'system', content: parts },
            { role: 'user', content: 'hi' },
          ],
        })
      ).status,
    ).not.toBe(500);
    const fields = Object.fromEntries(Array.from({ length: 150_000 }, (_, index) => [`f${index}`, 1]));
    behave = (_request, response) =>
      void response.setHeader('content-type', 'application/json').end(
        JSON.stringify({
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [{ type: 'text', text: 'hi' }],
          stop_reason: 'end_turn',
          usage: { input_tokens: 1, output_tokens: 1 },
        }),
      );
    const answer = await ask(fields, { route: '/anthropic' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-gatehouse-dropped')?.length).toBeLessThan(2_000);
  });

  test('can not write a book, or commands for a terminal, into the record', async () => {
    const tools = [{ type: 'x'.repeat(1_000_000) }];
    const answer = await ask({ tools }, { route: '/anthropic', headers: { 'user-agent': 'x\u009b31m' } });
    const record = await gateway.recordOf(answer.headers.get('x-request-id'));
    const line =
      gateway
        .printed()
        .split('\n')
        .find((one) => one.includes(record.id)) ?? '';
    expect(line.length).toBeLessThan(5_000);
    expect(line).not.toContain('\u009b');
    expect(line).toContain('\\u009b');
  });
});

describe('a provider that means harm', () => {
  test.each([400, 401, 404, 429, 500])('learns the key, but callers and records do not: %d', async (status) => {
    behave = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': KEY });
      response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${KEY}`, type: KEY, code: KEY } }));
    };
    const answer = await ask({});
    await gateway.recordOf(answer.headers.get('x-request-id'));
    expect(await answer.text()).not.toContain(KEY);
    expect(JSON.stringify([...answer.headers])).not.toContain(KEY);
    expect(gateway.printed()).not.toContain(KEY);
  });

  test('does not get the key into an error event either', async () => {
    behave = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': KEY });
      response.write('data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n');
      response.end(`data: {"error":{"message":"the key ${KEY} is blocked","type":"${KEY}","code":400}}\n\n`);
    };
    const answer = await ask({ stream: true });
    expect(await answer.text()).not.toContain(KEY);
    await gateway.recordOf(answer.headers.get('x-request-id'));
    expect(gateway.printed()).not.toContain(KEY);
  });

  test('can not fill the memory with frames that say nothing', async () => {
    let written = 0;
    behave = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const flood = setInterval(() => {
        for (let index = 0; index < 200 && response.writable; index++) {
          written++;
          response.write('data: {"id":"c","model":"m","choices":[]}\n\n');
        }
      }, 1);
      response.on('close', () => clearInterval(flood));
    };
    const answer = await ask({ stream: true });
    expect([answer.status, written < 100_000]).toEqual([502, true]);
  });

  test('can not slip events of its own between the lines of one', async () => {
    behave = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"id":"c","model":"m",\ndata: "choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n');
      response.end('data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
    };
    const text = await (await ask({ stream: true })).text();
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('data: '))).toEqual([]);
    expect(text).toContain('[DONE]');
  });

  test('is a failed provider when its answer is nested too deep', async () => {
    behave = (_request, response) =>
      void response
        .setHeader('content-type', 'application/json')
        .end(`{"choices":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    const answer = await ask({});
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([
      502,
      'upstream_failed',
    ]);
  });

  test('may take its time over a whole answer once it has begun to send it', async () => {
    behave = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"id":"c","model":"m","choices":[');
      setTimeout(
        () => response.end('{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'),
        1_300,
      );
    };
    expect((await ask({}, { route: '/slow' })).status).toBe(200);
    behave = (_request, response) => setTimeout(() => response.end('{}'), 1_300);
    expect((await ask({}, { route: '/slow' })).status).toBe(504);
  });

  test('is not followed elsewhere', async () => {
    let followed = false;
    behave = (request, response) => {
      followed ||= request.url === '/elsewhere';
      response.writeHead(307, { location: '/elsewhere' }).end();
    };
    expect((await ask({})).status).toBe(502);
    expect(followed).toBe(false);
  });

  test('is not believed when it wants to be left alone for ever', async () => {
    behave = (_request, response) => void response.writeHead(429, { 'retry-after': '9'.repeat(400) }).end('{}');
    const answer = await ask({});
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '86400']);
  });
});
