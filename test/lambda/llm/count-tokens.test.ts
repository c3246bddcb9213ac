import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { estimateTokens } from '../../../lambda/llm/estimate-tokens.ts';
import { readAnthropicPrompt } from '../../../lambda/llm/wire/read-anthropic-messages.ts';
import { startTestGateway, type TestGateway } from '../../support/local-gateway.ts';

const POLICY = `
name: counting
identity:
  providers:
    okta: { kind: okta, issuer: "\${OKTA_ISSUER:-https://okta.example/oauth2/default}", audiences: [api://default] }
credentials: { anthropic-api-key: {}, openai-api-key: {} }
defaults:
  authorization: { allow: ["'llm:call' in principal.scopes"] }
llm:
  providers:
    anthropic: { kind: anthropic, credential: anthropic-api-key }
    openai: { kind: openai, credential: openai-api-key }
  models:
    smart: [anthropic/claude-haiku-4-5]
    shaky: [anthropic/sim-529, openai/gpt-4o]
  routes:
    /v1: { models: [smart, shaky] }
    /anthropic: { provider: anthropic }
    /openai: { provider: openai }
    /few: { provider: openai, rateLimits: [{ name: few, per: [principal.id], requests: 2, every: hour }] }
    /nobody: { provider: openai, authorization: { require: ["llm.model == 'gpt-5'"] } }
`;

let gateway: TestGateway;
let jane: string;
beforeAll(async () => {
  gateway = await startTestGateway(POLICY);
  jane = await gateway.token('jane');
});
afterAll(() => gateway.close());

const HELLO = {
  system: [{ type: 'text', text: 'Be kind', cache_control: { type: 'ephemeral' } }],
  messages: [{ role: 'user', content: 'hello there' }],
  tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
};

const count = async (path: string, body: object, headers: Record<string, string> = {}, method = 'POST') => {
  const response = await fetch(`${gateway.url}${path}/messages/count_tokens?beta=true`, {
    method,
    headers: {
      authorization: `Bearer ${jane}`,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      ...headers,
    },
    ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
  });
  return { response, status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe('count_tokens', () => {
  test('R144: Anthropic counts for itself, from the body as it came', async () => {
    const asked = { ...HELLO, model: 'smart' };
    const { status, body, response } = await count('/v1', asked, { 'anthropic-beta': 'a-beta, b-beta' });
    expect([status, Object.keys(body)]).toEqual([200, ['input_tokens']]);
    const sent = gateway.upstreamCalls().at(-1);
    expect(sent?.path).toBe('/anthropic/v1/messages/count_tokens');
    expect(sent?.body).toEqual({ ...asked, model: 'claude-haiku-4-5' });
    expect(sent?.headers).toMatchObject({ 'anthropic-beta': 'a-beta, b-beta', 'anthropic-version': '2023-06-01' });
    expect(response.headers.get('x-gatehouse-provider')).toBe('anthropic');
    const id = response.headers.get('x-request-id');
    expect(response.headers.get('request-id')).toBe(id);
    expect(await gateway.recordOf(id)).toMatchObject({
      surface: 'count-tokens',
      'gen_ai.operation.name': 'count_tokens',
      attempts: [{ provider: 'anthropic', outcome: 'ok' }],
    });
  });

  test('R144: for a provider that does not count there is an estimate, and nobody is asked', async () => {
    const before = gateway.upstreamCalls().length;
    const { status, body, response } = await count('/openai/v1', { ...HELLO, model: 'gpt-4o' });
    expect(status).toBe(200);
    expect(body).toEqual({ input_tokens: estimateTokens(readAnthropicPrompt(HELLO)) });
    expect(gateway.upstreamCalls()).toHaveLength(before);
    expect(await gateway.recordOf(response.headers.get('x-request-id'))).toMatchObject({ outcome: 'ok', attempts: [] });
  });

  test('the estimate stands in when the provider that counts is down', async () => {
    const { body, response } = await count('/v1', { ...HELLO, model: 'shaky' });
    expect(body.input_tokens).toBe(estimateTokens(readAnthropicPrompt(HELLO)));
    expect(response.headers.get('x-gatehouse-provider')).toBe('openai');
  });

  test('the vocabulary is left alone unless policy asks for exact counts', async () => {
    const { body } = await count('/openai/v1', { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] });
    expect(body.input_tokens).toBe(2); // With the vocabulary it would be 8.
  });

  test("refuses in Anthropic's shape what is not a prompt", async () => {
    const { status, body } = await count('/openai/v1', { model: 'gpt-4o' });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining('messages') },
      request_id: expect.stringMatching(/^req_/),
    });
    expect((await count('/openai/v1', { ...HELLO, model: 5 })).status).toBe(400);
  });

  test('asks the same rules as a call: models, authorization, limits, identity', async () => {
    expect((await count('/v1', { ...HELLO, model: 'gpt-4o' })).body).toMatchObject({
      error: { type: 'not_found_error' },
    });
    expect((await count('/nobody/v1', { ...HELLO, model: 'gpt-4o' })).body).toMatchObject({
      error: { type: 'permission_error' },
    });
    const few = { ...HELLO, model: 'gpt-4o' };
    expect(
      [await count('/few/v1', few), await count('/few/v1', few), await count('/few/v1', few)].map(
        ({ status }) => status,
      ),
    ).toEqual([200, 200, 429]);
    const { status, body } = await count('/openai/v1', few, { authorization: 'Bearer no' });
    expect([status, body.error]).toMatchObject([401, { type: 'authentication_error' }]);
  });

  test('R142: a prompt is read after authorization, and a mistake in it does not count', async () => {
    const bad = { model: 'gpt-4o', messages: [{ role: 'nobody', content: 5 }] };
    const codeOf = async (path: string, body: object) => (await count(path, body)).body;
    expect(await codeOf('/nobody/v1', bad)).toMatchObject({ error: { type: 'permission_error' } });
    expect(await codeOf('/v1', bad)).toMatchObject({ error: { type: 'not_found_error' } });
    expect(await codeOf('/few/v1', bad)).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  test("another method, or another path, is refused in the caller's shape", async () => {
    const { status, body } = await count('/openai/v1', {}, {}, 'GET');
    expect([status, body.type]).toEqual([405, 'error']);
    expect((await count('/nowhere/v1', {})).body).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
    const stranger = await fetch(`${gateway.url}/nowhere`);
    expect(await stranger.json()).toMatchObject({ error: { code: 'route_not_found' } });
  });
});
