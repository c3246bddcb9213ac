import { afterEach, describe, expect, test } from '@jest/globals';
import type { AwsErrorName } from '../../../local/agentcore/aws-error.ts';
import { startAgentCore } from '../../../local/agentcore/start-agentcore.ts';
import { NOW_MS } from '../../lambda/identity/issuer.ts';
import { listen } from '../../support/loopback.ts';
import { ARN, agentCoreWith, CUSTOM, GATEWAY_ROLE, KEYS, outcomeOf, SESSION, signedCall } from './stand-in.ts';

const allowing = (...names: string[]) => ({ RequestHeaderConfiguration: { RequestHeaderAllowlist: names } });

describe('the headers of a call', () => {
  test('reach the container only if they are listed, or are of the protocol', async () => {
    const { call, seen } = agentCoreWith(allowing(`${CUSTOM}Sub`, 'X-Tenant'));
    const headers = {
      [`${CUSTOM}Sub`]: 'jane',
      [`${CUSTOM}Role`]: 'admin',
      'x-tenant': 'acme',
      'x-other': 'no',
      cookie: 'a=b',
      'content-type': 'application/json',
      accept: 'text/event-stream',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    await call(await signedCall({ headers }));
    const { workloadaccesstoken, ...others } = seen[0]?.headers ?? {};
    expect(others).toEqual({
      [`${CUSTOM}Sub`.toLowerCase()]: 'jane',
      'x-tenant': 'acme',
      'content-type': 'application/json',
      accept: 'text/event-stream',
      traceparent: headers.traceparent,
      [SESSION.toLowerCase()]: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(workloadaccesstoken).toMatch(/^local-/);
  });

  test('may have 4 KB each', async () => {
    const { call } = agentCoreWith(allowing(`${CUSTOM}Sub`));
    const withValue = async (length: number) =>
      outcomeOf(await call(await signedCall({ headers: { [`${CUSTOM}Sub`]: 'x'.repeat(length) } })));
    expect((await withValue(4_096))[0]).toBe(200);
    expect((await withValue(4_097)).slice(0, 2)).toEqual([400, 'ValidationException']);
  });

  test.each([
    ['21 headers', Array.from({ length: 21 }, (_, index) => `${CUSTOM}${index}`), 'at most 20'],
    ['a header twice', ['X-A', 'x-a'], 'twice'],
    ["one of AWS's", ['X-Amz-Date'], 'never forwarded'],
    ["one of AgentCore's own", [SESSION], 'never forwarded'],
    ['a cookie', ['Cookie'], 'never forwarded'],
    ['what is no name', ['a b'], 'no name'],
    ['Authorization, but takes signatures', ['Authorization'], 'JWTs only'],
  ])('cannot be listed by a runtime that lists %s', (_what, names, said) => {
    expect(() => agentCoreWith(allowing(...names))).toThrow(said);
  });

  test('may be twenty', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `${CUSTOM}H${index}`);
    const { call, seen } = agentCoreWith(allowing(...names));
    await call(await signedCall({ headers: Object.fromEntries(names.map((name) => [name, 'v'])) }));
    expect(Object.keys(seen[0]?.headers ?? {}).filter((name) => name.includes('-custom-h'))).toHaveLength(20);
  });
});

describe('the session of a call', () => {
  test.each([
    [32, 400],
    [33, 200],
    [256, 200],
    [257, 400],
  ])('of %i characters is answered with %i', async (length, status) => {
    const { call, seen } = agentCoreWith();
    const session = 's'.repeat(length);
    const response = await call(await signedCall({ headers: { [SESSION]: session } }));
    expect([response.status, seen.length]).toEqual([status, status === 200 ? 1 : 0]);
    if (status === 200)
      expect([response.headers.get(SESSION), seen[0]?.headers[SESSION.toLowerCase()]]).toEqual([session, session]);
  });

  test('is made up where there is none, and told', async () => {
    const { call } = agentCoreWith();
    expect((await call(await signedCall())).headers.get(SESSION)).toHaveLength(36);
  });
});

describe('what a container answers', () => {
  test.each([400, 401, 403, 404, 500, 503])('with %i becomes 424, without what it said', async (status) => {
    const { call } = agentCoreWith({}, { container: async () => Response.json({ error: 'private' }, { status }) });
    const [code, type, message] = await outcomeOf(await call(await signedCall()));
    expect([code, type]).toEqual([424, 'RuntimeClientError']);
    expect(message).not.toContain('private');
  });

  test('becomes 424 where it answers nothing', async () => {
    const { call } = agentCoreWith({}, { container: () => Promise.reject(new Error('dead')) });
    expect((await call(await signedCall())).status).toBe(424);
  });

  test('streams through as it comes', async () => {
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const { call } = agentCoreWith(
      {},
      {
        container: async () =>
          new Response(body.readable, { headers: { 'content-type': 'text/event-stream', 'set-cookie': 'a=b' } }),
      },
    );
    const response = await call(await signedCall());
    expect([response.headers.get('content-type'), response.headers.get('set-cookie')]).toEqual([
      'text/event-stream',
      null,
    ]);
    const reader = response.body?.getReader();
    for (const word of ['one', 'two']) {
      void writer.write(new TextEncoder().encode(word));
      expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(word);
    }
  });
});

describe('what AgentCore answers itself', () => {
  test.each<[AwsErrorName, number]>([
    ['RetryableConflictException', 409],
    ['ThrottlingException', 429],
    ['ServiceQuotaExceededException', 402],
    ['InternalServerException', 500],
  ])('%s has status %i, and the next call may pass', async (name, status) => {
    const left = [name];
    const { call, seen } = agentCoreWith({}, { failures: () => left.pop() });
    expect((await outcomeOf(await call(await signedCall()))).slice(0, 2)).toEqual([status, name]);
    expect(seen).toEqual([]);
    expect((await call(await signedCall())).status).toBe(200);
  });

  test('is nothing that a stranger gets to see', async () => {
    const { call } = agentCoreWith({}, { failures: () => 'ThrottlingException' });
    expect((await call(await signedCall({ service: 'bedrock' }))).status).toBe(403);
  });

  test.each([
    ['another runtime', { arn: `${ARN}d` }],
    ['another endpoint', { qualifier: 'prod' }],
    ['another path', { rest: '/x' }],
    ['an agent card of an agent that is not A2A', { rest: '/.well-known/agent-card.json', method: 'GET' }],
    ['another method', { method: 'GET' }],
    ['metadata of a runtime without JWTs', { rest: '/.well-known/oauth-protected-resource', method: 'GET' }],
  ])('about %s is 404', async (_what, options) => {
    const { call } = agentCoreWith();
    expect((await outcomeOf(await call(await signedCall(options)))).slice(0, 2)).toEqual([
      404,
      'ResourceNotFoundException',
    ]);
  });

  test('about an endpoint that is there is the agent', async () => {
    const { call } = agentCoreWith({}, { qualifiers: ['DEFAULT', 'prod'] });
    expect((await call(await signedCall({ qualifier: 'prod' }))).status).toBe(200);
  });

  test('is an error for a body that is too large', async () => {
    const { call } = agentCoreWith({}, { maxPayloadBytes: 100 });
    expect((await call(await signedCall({ body: 'x'.repeat(100) }))).status).toBe(200);
    expect((await outcomeOf(await call(await signedCall({ body: 'x'.repeat(101) })))).slice(0, 2)).toEqual([
      400,
      'ValidationException',
    ]);
  });
});

describe('an agent that speaks A2A', () => {
  test.each([
    ['POST', '/', '/'],
    ['POST', '', '/'],
    ['GET', '/.well-known/agent-card.json', '/.well-known/agent-card.json'],
  ])('%s %j is %s in its container', async (method, rest, path) => {
    const { call, seen } = agentCoreWith({ ProtocolConfiguration: 'A2A' });
    expect((await call(await signedCall({ method, rest }))).status).toBe(200);
    expect(seen).toMatchObject([{ method, path }]);
  });

  test('has no other paths', async () => {
    const { call } = agentCoreWith({ ProtocolConfiguration: 'A2A' });
    expect((await call(await signedCall({ rest: '/other' }))).status).toBe(404);
  });
});

describe('on a port', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  test('takes twenty headers of 4 KB, and says its own address', async () => {
    const issuer = await listen((_, response) => void response.end());
    const core = await startAgentCore({
      port: 0,
      runtimes: [
        {
          arn: ARN,
          properties: {
            AuthorizerConfiguration: {
              CustomJWTAuthorizer: { DiscoveryUrl: `${issuer.url}/.well-known/openid-configuration` },
            },
          },
          container: async () => Response.json({}),
        },
      ],
      credentials: {},
      clock: () => Date.now(),
    });
    open.push(issuer, core);
    const headers = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`x-h${index}`, 'x'.repeat(4_096)]));
    const response = await fetch(`${core.endpoint}/runtimes/${encodeURIComponent(ARN)}/invocations`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain(core.endpoint);
  });

  test('tells the container when the caller leaves, before an answer and in the middle of one', async () => {
    const left: string[] = [];
    const both = Promise.withResolvers<void>();
    const note = (what: string): void => {
      left.push(what);
      if (left.length === 2) both.resolve();
    };
    const core = await startAgentCore({
      port: 0,
      runtimes: [
        {
          arn: ARN,
          properties: {},
          container: async (request) => {
            if (request.headers.get('accept') === 'text/event-stream')
              return new Response(
                new ReadableStream({
                  start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
                  cancel: () => note('stream'),
                }),
              );
            await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
            note('request');
            return Response.json({});
          },
        },
      ],
      credentials: { [KEYS.gateway.accessKeyId]: { ...KEYS.gateway, principalArn: GATEWAY_ROLE } },
      clock: () => NOW_MS,
    });
    open.push(core);
    const start = async (accept: string, signal: AbortSignal): Promise<Response> => {
      const request = await signedCall({ headers: { accept }, endpoint: core.endpoint });
      return fetch(request.url, { method: 'POST', headers: request.headers, body: await request.text(), signal });
    };
    const waiting = new AbortController();
    const answer = start('application/json', waiting.signal).catch(() => 'aborted');
    const reading = new AbortController();
    const reader = (await start('text/event-stream', reading.signal)).body?.getReader();
    await reader?.read();
    reading.abort();
    waiting.abort();
    expect(await answer).toBe('aborted');
    await both.promise;
    expect(left.sort()).toEqual(['request', 'stream']);
  });
});
