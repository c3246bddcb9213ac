import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../config/compile.ts';
import { loadGatewayConfig } from '../../../config/load.ts';
import { ANONYMOUS, type Principal } from '../../../lambda/core/principal.ts';
import { targetsOf } from '../../../lambda/llm/targets.ts';
import { chatCall } from '../../support/chat-calls.ts';

const policyOf = (models: string, route: string) => {
  const yaml = `
name: test
defaults: { auth: none }
llm:
  providers:
    a: { kind: openai }
    b: { kind: anthropic }
  models: ${models}
  routes: { /v1: ${route} }
`;
  const { llm } = compilePolicy(loadGatewayConfig(yaml, { file: 'gateway.yaml', env: {} }).config);
  const [found] = llm.routes;
  if (found === undefined) throw new Error('no route');
  return { llm, route: found };
};

const by = (claims: Principal['claims'], more: object = {}) =>
  chatCall({}, { principal: { ...ANONYMOUS, claims }, ...more });

/** The targets of a call as `provider/model`, short. */
const ask = (models: string, call: Parameters<typeof targetsOf>[2] = chatCall({}), route = '{ models: [smart] }') => {
  const policy = policyOf(models, route);
  return targetsOf(policy.llm, policy.route, call)
    .map(({ provider, model }) => `${provider}/${model}`)
    .join(' ');
};

const drawn = (number: number) => ({ ...chatCall({}), drawn: number });

describe('an alias', () => {
  test('is asked for in the order in which it is written', () => {
    expect(ask('{ smart: [a/x, b/y, a/z] }')).toBe('a/x b/y a/z');
    expect(ask('{ smart: { targets: [a/x, b/y] } }')).toBe('a/x b/y');
  });

  test('that the route does not list is not served, nor is one that nobody declared', () => {
    expect(ask('{ smart: [a/x], fast: [b/y] }', chatCall({}, { model: 'fast' }))).toBe('');
    for (const model of ['constructor', '__proto__', 'toString', '']) {
      expect(ask('{ smart: [a/x] }', chatCall({}, { model }))).toBe('');
    }
  });
});

describe('a condition', () => {
  const TEAM = `{ smart: [{ target: a/x, when: "claims.team == 'gold'" }, b/y] }`;

  test('leaves its target out unless it is true', () => {
    expect(ask(TEAM, by({ team: 'gold' }))).toBe('a/x b/y');
    expect(ask(TEAM, by({ team: 'tin' }))).toBe('b/y');
  });

  test('that fails does not hold', () => {
    expect(ask(TEAM, by({}))).toBe('b/y');
    expect(ask('{ smart: [{ target: a/x, when: "claims.level > 1 || claims.other == 2" }] }', by({}))).toBe('');
  });

  test('does not hold for whom nothing but the model is known', () => {
    expect(ask('{ smart: [{ target: a/x, when: "true" }, b/y] }', 'smart')).toBe('b/y');
  });

  test('sees the call, and its own target as the provider', () => {
    const both = (when: string) => `{ smart: [{ target: a/x, when: "${when}" }, { target: b/y, when: "${when}" }] }`;
    expect(ask(both("llm.provider == 'b'"))).toBe('b/y');
    expect(ask(both("llm.model == 'smart' && llm.route == '/v1' && llm.surface == 'openai-chat'"))).toBe('a/x b/y');
    expect(ask(both('llm.stream'), chatCall({ stream: true }))).toBe('a/x b/y');
    expect(ask(both('llm.stream'), chatCall({}))).toBe('');
  });

  test('on every target can leave nobody: the route does not serve the model to this caller', () => {
    expect(ask('{ smart: [{ target: a/x, when: "false" }] }')).toBe('');
  });
});

describe('weights', () => {
  const SPLIT = '{ smart: [{ target: a/x, weight: 3 }, { target: b/y, weight: 1 }, a/z] }';

  test('draw one of the neighbours that have them; the others follow in their order', () => {
    expect(ask(SPLIT, drawn(0))).toBe('a/x b/y a/z');
    expect(ask(SPLIT, drawn(0.7499))).toBe('a/x b/y a/z');
    expect(ask(SPLIT, drawn(0.75))).toBe('b/y a/x a/z');
    expect(ask(SPLIT, drawn(0.9999))).toBe('b/y a/x a/z');
  });

  test('hold as a share of the calls', () => {
    const first = Array.from({ length: 1_000 }, (_, i) => ask(SPLIT, drawn(i / 1_000)).split(' ')[0]);
    expect(first.filter((one) => one === 'a/x')).toHaveLength(750);
    expect(first.filter((one) => one === 'b/y')).toHaveLength(250);
  });

  test('never put a target before one that stands before the neighbours', () => {
    const models = '{ smart: [a/w, { target: a/x, weight: 1 }, { target: b/y, weight: 1 }, b/z] }';
    expect(ask(models, drawn(0.9))).toBe('a/w b/y a/x b/z');
  });

  test('are drawn among those whose condition holds', () => {
    const models = `{ smart: [{ target: a/x, weight: 8, when: "llm.stream" }, { target: b/y, weight: 1 }, { target: a/z, weight: 1 }] }`;
    expect(ask(models, drawn(0.4))).toBe('b/y a/z');
    expect(ask(models, drawn(0.6))).toBe('a/z b/y');
    expect(ask(models, { ...chatCall({ stream: true }), drawn: 0.4 })).toBe('a/x b/y a/z');
  });
});

describe('a provider before the model’s name', () => {
  const served = (model: string, entries: string) =>
    ask('{ smart: [a/x] }', chatCall({}, { model }), `{ models: [smart, ${entries}] }`);

  test('is served where the route lists it, by name or by a star', () => {
    expect(served('b/claude-sonnet-4-5', 'b/claude-sonnet-4-5')).toBe('b/claude-sonnet-4-5');
    expect(served('b/claude-sonnet-4-5', '"b/*"')).toBe('b/claude-sonnet-4-5');
    expect(served('b/claude-sonnet-4-5', '"b/claude-*-5"')).toBe('b/claude-sonnet-4-5');
    expect(served('a/org/model:v1', '"a/*"')).toBe('a/org/model:v1');
  });

  test.each([
    ['b/claude-opus-4', 'b/claude-sonnet-4-5'],
    ['b/claude-sonnet-4-5-x', 'b/claude-sonnet-4-5'],
    ['b/opus', '"b/claude-*"'],
    ['a/gpt-4o', '"b/*"'],
    ['c/gpt-4o', '"b/*"'],
    ['b/', '"b/*"'],
    ['/b/x', '"b/*"'],
    ['b', '"b/*"'],
    ['B/x', '"b/*"'],
    ['claude-sonnet-4-5', '"b/*"'],
    ['b/*', 'b/x'],
  ])('%s is not served by %s', (model, entries) => {
    expect(served(model, entries)).toBe('');
  });

  test('is not served because an alias leads there', () => {
    expect(served('a/x', '"b/*"')).toBe('');
  });

  test('is the provider’s own business on a route with a provider', () => {
    const route = '{ provider: a, fallbacks: [b/y] }';
    expect(ask('{ smart: [a/x] }', chatCall({}, { model: 'b/y' }), route)).toBe('a/b/y b/y');
  });
});

test('a route with a model of its own asks for that, whatever the caller named', () => {
  const route = '{ provider: a, model: gpt-4o-mini, fallbacks: [b/y] }';
  for (const model of ['gpt-5', 'smart', 'b/y']) {
    expect(ask('{ smart: [a/x] }', chatCall({}, { model }), route)).toBe('a/gpt-4o-mini b/y');
  }
});
