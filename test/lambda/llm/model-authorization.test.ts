import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../config/compile.ts';
import { loadGatewayConfig } from '../../../config/load.ts';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { pipeline } from '../../../lambda/core/pipeline.ts';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { namedModels } from '../../../lambda/llm/model-authorization.ts';
import type { LlmPorts } from '../../../lambda/llm/ports.ts';
import { llmStages } from '../../../lambda/llm/stages.ts';
import { memoryLimitCounter } from '../../../local/memory/limit-counter.ts';
import { memoryProviderHealth } from '../../../local/memory/provider-health.ts';
import { chatCall } from '../../support/chat-calls.ts';

const YAML = `
name: test
defaults:
  auth: none
  authorization: { deny: ["'guest' in principal.roles"], default: allow }
  rateLimits: [{ name: calls, per: [llm.model, llm.provider], requests: 2, every: minute }]
llm:
  providers: { a: { kind: openai }, b: { kind: anthropic } }
  models:
    fast: [a/x]
    smart: { targets: [b/y, a/x], authorization: { require: ["'staff' in principal.roles", "llm.provider == 'b'"] } }
    closed: { targets: [b/y], authorization: {} }
    split: [{ target: a/x, weight: 1 }, { target: b/y, weight: 1 }]
  routes:
    /v1: { models: [fast, smart, closed, split, a/gpt-4o, "b/*"], authorization: { deny: ["'guest' in principal.roles"], default: allow } }
    /a: { provider: a }
    /fixed: { provider: a, model: gpt-4o }
`;

const { llm } = compilePolicy(loadGatewayConfig(YAML, { file: 'gateway.yaml', env: {} }).config);

const routeAt = (path: string) => {
  const route = llm.routes.find((one) => one.path === path);
  if (route === undefined) throw new Error(`no route ${path}`);
  return route;
};

const clock = () => 1_800_000_000_000;
const portsWith = (numbers: number[]): LlmPorts => ({
  identify: () => Promise.reject(new Refusal('token_rejected')),
  counter: memoryLimitCounter(clock),
  credentials: { read: async () => new Hidden('') },
  send: () => Promise.reject(new Error('nothing is sent here')),
  health: memoryProviderHealth(clock),
  records: { write: () => {} },
  clock,
  newId: () => 'id',
  random: () => numbers.shift() ?? 0,
  logBug: () => {},
});

/** Through every stage: what it says, or why it was refused. */
const call = async (model: string, roles: readonly string[], path = '/v1', ports = portsWith([])) => {
  const one = chatCall({}, { model, principal: { ...ANONYMOUS, roles }, drawn: ports.random() });
  const handle = pipeline(llmStages(llm, routeAt(path), ports), async () => {
    throw new Refusal('upstream_failed'); // It got to the provider.
  });
  const code: string = await handle(one).then(
    () => 'answered',
    (thrown: Refusal) => thrown.code,
  );
  return { code, decisions: one.facts.decisions };
};

describe('an alias with rules of its own', () => {
  test('is for those whom its rules allow, on top of the route’s', async () => {
    expect((await call('smart', ['staff'])).code).toBe('upstream_failed');
    expect((await call('smart', [])).code).toBe('not_allowed');
    expect((await call('smart', ['staff', 'guest'])).code).toBe('not_allowed');
    expect((await call('fast', [])).code).toBe('upstream_failed');
  });

  test('says in the record which rule it was', async () => {
    const { decisions } = await call('smart', []);
    expect(decisions.at(-1)).toEqual({
      stage: 'authorization',
      result: 'deny',
      rule: "require: 'staff' in principal.roles",
    });
  });

  test('without any is for nobody', async () => {
    expect((await call('closed', ['staff'])).code).toBe('not_allowed');
  });

  test('means nothing where a provider’s own model has its name', async () => {
    expect((await call('smart', [], '/a')).code).toBe('upstream_failed');
  });

  test('does not stand before a model that the route lists itself', async () => {
    expect((await call('b/y', [])).code).toBe('upstream_failed');
  });

  test('refuses before anything is counted', async () => {
    const ports = portsWith([]);
    for (let i = 0; i < 5; i++) await call('smart', [], '/v1', ports);
    expect((await call('smart', ['staff'], '/v1', ports)).code).toBe('upstream_failed');
  });
});

describe('what stages see of a call', () => {
  test('is the provider that was drawn for it', async () => {
    // Two calls for each provider fit into the limits; the draws alternate.
    const ports = portsWith([0, 0.9, 0, 0.9, 0]);
    const codes: string[] = [];
    for (let i = 0; i < 5; i++) codes.push((await call('split', [], '/v1', ports)).code);
    expect(codes).toEqual([...Array(4).fill('upstream_failed'), 'rate_limited']);
  });

  test('is the route’s own model where it has one: another name is not another counter', async () => {
    const ports = portsWith([]);
    const codes: string[] = [];
    for (const model of ['one', 'two', 'three']) codes.push((await call(model, [], '/fixed', ports)).code);
    expect(codes).toEqual(['upstream_failed', 'upstream_failed', 'rate_limited']);
  });
});

test('a caller is told of the aliases it may use and of the models that are listed by name', () => {
  const names = namedModels(llm, routeAt('/v1'));
  const by = (roles: readonly string[]) => names(chatCall({}, { principal: { ...ANONYMOUS, roles } }));
  expect(by(['staff'])).toEqual(['fast', 'smart', 'split', 'a/gpt-4o']);
  expect(by([])).toEqual(['fast', 'split', 'a/gpt-4o']);
});
