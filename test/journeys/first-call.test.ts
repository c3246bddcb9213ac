import type { webcrypto } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPair, SignJWT } from 'jose';
import OpenAI from 'openai';
import { startTestGateway, type TestGateway } from '../support/local-gateway.ts';

const HELLO = [{ role: 'user' as const, content: 'hello' }];

/** The shipped policy, with room for more calls than one test makes. */
const ROOMY = readFileSync('gateway.yaml', 'utf8')
  .replace('requests: 50', 'requests: 5000')
  .replace('requests: 10', 'requests: 5000');

let gateway: TestGateway;
let jane: string;

beforeAll(async () => {
  gateway = await startTestGateway(ROOMY);
  jane = await gateway.token('jane');
});
afterAll(() => gateway.close());

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${jane}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const chat = (body: object, headers?: Record<string, string>): Promise<Response> =>
  post('/anthropic/v1/chat/completions', { model: 'claude-sonnet-4-5', messages: HELLO, ...body }, headers);

const client = (route: string, apiKey = jane): OpenAI =>
  new OpenAI({ baseURL: `${gateway.url}${route}`, apiKey, maxRetries: 0 });

describe('a first call', () => {
  test('is answered in the dialect of the caller, whoever answers it', async () => {
    const answer = await chat({});
    const body = (await answer.json()) as OpenAI.ChatCompletion;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-gatehouse-provider')).toBe('anthropic');
    expect(body.object).toBe('chat.completion');
    expect(body.choices[0]?.message.content).toContain('You said: hello');
    expect(body.usage?.total_tokens).toBe((body.usage?.prompt_tokens ?? 0) + (body.usage?.completion_tokens ?? 0));
  });

  test('streams, and ends as OpenAI ends', async () => {
    const text = await (await chat({ stream: true })).text();
    const frames = text.trim().split('\n\n');
    expect(frames.at(-1)).toBe('data: [DONE]');
    const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame.slice(6)) as OpenAI.ChatCompletionChunk);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toContain('You said: hello');
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });

  test.each(['/anthropic/v1', '/xai/v1'])('works through the openai package on %s, streamed and not', async (route) => {
    const openai = client(route);
    const model = route === '/xai/v1' ? 'grok-4' : 'claude-sonnet-4-5';
    const whole = await openai.chat.completions.create({ model, messages: HELLO });
    let streamed = '';
    let usage: OpenAI.CompletionUsage | undefined;
    const stream = await openai.chat.completions.create({
      model,
      messages: HELLO,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      streamed += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(streamed).toBe(whole.choices[0]?.message.content);
    expect(usage?.total_tokens).toBe(whole.usage?.total_tokens);
  });

  test('by an alias goes to the first provider of the alias', async () => {
    const answer = await post('/v1/chat/completions', { model: 'smart', messages: HELLO });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-gatehouse-provider')).toBe('anthropic');
  });

  test('with tools and an image crosses to another dialect and back', async () => {
    const openai = client('/anthropic/v1');
    const tools: OpenAI.ChatCompletionTool[] = ['weather', 'time'].map((name) => ({
      type: 'function',
      function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
    }));
    const ask: OpenAI.ChatCompletionMessageParam = {
      role: 'user',
      content: 'call weather {"city":"Paris"} and call time {"city":"Oslo"}',
    };
    const first = await openai.chat.completions.create({ model: 'claude-sonnet-4-5', tools, messages: [ask] });
    const calls = first.choices[0]?.message.tool_calls ?? [];
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    expect(calls.map((call) => (call.type === 'function' ? JSON.parse(call.function.arguments) : undefined))).toEqual([
      { city: 'Paris' },
      { city: 'Oslo' },
    ]);
    const results = calls.map(
      ({ id }, index): OpenAI.ChatCompletionMessageParam => ({
        role: 'tool',
        tool_call_id: id,
        content: `result ${index}`,
      }),
    );
    const second = await openai.chat.completions.create({
      model: 'claude-sonnet-4-5',
      tools,
      messages: [ask, { role: 'assistant', tool_calls: calls }, ...results],
    });
    expect(second.choices[0]?.message.content).toContain('result 1');
    const seen = await openai.chat.completions.create({
      model: 'claude-sonnet-4-5',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
      ],
    });
    expect(seen.choices[0]?.message.content).toContain('1 image');
  });

  test('lists the aliases of a route, or the models of its provider', async () => {
    const aliases = await client('/v1').models.list();
    expect(aliases.data.map(({ id }) => id)).toEqual(['fast', 'smart']);
    const models = await client('/anthropic/v1').models.list();
    expect(models.data.map(({ id }) => id)).toContain('claude-sonnet-4-5');
  });
});

