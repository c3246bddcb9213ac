import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import type { RestEnv } from '../../../lambda/aws/rest-request.ts';
import { restStream } from '../../../lambda/aws/rest-stream.ts';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { awslambdaStandIn, PRELUDE_END, ResponseStream } from '../../support/lambda-streaming.ts';
import { type RestCall, restEvent } from '../../support/rest-event.ts';

type App = (request: Request, env: RestEnv) => Response | Promise<Response>;

const jane = { ...ANONYMOUS, id: 'jane', sub: 'jane@acme.example' };
const context = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => 60_000 } as Context;

beforeAll(() => {
  Object.assign(globalThis, { awslambda: awslambdaStandIn });
});

/** Runs one event; `wire` is the connection that the answer goes out on. */
const run = (
  call: RestCall,
  app: App,
  wire = new PassThrough(),
  log: string[] = [],
  settle: () => Promise<void> = async () => {},
  remainingMs = 60_000,
) => {
  const handler = restStream({
    fetch: async (request, env) => app(request, env),
    principalOf: (given) => {
      if (given.principal === 'expired') throw new Refusal('token_rejected', { reason: 'expired' });
      return given.principal === 'jane' ? jane : undefined;
    },
    clock: () => 1_000_000,
    settle,
    logBug: (id, error) => log.push(`${id}: ${error}`),
  });
  return handler(restEvent(call), new ResponseStream(wire), {
    ...context,
    getRemainingTimeInMillis: () => remainingMs,
  } as Context);
};

const answerTo = async (call: RestCall, app: App) => {
  const wire = new PassThrough();
  const log: string[] = [];
  const [, bytes] = await Promise.all([run(call, app, wire, log), wire.toArray()]);
  const all = Buffer.concat(bytes);
  const at = all.indexOf(PRELUDE_END);
  return { prelude: JSON.parse(all.subarray(0, at).toString()), body: all.subarray(at + 8).toString(), log };
};

/** What the app was given for a call. */
const seenFor = async (call: RestCall) => {
  const seen: { request: Request; env: RestEnv; body: Buffer }[] = [];
  await answerTo(call, async (request, env) => {
    seen.push({ request, env, body: Buffer.from(await request.arrayBuffer()) });
    return new Response('ok');
  });
  const [first] = seen;
  if (first === undefined) throw new Error('the app was not called');
  return first;
};

