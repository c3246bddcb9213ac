import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LlmGateway, startLlmGateway } from '../support/llm-gateway.ts';

let gateway: LlmGateway;
beforeAll(async () => {
  gateway = await startLlmGateway(
    (simulators) => `
  providers:
    anthropic: { kind: anthropic, baseUrl: "${simulators}/anthropic", credential: key }
    openai: { kind: openai, baseUrl: "${simulators}/openai/v1", credential: key }
  models:
    cond: [{ target: anthropic/claude-sonnet-4-5, when: "request.headers['x-team'] == 'gold'" }, openai/gpt-4o]
    split: [{ target: anthropic/claude-sonnet-4-5, weight: 1 }, { target: openai/gpt-4o, weight: 1 }]
    vip: { targets: [openai/gpt-4o], authorization: { require: ["request.headers['x-team'] == 'gold'"] } }
  routes:
    /v1: { models: [cond, split, vip, "anthropic/*"] }
    /fixed: { provider: openai, model: gpt-4o-mini }
`,
  );
});
afterAll(() => gateway.close());
const ask = async (model: string, headers: Record<string, string> = {}, base = '/v1') => {
  const a = await fetch(`${gateway.url}${base}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  });
  const body = (await a.json()) as { model?: string; error?: { code: string } };
  return [a.status, a.headers.get('x-gatehouse-provider') ?? body.error?.code, body.model];
};
test('conditions', async () => {
  expect(await ask('cond', { 'x-team': 'gold' })).toEqual([200, 'anthropic', expect.anything()]);
  expect(await ask('cond')).toEqual([200, 'openai', expect.anything()]);
});
test('weights', async () => {
  const by = [];
  for (let i = 0; i < 60; i++) by.push((await ask('split'))[1]);
  expect(by.filter((x) => x === 'openai').length).toBeGreaterThan(10);
  expect(by.filter((x) => x === 'anthropic').length).toBeGreaterThan(10);
});
test('authorization, prefix, override', async () => {
  expect(await ask('vip')).toEqual([403, 'not_allowed', undefined]);
  expect((await ask('vip', { 'x-team': 'gold' }))[0]).toBe(200);
  expect(await ask('anthropic/claude-haiku-4-5')).toEqual([200, 'anthropic', 'claude-haiku-4-5']);
  expect((await ask('openai/gpt-4o'))[0]).toBe(404);
  expect(await ask('whatever', {}, '/fixed/v1')).toEqual([200, 'openai', expect.stringContaining('gpt-4o-mini')]);
});