describe('who may call', () => {
  test('nobody without a token', async () => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body: '{}' });
    const body = (await answer.json()) as { message: string; error: { code: string } };
    expect([answer.status, body.message, body.error.code]).toEqual([401, 'Unauthorized', 'token_missing']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="/);
  });

  test('nobody without the scope', async () => {
    const answer = await chat({}, { authorization: `Bearer ${await gateway.token('nobody')}` });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([
      403,
      'not_allowed',
    ]);
  });

  test('a role opens the route that asks for it', async () => {
    const ask = async (user: string): Promise<number> =>
      (
        await post(
          '/openai/v1/chat/completions',
          { model: 'gpt-4o', messages: HELLO },
          { authorization: `Bearer ${await gateway.token(user)}` },
        )
      ).status;
    expect([await ask('jane'), await ask('mcp-user')]).toEqual([403, 200]);
  });

  test('no token that is not exactly right', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const claims = { scp: ['llm:call'], cid: 'x' };
    const sign = (header: object, key: webcrypto.CryptoKey | Uint8Array, more: object = {}): Promise<string> =>
      new SignJWT({ ...claims, ...more })
        .setProtectedHeader({ alg: 'RS256', kid: 'k', ...header })
        .setIssuer(gateway.issuer)
        .setAudience('api://default')
        .setSubject('jane@acme.example')
        .setExpirationTime('5m')
        .sign(key);
    const good = jane.split('.');
    const none = `${Buffer.from('{"alg":"none","kid":"k"}').toString('base64url')}.${good[1]}.`;
    const bad: Record<string, string> = {
      'alg none': none,
      HS256: await sign({ alg: 'HS256' }, new TextEncoder().encode('a secret that is long enough for HS256')),
      'wrong kid': await sign({ kid: 'unknown' }, privateKey),
      'wrong issuer': await gateway.token('jane', { issuer: 'http://127.0.0.1:1/oauth2/default' }),
      'wrong audience': await gateway.token('jane', { audience: 'api://other' }),
      expired: await gateway.token('jane', { expiresInSeconds: -120 }),
      'changed signature': `${good[0]}.${good[1]}.${good[2]?.split('').reverse().join('')}`,
      garbage: 'garbage',
      empty: '',
    };
    for (const [why, token] of Object.entries(bad)) {
      const answer = await chat({}, { authorization: `Bearer ${token}` });
      const record = await gateway.recordOf(answer.headers.get('x-request-id'));
      expect([why, answer.status, record.outcome, record.attempts]).toEqual([why, 401, 'refused', []]);
      if (token.length > 10) expect(JSON.stringify(record)).not.toContain(token.slice(0, 20));
    }
  });

  test('nobody with two authorization headers', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const call = request(`${gateway.url}/anthropic/v1/chat/completions`, { method: 'POST' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
      call.setHeader('authorization', [`Bearer ${jane}`, 'Bearer other']);
      call.end('{}');
    });
    expect(status).toBe(400);
  });
});