describe('an event becomes a request', () => {
  test('with its method, path without stage, query and body', async () => {
    const { request, body } = await seenFor({
      path: '/v1/chat/completions',
      query: { a: ['1', '2'], b: ['x y'] },
      body: '{"ü":1}',
    });
    expect(request.method).toBe('POST');
    expect(request.url).toBe(
      'https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/v1/chat/completions?a=1&a=2&b=x+y',
    );
    expect(body.toString('utf8')).toBe('{"ü":1}');
  });

  test('with base64 bodies as the bytes they stand for', async () => {
    const bytes = Buffer.from([0, 255, 254, 10]);
    const { body } = await seenFor({ path: '/x', body: bytes.toString('base64'), isBase64Encoded: true });
    expect(body.equals(bytes)).toBe(true);
  });

  test('whose path can not name another host', async () => {
    const { request } = await seenFor({ path: '//evil.example/v1?x#y' });
    const { host, pathname } = new URL(request.url);
    expect([host, pathname]).toEqual([
      'a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com',
      '//evil.example/v1%3Fx%23y',
    ]);
  });

  test('a GET that carries a body loses it', async () => {
    const { request, body } = await seenFor({ method: 'GET', path: '/v1/models', body: 'smuggled' });
    expect([request.method, body.length]).toEqual(['GET', 0]);
  });

  test('with the name that the caller has for its session with an agent, which looks like AWS’s', async () => {
    const { request } = await seenFor({
      path: '/x',
      headers: {
        'X-Amzn-Bedrock-AgentCore-Runtime-Session-Id': 'mine',
        'X-Gatehouse-Session': 'mine',
        'X-Amzn-Bedrock-AgentCore-Runtime-Session-Id-2': 'theirs',
      },
    });
    expect(Object.fromEntries(request.headers)).toEqual({
      'x-amzn-bedrock-agentcore-runtime-session-id': 'mine',
      'x-gatehouse-session': 'mine',
    });
  });

  test('with repeated headers joined, and without those that only Gatehouse, AWS or a proxy may set', async () => {
    const { request } = await seenFor({
      path: '/x',
      headers: {
        Accept: ['a/b', 'c/d'],
        'X-Gatehouse-Principal': 'admin',
        'X-Amzn-Bedrock-AgentCore-Runtime-Custom-User': 'admin',
        'x-amz-security-token': 't',
        'X-Forwarded-For': '10.0.0.1',
        'CloudFront-Viewer-Address': '10.0.0.1',
        'Transfer-Encoding': 'chunked',
        'User-Agent': 'test',
      },
    });
    expect([...request.headers]).toEqual([
      ['accept', 'a/b, c/d'],
      ['user-agent', 'test'],
    ]);
  });

  test('with the address API Gateway saw, not one the caller claims', async () => {
    const { env } = await seenFor({ path: '/x', ip: '198.51.100.7', headers: { 'X-Forwarded-For': '10.0.0.1' } });
    expect(env.ip).toBe('198.51.100.7');
  });

  test('with every authorization header counted, however it is spelt', async () => {
    const { env } = await seenFor({
      path: '/x',
      headers: { Authorization: ['Bearer a', 'Bearer b'], authorization: 'Bearer c' },
    });
    expect(env.rawAuthorizationCount).toBe(3);
  });

  test('with a deadline two seconds before the end Lambda sets', async () => {
    const { env } = await seenFor({ path: '/x' });
    expect(env.deadlineMs).toBe(1_000_000 + 60_000 - 2_000);
  });

  test('with the principal of the authorizer', async () => {
    expect((await seenFor({ path: '/x', authorizer: { principal: 'jane' } })).env.principal).toBe(jane);
  });

  test('without a principal where there is none, or one that no longer holds', async () => {
    expect((await seenFor({ path: '/x' })).env).not.toHaveProperty('principal');
    expect((await seenFor({ path: '/x', authorizer: { principal: 'expired' } })).env).not.toHaveProperty('principal');
  });

  test('but not from headers that HTTP does not allow', async () => {
    const never = () => {
      throw new Error('the app must not be called');
    };
    const { prelude, body } = await answerTo(
      { path: '/x', headers: { 'x-bad': 'a\r\nx-gatehouse-principal: admin' } },
      never,
    );
    expect([prelude.statusCode, JSON.parse(body).error.code]).toEqual([400, 'invalid_header']);
  });
});

describe('a response becomes an answer', () => {
  test('prelude, then the body', async () => {
    const headers = new Headers({ 'content-type': 'text/plain', 'x-request-id': '1', 'content-length': '5' });
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    const { prelude, body } = await answerTo({ path: '/x' }, () => new Response('hello', { status: 201, headers }));
    expect(prelude).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'text/plain', 'x-request-id': '1' },
      cookies: ['a=1', 'b=2'],
    });
    expect(body).toBe('hello');
  });

  test('with a prelude even when there is no body', async () => {
    const { prelude, body } = await answerTo({ path: '/x' }, () => new Response(null, { status: 204 }));
    expect([prelude.statusCode, body]).toEqual([204, '']);
  });

  test('a bug in the app is answered as internal, and only the log says what it was', async () => {
    const { prelude, body, log } = await answerTo({ path: '/x' }, () => {
      throw new Error('the database password is hunter2');
    });
    expect(prelude.statusCode).toBe(500);
    expect(JSON.parse(body).error.code).toBe('internal');
    expect(body).not.toContain('hunter2');
    expect(log.join()).toContain('hunter2');
  });

  test('no faster than the caller reads', async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        if (pulled > 200) controller.close();
        else controller.enqueue(new Uint8Array(16 * 1024));
      },
    });
    const wire = new PassThrough({ highWaterMark: 16 * 1024 });
    const done = run({ path: '/x' }, () => new Response(body), wire);
    for (let i = 0; i < 500; i += 1) await turn();
    expect(pulled).toBeLessThan(20);
    wire.resume();
    await done;
    expect(pulled).toBe(201);
  });

  test('a body that fails half way breaks off: it does not end as if it were whole', async () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(Buffer.from('half'));
        controller.error(new Error('lost'));
      },
    });
    const wire = new PassThrough();
    const log: string[] = [];
    await run({ path: '/x' }, () => new Response(body), wire, log);
    expect(wire.destroyed).toBe(true);
    expect(wire.writableEnded).toBe(false);
    expect(log.join()).toContain('lost');
  });
});

