import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { createSend, type IncomingAnswer, type SendLimits, STALE_CONNECTION } from '../../../lambda/providers/send.ts';

const LIMITS: SendLimits = { connectMs: 1_000, firstByteMs: 2_000, idleMs: 2_000 };
const never = new AbortController().signal;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const listening = async <S extends net.Server>(server: S): Promise<{ server: S; url: string }> => {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};
const serve = (answer: http.RequestListener) => listening(http.createServer(answer));

/** A server that works on bare sockets, for what no HTTP server would do. */
const serveRaw = (take: (socket: net.Socket, request: number) => void) => {
  let requests = 0;
  return listening(net.createServer((socket) => socket.on('data', () => take(socket, ++requests))));
};

const post = (url: string, limits = LIMITS, signal = never, send = createSend()) =>
  send({ method: 'POST', url, headers: { 'content-type': 'application/json' }, body: '{}' }, limits, signal);

const textOf = async (answer: IncomingAnswer): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const refusalOf = async (doing: Promise<unknown>): Promise<Refusal> => {
  const outcome = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (outcome instanceof Refusal) return outcome;
  throw new Error(`expected a refusal, got ${String(outcome)}`);
};

/** A connection is free a moment after the answer on it has been read. */
const settled = () => sleep(5);

const WHOLE = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('a request', () => {
  test('arrives as it is, query included, and its answer comes back', async () => {
    const seen: unknown[] = [];
    const { url } = await serve((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization);
      request.pipe(response.writeHead(201, { 'x-a': ['1', '2'] }));
    });
    const headers = { authorization: 'Bearer k' };
    const answer = await createSend()({ method: 'POST', url: `${url}/v1/x?y=1`, headers, body: 'ü' }, LIMITS, never);
    expect(await textOf(answer)).toBe('ü');
    expect(answer).toMatchObject({ status: 201, headers: { 'x-a': '1, 2' } });
    expect(seen).toEqual(['POST', '/v1/x?y=1', 'Bearer k']);
  });

  test('to a port where nobody listens is refused at once', async () => {
    const { server, url } = await serve(() => {});
    server.close();
    expect(await refusalOf(post(url))).toMatchObject({
      code: 'upstream_unreachable',
      detail: { reason: 'ECONNREFUSED' },
    });
  });

  test('that gets no answer is given up in time', async () => {
    const { url } = await serve(() => {});
    const since = performance.now();
    const refusal = await refusalOf(post(url, { ...LIMITS, firstByteMs: 100 }));
    expect(refusal).toMatchObject({ code: 'upstream_timeout' });
    expect(performance.now() - since).toBeLessThan(2_000);
  });

  test('whose connection is dropped before any answer is unreachable, and that is not a stale connection', async () => {
    const { url } = await serveRaw((socket) => socket.destroy());
    const refusal = await refusalOf(post(url));
    expect(refusal.code).toBe('upstream_unreachable');
    expect(refusal.detail.reason).not.toBe(STALE_CONNECTION);
  });

  test('is not redirected: a credential goes nowhere else', async () => {
    let elsewhere = 0;
    const { url: other } = await serve((_request, response) => {
      elsewhere++;
      response.end();
    });
    const { url } = await serve((_request, response) => response.writeHead(307, { location: other }).end());
    expect((await post(url)).status).toBe(307);
    expect(elsewhere).toBe(0);
  });

  test('that is called off before it is sent never leaves', async () => {
    let requests = 0;
    const { url } = await serve(() => requests++);
    const signal = AbortSignal.abort(new Refusal('caller_left'));
    expect((await refusalOf(post(url, LIMITS, signal))).code).toBe('caller_left');
    expect(requests).toBe(0);
  });

  test('that is called off while it waits ends at the upstream within 100 ms', async () => {
    const closed = Promise.withResolvers<number>();
    const arrived = Promise.withResolvers<void>();
    const { url } = await serve((_request, response) => {
      response.on('close', () => closed.resolve(performance.now()));
      arrived.resolve();
    });
    const abort = new AbortController();
    const asked = refusalOf(post(url, LIMITS, abort.signal));
    await arrived.promise;
    const since = performance.now();
    abort.abort(new Refusal('caller_left'));
    expect((await asked).code).toBe('caller_left');
    expect((await closed.promise) - since).toBeLessThan(100);
  });
});