describe('a bad request', () => {
  const deep = `{"messages":${'['.repeat(70)}${']'.repeat(70)}}`;
  const bad: readonly [why: string, body: string | object, status: number, code: string, param: string | null][] = [
    ['malformed JSON', '{"model":', 400, 'malformed_json', null],
    ['nothing', '', 400, 'malformed_json', null],
    ['an array', '[]', 400, 'invalid_request', 'body'],
    ['no model', { messages: HELLO }, 400, 'invalid_request', 'model'],
    ['a model that is a number', { model: 7, messages: HELLO }, 400, 'invalid_request', 'model'],
    ['no messages', { model: 'm' }, 400, 'invalid_request', 'messages'],
    ['empty messages', { model: 'm', messages: [] }, 400, 'invalid_request', 'messages'],
    [
      'an unknown role',
      { model: 'm', messages: [{ role: 'wizard', content: 'x' }] },
      400,
      'invalid_request',
      'messages[0].role',
    ],
    [
      'content that is a number',
      { model: 'm', messages: [{ role: 'user', content: 7 }] },
      400,
      'invalid_request',
      'messages[0].content',
    ],
    [
      'a temperature that is text',
      { model: 'm', messages: HELLO, temperature: 'hot' },
      400,
      'invalid_request',
      'temperature',
    ],
    ['a stream that is text', { model: 'm', messages: HELLO, stream: 'yes' }, 400, 'invalid_request', 'stream'],
    ['too deep', deep, 400, 'too_deep', null],
  ];

  test.each(bad)('%s', async (_why, body, status, code, param) => {
    const answer = await post('/anthropic/v1/chat/completions', body);
    const { error } = (await answer.json()) as { error: { code: string; param: string | null; message: string } };
    expect([answer.status, error.code, error.param]).toEqual([status, code, param]);
    expect(error.message).not.toMatch(/\bat .*\.ts|node_modules|wizard/);
    const record = await gateway.recordOf(answer.headers.get('x-request-id'));
    expect([record.reason, record.attempts]).toEqual([code, []]);
    expect(gateway.records().filter(({ id }) => id === record.id)).toHaveLength(1);
  });

  test('that is not UTF-8', async () => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${jane}` },
      body: Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([
      400,
      'invalid_encoding',
    ]);
  });

  test('that is larger than 10 MB', async () => {
    const answer = await post('/v1/chat/completions', `{"model":"${'x'.repeat(10 * 1024 * 1024)}"}`);
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([
      413,
      'body_too_large',
    ]);
  });

  test('that says it is compressed, or no JSON', async () => {
    expect((await post('/v1/chat/completions', '{}', { 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post('/v1/chat/completions', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test('for a model that the route does not serve', async () => {
    const answer = await post('/v1/chat/completions', { model: 'gpt-4o', messages: HELLO });
    const record = await gateway.recordOf(answer.headers.get('x-request-id'));
    expect([answer.status, record.reason, record.attempts]).toEqual([404, 'model_not_found', []]);
  });

  test('for a path that nothing serves, or with a method that it does not take', async () => {
    expect((await post('/nowhere/v1/chat/completions', {})).status).toBe(404);
    expect((await fetch(`${gateway.url}/v1/chat/completions`)).status).toBe(405);
    for (const path of [
      '//v1/chat/completions',
      '/v1/./chat//completions',
      '/V1/chat/completions',
      '/v1%2fchat/completions',
    ]) {
      expect((await fetch(`${gateway.url}${path}`, { method: 'POST' })).status).not.toBe(200);
    }
  });
});

describe('what goes upstream', () => {
  test('nothing of the caller that looks like a key, and nothing that says where to go', async () => {
    const smuggled = {
      'x-api-key': 'sk-smuggled',
      'api-key': 'sk-smuggled',
      'openai-organization': 'org-smuggled',
      'x-gatehouse-provider': 'smuggled',
      'x-forwarded-host': 'evil.example',
      cookie: 'smuggled=1',
    };
    const answer = await post(
      '/xai/v1/chat/completions?api_base=http://evil.example',
      { model: 'grok-4', messages: HELLO, api_key: 'sk-smuggled', api_base: 'http://evil.example' },
      smuggled,
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-gatehouse-dropped')).toBe('api_key, api_base');
    const [upstream] = gateway.upstreamCalls().slice(-1);
    expect(JSON.stringify([upstream?.headers, upstream?.body, upstream?.path])).not.toMatch(/smuggled|evil|Bearer ey/);
    expect(upstream?.headers.authorization).toBe('Bearer simulated');
  });

  test('every field of a dialect that the provider speaks too', async () => {
    const odd = { model: 'grok-4', messages: HELLO, search_parameters: { mode: 'auto' }, seed: 7 };
    await post('/xai/v1/chat/completions', odd);
    expect(gateway.upstreamCalls().at(-1)?.body).toEqual(odd);
  });
});

describe('a provider that fails', () => {
  test('is replaced within the same call', async () => {
    for (const stream of [false, true]) {
      const answer = await chat({ model: 'sim-529', stream });
      expect([answer.status, answer.headers.get('x-gatehouse-provider')]).toEqual([200, 'openai']);
      expect(await answer.text()).toContain('gpt-4o');
      const record = await gateway.recordOf(answer.headers.get('x-request-id'));
      expect(record.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
        ['anthropic', 'upstream_busy'],
        ['openai', 'ok'],
      ]);
    }
  });

  test.each([
    ['sim-429', 429, 'upstream_limited'],
    ['sim-500', 502, 'upstream_failed'],
    ['sim-529', 503, 'upstream_busy'],
    ['sim-401', 502, 'upstream_auth'],
  ])('without a replacement: %s', async (model, status, code) => {
    const answer = await post('/xai/v1/chat/completions', { model, messages: HELLO });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([status, code]);
    if (model === 'sim-429') expect(answer.headers.get('retry-after')).toBe('7');
  });

  test('that breaks off leaves an error at the end, and no success', async () => {
    const text = await (
      await post('/xai/v1/chat/completions', { model: 'sim-cut', messages: HELLO, stream: true })
    ).text();
    expect(text).toContain('"code":"upstream_truncated"');
    expect(text).not.toContain('[DONE]');
    const openai = client('/xai/v1');
    const stream = await openai.chat.completions.create({ model: 'sim-cut', messages: HELLO, stream: true });
    await expect(
      (async () => {
        for await (const _ of stream);
      })(),
    ).rejects.toThrow();
  });
});

describe('a caller that leaves', () => {
  test('takes the upstream call with it, and what was produced is still counted', async () => {
    const abort = new AbortController();
    const answer = await fetch(`${gateway.url}/anthropic/v1/chat/completions`, {
      method: 'POST',
      signal: abort.signal,
      headers: { authorization: `Bearer ${jane}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'claude-sonnet-4-5',
        stream: true,
        messages: [{ role: 'user', content: 'write 4000 words' }],
      }),
    });
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.read();
    abort.abort();
    const record = await gateway.recordOf(answer.headers.get('x-request-id'));
    expect(record.outcome).toBe('aborted');
    expect(record['gen_ai.usage.output_tokens']).toBeGreaterThan(0);
    const upstream = gateway.upstreamCalls().at(-1);
    for (let tries = 0; tries < 50 && upstream?.aborted !== true; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(upstream?.aborted).toBe(true);
  });
});