describe('a caller that leaves', () => {
  test('before the answer aborts the request, and the reason is a refusal', async () => {
    const wire = new PassThrough();
    const reasons: unknown[] = [];
    await run(
      { path: '/x' },
      async (request) => {
        wire.destroy();
        await once(request.signal, 'abort');
        reasons.push(request.signal.reason);
        throw request.signal.reason;
      },
      wire,
    );
    expect(reasons).toEqual([expect.objectContaining({ code: 'caller_left' })]);
  });

  test('in the middle of the answer aborts the request and cancels the body', async () => {
    const wire = new PassThrough();
    const cancelled: unknown[] = [];
    const signals: AbortSignal[] = [];
    const log: string[] = [];
    await run(
      { path: '/x' },
      (request) => {
        signals.push(request.signal);
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(Buffer.from('first')),
          pull: async () => {
            wire.destroy(new Error('reset by peer'));
            await new Promise(() => {});
          },
          cancel: (reason) => void cancelled.push(reason),
        });
        return new Response(body);
      },
      wire,
      log,
    );
    expect(signals.map((signal) => signal.aborted)).toEqual([true]);
    expect(cancelled).toEqual([expect.objectContaining({ code: 'caller_left' })]);
    expect(log).toEqual([]);
  });

  test.each(['before the answer', 'in its middle'])(
    '%s keeps the handler until the app has ended its side',
    async (when) => {
      const wire = new PassThrough();
      const seen: string[] = [];
      await run(
        { path: '/x' },
        async (request) => {
          if (when === 'before the answer') {
            wire.destroy();
            await once(request.signal, 'abort');
          }
          return new Response(
            new ReadableStream<Uint8Array>({
              start: (controller) => controller.enqueue(Buffer.from('first')),
              pull: async () => {
                wire.destroy();
                await new Promise(() => {});
              },
              cancel: async () => {
                for (let i = 0; i < 5; i += 1) await turn();
                seen.push('recorded');
              },
            }),
          );
        },
        wire,
      );
      expect(seen).toEqual(['recorded']);
    },
  );

  test('while the answer waits for it to read ends the wait', async () => {
    const wire = new PassThrough({ highWaterMark: 1 });
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
    });
    const done = run({ path: '/x' }, () => new Response(body), wire);
    for (let i = 0; i < 50; i += 1) await turn();
    wire.destroy();
    await expect(done).resolves.toBeUndefined();
  });

  test('after the whole answer aborts nothing', async () => {
    const signals: AbortSignal[] = [];
    await answerTo({ path: '/x' }, (request) => {
      signals.push(request.signal);
      return new Response('whole');
    });
    await turn();
    expect(signals.map((signal) => signal.aborted)).toEqual([false]);
  });
});

describe('what is left to do once the caller has the answer', () => {
  const settling = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let times = 0;
    const settle = (): Promise<void> => {
      times += 1;
      return promise;
    };
    return { settle, resolve, times: () => times };
  };

  test('is begun when the answer is out, and Lambda is kept from freezing until it is done', async () => {
    const wire = new PassThrough();
    const { settle, resolve, times } = settling();
    let isOver = false;
    const handled = run({ path: '/x' }, () => new Response('ok'), wire, [], settle).then(() => {
      isOver = true;
    });
    expect(times()).toBe(0);
    const bytes = Buffer.concat(await wire.toArray()); // The caller has all of it, and the end.
    expect(bytes.toString()).toMatch(/ok$/);
    while (times() === 0) await turn();
    await turn();
    expect([times(), isOver]).toEqual([1, false]);
    resolve();
    await handled;
    expect(isOver).toBe(true);
  });

  test('is given up in time: a process that Lambda ends would have failed a caller who has an answer', async () => {
    const wire = new PassThrough();
    const { settle, times } = settling();
    const handled = run({ path: '/x' }, () => new Response('ok'), wire, [], settle, 540);
    expect(Buffer.concat(await wire.toArray()).toString()).toMatch(/ok$/);
    await handled;
    expect(times()).toBe(1);
  });

  test('is done where the answer broke off, too', async () => {
    const { settle, resolve, times } = settling();
    resolve();
    const broken = new ReadableStream({
      pull: () => {
        throw new Error('it breaks off');
      },
    });
    const wire = new PassThrough();
    wire.on('error', () => {});
    await run({ path: '/x' }, () => new Response(broken), wire, [], settle);
    expect(times()).toBe(1);
  });

  test('is done for a caller who left, too', async () => {
    const wire = new PassThrough();
    const { settle, resolve, times } = settling();
    resolve();
    await run(
      { path: '/x' },
      async () => {
        wire.destroy();
        await once(wire, 'close');
        return new Response('nobody reads it');
      },
      wire,
      [],
      settle,
    );
    expect(times()).toBe(1);
  });
});