describe('an answer', () => {
  test('that falls silent is given up in time', async () => {
    const { url } = await serve((_request, response) => void response.write('half'));
    const answer = await post(url, { ...LIMITS, idleMs: 100 });
    expect((await refusalOf(textOf(answer))).code).toBe('upstream_timeout');
  });

  test('that is reset in the middle is truncated', async () => {
    const { url } = await serve((_request, response) => {
      response.write('half', () => setTimeout(() => response.socket?.resetAndDestroy(), 20));
    });
    expect((await refusalOf(textOf(await post(url)))).code).toBe('upstream_truncated');
  });

  test('that ends before the length it promised is truncated', async () => {
    const { url } = await serveRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'));
    expect((await refusalOf(textOf(await post(url)))).code).toBe('upstream_truncated');
  });

  test('that is called off ends at the upstream within 100 ms', async () => {
    const closed = Promise.withResolvers<number>();
    const { url } = await serve((_request, response) => {
      response.on('close', () => closed.resolve(performance.now()));
      response.write('first');
    });
    const abort = new AbortController();
    const answer = await post(url, LIMITS, abort.signal);
    const reading = refusalOf(textOf(answer));
    await sleep(20);
    const since = performance.now();
    abort.abort(new Refusal('deadline'));
    expect((await reading).code).toBe('deadline');
    expect((await closed.promise) - since).toBeLessThan(100);
  });

  test('that nobody wants ends at the upstream within 100 ms', async () => {
    const closed = Promise.withResolvers<number>();
    const { url } = await serve((_request, response) => {
      response.on('close', () => closed.resolve(performance.now()));
      response.write('first');
    });
    const answer = await post(url);
    const since = performance.now();
    answer.body.destroy();
    expect((await closed.promise) - since).toBeLessThan(100);
  });

  test('of which nothing more is read, but that does not end, is given up soon', async () => {
    const closed = Promise.withResolvers<void>();
    const { url } = await serve((_request, response) => {
      response.on('close', closed.resolve);
      response.write('first');
    });
    for await (const _ of (await post(url)).body) break;
    const timer = setTimeout(() => closed.reject(new Error('still open')), 1_000);
    await closed.promise;
    clearTimeout(timer);
  });
});

describe('a connection', () => {
  const counted = async (answer: http.RequestListener) => {
    let connections = 0;
    const { server, url } = await serve(answer);
    server.on('connection', () => connections++);
    return { url, connections: () => connections };
  };

  test('is used again after an answer that was read', async () => {
    const { url, connections } = await counted((_request, response) => response.end('ok'));
    const send = createSend();
    for (let times = 0; times < 3; times++) {
      await textOf(await post(url, LIMITS, never, send));
      await settled();
    }
    expect(connections()).toBe(1);
  });

  test('is used again after a stream whose terminator was the last that mattered', async () => {
    const { url, connections } = await counted((_request, response) => {
      response.write('data: [DONE]\n\n', () => setTimeout(() => response.end(), 10));
    });
    const send = createSend();
    for (let times = 0; times < 3; times++) {
      for await (const _ of (await post(url, LIMITS, never, send)).body) break;
      await sleep(250);
    }
    expect(connections()).toBe(1);
  });

  test('of one’s own is new, and is not kept', async () => {
    const { url, connections } = await counted((_request, response) => response.end('ok'));
    const send = createSend();
    for (let times = 0; times < 2; times++) {
      const request = { method: 'POST', url, headers: {}, body: '{}', fresh: true } as const;
      expect(await textOf(await send(request, LIMITS, never))).toBe('ok');
    }
    expect(connections()).toBe(2);
  });

  test.each<[string, (socket: net.Socket) => void]>([
    ['closed', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ])('that was kept and is %s under a request is said to be stale', async (_how, give) => {
    const { url } = await serveRaw((socket, request) => (request === 1 ? socket.write(WHOLE) : give(socket)));
    const send = createSend();
    expect(await textOf(await post(url, LIMITS, never, send))).toBe('ok');
    await settled();
    expect(await refusalOf(post(url, LIMITS, never, send))).toMatchObject({
      code: 'upstream_unreachable',
      detail: { reason: STALE_CONNECTION },
    });
  });

  test('that had begun to answer is not stale when it is closed', async () => {
    const { url } = await serveRaw((socket, request) =>
      request === 1 ? socket.write(WHOLE) : socket.end('HTTP/1.1 200 OK\r\ncontent-'),
    );
    const send = createSend();
    await textOf(await post(url, LIMITS, never, send));
    await settled();
    const refusal = await refusalOf(post(url, LIMITS, never, send));
    expect(refusal.code).toBe('upstream_unreachable');
    expect(refusal.detail.reason).not.toBe(STALE_CONNECTION);
  });

  test('that was kept and only times out is not stale', async () => {
    const { url } = await serveRaw((socket, request) => void (request === 1 && socket.write(WHOLE)));
    const send = createSend();
    await textOf(await post(url, LIMITS, never, send));
    await settled();
    const refusal = await refusalOf(post(url, { ...LIMITS, firstByteMs: 100 }, never, send));
    expect(refusal.code).toBe('upstream_timeout');
  });
});