describe('the record', () => {
  test('is one line a call that says who, what, why and how long, and holds no secret and no prompt', async () => {
    const answer = await chat({ messages: [{ role: 'user', content: 'a prompt nobody should log' }] });
    await answer.text();
    const record = await gateway.recordOf(answer.headers.get('x-request-id'));
    expect(record).toMatchObject({
      kind: 'call',
      surface: 'openai-chat',
      route: '/anthropic',
      principal: { sub: 'jane@acme.example' },
      outcome: 'ok',
      status: 200,
      scope_check: 'ALLOWED',
      rate_limit: 'OK',
      'gen_ai.request.model': 'claude-sonnet-4-5',
      'gen_ai.provider.name': 'anthropic',
    });
    expect(record['gen_ai.usage.input_tokens']).toBeGreaterThan(0);
    expect(record.latency_ms.total).toBeGreaterThanOrEqual(0);
    const everything = gateway.printed();
    expect(everything).not.toContain('nobody should log');
    expect(everything).not.toContain(jane);
    expect(everything).not.toContain('Bearer');
  });

  test('holds hostile names on one line', async () => {
    const answer = await chat({}, { 'user-agent': `x\u0085${'A'.repeat(2000)}` });
    const record = await gateway.recordOf(answer.headers.get('x-request-id'));
    expect(record.userAgent.length).toBeLessThan(300);
    expect(JSON.stringify(record)).not.toContain('\n');
  });
});

describe('an edit of the policy', () => {
  test('takes effect, and a broken one does not', async () => {
    const own = await startTestGateway();
    try {
      const settled = async (count: number): Promise<void> => {
        for (let tries = 0; tries < 100 && own.reloads.length < count; tries++)
          await new Promise((resolve) => setTimeout(resolve, 50));
      };
      appendFileSync(own.config, '\nrateLimit: []\n');
      await settled(1);
      expect(own.reloads[0]).toEqual({ refused: expect.stringContaining('rateLimit') });
      const call = async (): Promise<number> =>
        (await fetch(`${own.url}/v1/models`, { headers: { authorization: `Bearer ${await own.token('nobody')}` } }))
          .status;
      expect(await call()).toBe(403);
      writeFileSync(own.config, readFileSync('gateway.yaml', 'utf8').replace(/allow: \[.*\]/, "allow: ['true']"));
      await settled(2);
      expect(own.reloads[1]).toHaveProperty('loaded');
      expect(await call()).toBe(200);
    } finally {
      await own.close();
    }
  });
});

describe('the shipped limits', () => {
  test('refuse the 51st call in a minute, and say when to come back', async () => {
    const own = await startTestGateway();
    try {
      const token = await own.token('jane');
      const call = (): Promise<Response> =>
        fetch(`${own.url}/anthropic/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'claude-sonnet-4-5', messages: HELLO }),
        });
      const first = await Promise.all(Array.from({ length: 50 }, call));
      expect(new Set(first.map(({ status }) => status))).toEqual(new Set([200]));
      const refused = await call();
      expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([
        429,
        'rate_limited',
      ]);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(refused.headers.get('x-ratelimit-limit-requests')).toBe('50');
      expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
      expect(own.upstreamCalls()).toHaveLength(50);
    } finally {
      await own.close();
    }
  });
});
