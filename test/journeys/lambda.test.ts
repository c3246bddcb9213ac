import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Allowed, type Deployed, deploy, handOn } from '../support/deployed.ts';
import type { Lambda } from '../support/lambda-runtime.ts';
import { type Loopback, listen } from '../support/loopback.ts';
import { restEvent } from '../support/rest-event.ts';

/**
 * What `cdk deploy` would upload, run as Lambda would run it: the bundles out of cdk.out with the environment the template
 * gives them, an authorizer's answer handed on as API Gateway does. Only the far ends are stand-ins.
 */

const METHOD_ARN = 'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/prod/POST/anthropic/v1/chat/completions';
const KEY = 'sk-ant-the-real-one';
const PATH = '/anthropic/v1/chat/completions';

interface Received {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Record<string, unknown>;
}

const closing: (() => unknown)[] = [];
let deployed: Deployed;
let llm: Lambda;
let received: Received[] = [];
let nextReceived = Promise.withResolvers<Received>();

/** Anthropic's end: keeps what it got, and leaves the answer to the test. */
const startUpstream = (): Promise<Loopback> =>
  listen(async (request, response) => {
    const got = { request, response, body: (await json(request)) as Record<string, unknown> };
    received.push(got);
    nextReceived.resolve(got);
  });

const policyFor = (issuerUrl: string, upstreamUrl: string): string => `
name: journey
identity:
  providers:
    okta: { kind: okta, issuer: "${issuerUrl}", audiences: [api://default] }
credentials:
  anthropic-api-key: {}
defaults:
  authorization: { allow: ["'llm:call' in principal.scopes"] }
  rateLimits: [{ name: calls, per: [principal.id], requests: 3, every: minute }]
llm:
  providers:
    anthropic: { kind: anthropic, credential: anthropic-api-key, baseUrl: "${upstreamUrl}" }
  routes:
    /anthropic: { provider: anthropic }
`;

beforeAll(async () => {
  const upstream = await startUpstream();
  closing.push(upstream.close);
  deployed = await deploy((issuer) => policyFor(issuer, upstream.url), { anthropicapikey: KEY });
  closing.push(deployed.close);
  llm = await deployed.start('chat requests');
}, 60_000);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

beforeEach(() => {
  received = [];
  nextReceived = Promise.withResolvers();
});

const tokenFor = (sub: string, scp?: readonly string[]): Promise<string> => deployed.tokenFor(sub, scp);

const authorize = (token: string): Promise<Allowed> => deployed.authorize(token);

const call = async (token: string, body: object, allowed?: Allowed) =>
  llm.stream(
    restEvent({
      path: PATH,
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        'X-Gatehouse-Principal': 'admin',
      },
      body: JSON.stringify({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'hello' }], ...body }),
      authorizer: handOn(allowed ?? (await authorize(token))),
    }),
  );

const sse = (event: Readonly<Record<string, unknown>>): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

const delta = (text: string): string =>
  sse({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });

const start = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_1' });
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [],
    stop_reason: null,
  };
  response.write(sse({ type: 'message_start', message: { ...message, usage: { input_tokens: 3, output_tokens: 1 } } }));
  response.write(sse({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }));
};

const finish = (response: ServerResponse): void => {
  response.write(sse({ type: 'content_block_stop', index: 0 }));
  response.write(sse({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } }));
  response.end(sse({ type: 'message_stop' }));
};

/** Reads on until `text` has come. */
const readUntil = async (body: AsyncIterator<Buffer>, text: string): Promise<string> => {
  let read = '';
  while (!read.includes(text)) {
    const { done, value } = await body.next();
    if (done) throw new Error(`the answer ended before ${text}: ${read}`);
    read += value.toString('utf8');
  }
  return read;
};

