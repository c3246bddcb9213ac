import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CallRecord } from '../../lambda/telemetry/record.ts';
import { startTestGateway, type TestGateway } from '../support/local-gateway.ts';

const POLICY = `
name: prices
identity:
  providers:
    okta: { kind: okta, issuer: "\${OKTA_ISSUER:-https://okta.example/oauth2/default}", audiences: [api://default] }
credentials: { anthropic-api-key: {}, openai-api-key: {}, xai-api-key: {} }
defaults:
  authorization: { allow: ["'llm:call' in principal.scopes"] }
llm:
  providers:
    anthropic: { kind: anthropic, credential: anthropic-api-key, prices: { "sim-*": { input: 1, output: 1 } } }
    openai: { kind: openai, credential: openai-api-key }
    xai: { kind: openai-compatible, baseUrl: https://api.x.ai/v1, credential: xai-api-key }
    own: { kind: openai-compatible, baseUrl: https://models.example/v1, credential: xai-api-key, prices: { "grok-*": { input: 1, output: 2 } } }
    nobody: { kind: openai-compatible, baseUrl: https://models.example/v1, credential: xai-api-key }
  models:
    shaky: [anthropic/sim-529, openai/gpt-4o]
  routes:
    /v1: { models: [shaky] }
    /anthropic: { provider: anthropic }
    /openai: { provider: openai }
    /xai: { provider: xai }
    /own: { provider: own }
    /nobody: { provider: nobody }
    /shaped/anthropic:
      provider: anthropic
      enrich:
        prepend: [{ role: system, content: "Serve {{principal.sub}} on {{route}}" }]
        append: [{ role: system, content: "Be brief" }]
      promptCaching: { minTokens: 1 }
    /shaped/openai: { provider: openai, enrich: { prepend: [{ role: system, content: "Serve {{principal.sub}} on {{route}}" }] }, promptCaching: { minTokens: 1 } }
`;

let gateway: TestGateway;
let jane: string;
beforeAll(async () => {
  gateway = await startTestGateway(POLICY);
  jane = await gateway.token('jane');
});
afterAll(() => gateway.close());

interface Answered {
  readonly record: CallRecord;
  readonly headers: Headers;
  readonly body: string;
}

const call = async (path: string, body: object): Promise<Answered> => {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${jane}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    record: await gateway.recordOf(response.headers.get('x-request-id')),
    headers: response.headers,
    body: text,
  };
};

const HELLO = [{ role: 'user', content: 'hello there, tell me about prices' }];

describe('what a call costs', () => {
  test.each([
    ['/anthropic/v1/chat/completions', 'claude-sonnet-4-5', 3, 15],
    ['/anthropic/v1/messages', 'claude-sonnet-4-5', 3, 15],
    ['/openai/v1/chat/completions', 'gpt-4o', 2.5, 10],
    ['/openai/v1/messages', 'gpt-4o', 2.5, 10],
    ['/own/v1/chat/completions', 'grok-4', 1, 2],
    ['/v1/chat/completions', 'shaky', 2.5, 10],
  ])('on %s with %s is the same streamed or not, and it is usage times price', async (path, model, input, output) => {
    const asked = { model, messages: HELLO, max_tokens: 500 };
    const whole = await call(path, asked);
    const streamed = await call(path, { ...asked, stream: true });
    const used = (name: string) => Number(whole.record[name as 'gen_ai.usage.input_tokens']);
    const cost = (used('gen_ai.usage.input_tokens') * input + used('gen_ai.usage.output_tokens') * output) / 1e6;
    expect(cost).toBeGreaterThan(0);
    expect(whole.record.cost_usd).toBeCloseTo(Math.ceil(Number((cost * 1e6).toFixed(3))) / 1e6, 9);
    expect(streamed.record.cost_usd).toBe(whole.record.cost_usd);
    expect(streamed.record.price_version).toBe(whole.record.price_version);
    expect(whole.record.price_version).toMatch(path.startsWith('/own') ? /^policy$/ : /^genai-prices \d/);
    expect(Number(whole.headers.get('x-gatehouse-cost-usd'))).toBe(whole.record.cost_usd);
    expect(streamed.headers.has('x-gatehouse-cost-usd')).toBe(false);
  });

  test('is unknown, not 0, for a model without a price', async () => {
    const { record, headers } = await call('/nobody/v1/chat/completions', { model: 'grok-4', messages: HELLO });
    expect(record['gen_ai.usage.output_tokens']).toBeGreaterThan(0);
    expect(record).not.toHaveProperty('cost_usd');
    expect(record).not.toHaveProperty('price_version');
    expect(headers.has('x-gatehouse-cost-usd')).toBe(false);
  });

  test('of a stream that is cut off is that of what was produced', async () => {
    const { record, body } = await call('/anthropic/v1/chat/completions', {
      model: 'sim-cut',
      messages: HELLO,
      stream: true,
    });
    expect(body).not.toContain('[DONE]');
    expect(record).toMatchObject({ outcome: 'failed', reason: 'upstream_truncated', price_version: 'policy' });
    const used = (record['gen_ai.usage.input_tokens'] ?? 0) + (record['gen_ai.usage.output_tokens'] ?? 0);
    expect(used).toBeGreaterThan(0);
    expect(record.cost_usd).toBe(used / 1e6);
  });
});

describe('what the policy adds', () => {
  const upstream = () => gateway.upstreamCalls().at(-1)?.body as Record<string, unknown>;

  test('reaches Anthropic in its own dialect, and every other member passes as it came', async () => {
    const asked = {
      model: 'claude-sonnet-4-5',
      max_tokens: 50,
      system: 'Own words',
      messages: HELLO,
      metadata: { user_id: 'u' },
    };
    await call('/shaped/anthropic/v1/messages', asked);
    const { sub } = gateway.records().at(-1)?.principal ?? { sub: '' };
    expect(upstream()).toEqual({
      ...asked,
      system: [
        { type: 'text', text: `Serve ${sub} on /shaped/anthropic` },
        { type: 'text', text: 'Own words' },
        { type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral' } },
      ],
    });
  });

  test('reaches Anthropic from a caller of OpenAI', async () => {
    const messages = [{ role: 'system', content: 'Own words' }, ...HELLO];
    await call('/shaped/anthropic/v1/chat/completions', { model: 'claude-sonnet-4-5', messages });
    expect(upstream().system).toEqual([
      { type: 'text', text: expect.stringMatching(/^Serve \S+ on \/shaped\/anthropic$/) },
      { type: 'text', text: 'Own words' },
      { type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral' } },
    ]);
  });

  test('reaches OpenAI in its own dialect, without marks that it would refuse', async () => {
    const asked = { model: 'gpt-4o', messages: HELLO, seed: 7, logit_bias: {} };
    const { record } = await call('/shaped/openai/v1/chat/completions', asked);
    expect(record.status).toBe(200);
    expect(upstream()).toEqual({
      ...asked,
      messages: [{ role: 'system', content: `Serve ${record.principal?.sub} on /shaped/openai` }, ...HELLO],
    });
  });

  test('counts when tokens are counted', async () => {
    const asked = { model: 'claude-sonnet-4-5', messages: HELLO };
    const plain = JSON.parse((await call('/anthropic/v1/messages/count_tokens', asked)).body).input_tokens;
    const shaped = JSON.parse((await call('/shaped/anthropic/v1/messages/count_tokens', asked)).body).input_tokens;
    expect(shaped).toBeGreaterThan(plain);
  });
});