describe('the bundles, as Lambda runs them', () => {
  test('a guarded call streams: each piece reaches the caller before the provider has sent the next', async () => {
    const token = await tokenFor('jane');
    const allowed = await authorize(token);
    expect(allowed.policyDocument.Statement).toEqual([
      {
        Action: 'execute-api:Invoke',
        Effect: 'Allow',
        Resource: 'arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/prod/*/*',
      },
    ]);

    const answering = call(token, { stream: true }, allowed);
    const upstream = await nextReceived.promise;
    start(upstream.response);
    upstream.response.write(delta('Hel'));
    const answer = await answering;
    const body = answer.body[Symbol.asyncIterator]();
    expect(await readUntil(body, '"Hel"')).not.toContain('lo there');
    upstream.response.write(delta('lo there'));
    expect(await readUntil(body, 'lo there')).not.toContain('[DONE]');
    finish(upstream.response);
    await readUntil(body, '[DONE]');
    expect((await body.next()).done).toBe(true);

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(answer.headers.get('x-ratelimit-remaining-requests')).toBe('2');
    // The key came from the secret; nothing of the caller's went along.
    expect(upstream.request.headers['x-api-key']).toBe(KEY);
    expect(JSON.stringify(upstream.request.headers)).not.toMatch(/Bearer|x-gatehouse/i);
    expect(upstream.body).toMatchObject({ model: 'claude-sonnet-4-5', stream: true });
    expect(deployed.dynamo.operations.length).toBeLessThanOrEqual(2);

    const record = JSON.parse(await llm.logged(answer.headers.get('x-request-id') ?? 'no request id'));
    expect(record).toMatchObject({
      kind: 'call',
      gateway: 'journey',
      route: '/anthropic',
      status: 200,
      outcome: 'ok',
      ip: '203.0.113.9',
      principal: { sub: 'jane@acme.example', clientId: 'agent' },
      'gen_ai.usage.output_tokens': 2,
    });
    expect(llm.log().join('\n')).not.toMatch(new RegExp(`${KEY}|${token}`));
  });

  test('a token of another issuer, an expired one and none at all are not let in: API Gateway answers 401', async () => {
    const [head, payload] = (await tokenFor('jane')).split('.');
    const [, , foreign] = (await tokenFor('eve')).split('.');
    await expect(authorize(`${head}.${payload}.${foreign}`)).rejects.toThrow(/^Unauthorized$/);
    const expired = await deployed.tokenFor('jane', ['llm:call'], '-5m');
    await expect(authorize(expired)).rejects.toThrow(/^Unauthorized$/);
    await expect(deployed.authorizer.invoke({ type: 'TOKEN', methodArn: METHOD_ARN })).rejects.toThrow(
      /^Unauthorized$/,
    );
    expect(deployed.authorizer.log().join('\n')).not.toContain(String(payload));
  });

  test('a caller without the scope is refused by the function, and the provider hears nothing', async () => {
    const answer = await call(await tokenFor('nobody', []), {});
    expect([answer.status, JSON.parse(await answer.text()).error.code]).toEqual([403, 'not_allowed']);
    expect(received).toEqual([]);
    expect(await llm.logged(answer.headers.get('x-request-id') ?? 'no request id')).toContain('"scope_check":"DENIED"');
  });

  test('the authorizer left out, the function checks the token itself: a forged one is 401', async () => {
    const token = `${(await tokenFor('jane')).slice(0, -8)}AAAAAAAA`;
    const answer = await call(token, {}, { principalId: '', policyDocument: { Statement: [] }, context: {} });
    expect([answer.status, JSON.parse(await answer.text()).error.code]).toEqual([401, 'token_rejected']);
    expect(received).toEqual([]);
  });

  test('the fourth call of a minute is refused from what DynamoDB counted', async () => {
    const token = await tokenFor('busy');
    const allowed = await authorize(token);
    for (let i = 0; i < 3; i += 1) {
      nextReceived = Promise.withResolvers();
      const answering = call(token, { stream: true }, allowed);
      const { response } = await nextReceived.promise;
      start(response);
      finish(response);
      expect((await answering).status).toBe(200);
      await (await answering).text();
    }
    const refused = await call(token, {}, allowed);
    expect([refused.status, JSON.parse(await refused.text()).error.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(received.length).toBe(3);
  });

  test('a caller that leaves ends the call to the provider, and the record says so', async () => {
    const answering = call(await tokenFor('leaver'), { stream: true });
    const { request, response } = await nextReceived.promise;
    const upstreamClosed = once(request.socket, 'close');
    start(response);
    response.write(delta('first'));
    const answer = await answering;
    await readUntil(answer.body[Symbol.asyncIterator](), 'first');
    answer.disconnect();
    await upstreamClosed;
    const record = JSON.parse(await llm.logged(answer.headers.get('x-request-id') ?? 'no request id'));
    expect(record).toMatchObject({ outcome: 'aborted', reason: 'caller_left' });
  });
});
