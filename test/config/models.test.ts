import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import { load, problemsOf, SMALL } from './problems.ts';

const withLlm = (models: string, rest = '', routes = '{ /v1: { models: [fast] } }'): string =>
  SMALL.replace('{ fast: [openai/gpt-4o-mini] }', models).replace('{ /v1: { models: [fast] } }', routes) + rest;

const compile = (models: string, rest = '', routes?: string) =>
  compilePolicy(load(withLlm(models, rest, routes)).config);

describe('an alias', () => {
  test('is a list of targets, each a name or a name with a weight and a condition', () => {
    const { models } = compile(
      '{ fast: [{ target: openai/a, weight: 3 }, { target: openai/b, weight: 1, when: "llm.stream" }, openai/c/d] }',
    ).llm;
    expect(models.fast).toEqual({
      targets: [
        { provider: 'openai', model: 'a', weight: 3 },
        { provider: 'openai', model: 'b', weight: 1, when: 'llm.stream' },
        { provider: 'openai', model: 'c/d' },
      ],
    });
  });

  test('may have rules of its own, which take nothing from defaults', () => {
    const { models } = compile(
      '{ fast: { targets: [openai/a], authorization: { require: ["claims.level > 2"] } } }',
    ).llm;
    expect(models.fast).toEqual({
      targets: [{ provider: 'openai', model: 'a' }],
      authorization: { allow: [], deny: [], require: ['claims.level > 2'], default: 'deny' },
    });
  });

  test('has its claims handed on by the authorizer, those of conditions too', () => {
    const { claimsUsed } = compile(
      '{ fast: { targets: [{ target: openai/a, when: "claims.team == \'x\'" }], authorization: { deny: ["claims.guest"] } } }',
    );
    expect(claimsUsed).toEqual(['guest', 'team']);
  });

  test.each([
    ['{ fast: [{ target: opnai/a }] }', 'no provider opnai under llm.providers; did you mean openai?'],
    ['{ fast: { targets: [opnai/a] } }', 'no provider opnai under llm.providers; did you mean openai?'],
    ['{ fast: { targets: [{ target: opnai/a }] } }', 'no provider opnai under llm.providers; did you mean openai?'],
    ['{ fast: [{ target: openai }] }', 'llm.models.fast[0].target: expected provider/model'],
    ['{ fast: [{ model: openai/a }] }', 'unknown key model in llm.models.fast[0]'],
    ['{ fast: [{ target: openai/a, wieght: 1 }] }', 'did you mean weight?'],
    ['{ fast: { tragets: [openai/a] } }', 'did you mean targets?'],
    [
      '{ fast: [{ target: openai/a, weight: 0 }, { target: openai/b, weight: 1 }] }',
      'expected a whole number, 1 or more',
    ],
    ['{ fast: [{ target: openai/a, weight: 1 }, openai/b] }', 'llm.models.fast[0].weight: no neighbour has a weight'],
    [
      '{ fast: { targets: [openai/a, openai/b, { target: openai/c, weight: 1 }] } }',
      'llm.models.fast.targets[2].weight: no neighbour has a weight',
    ],
    ['{ fast: [{ target: openai/a, when: "llm.strem" }] }', 'unknown field strem; did you mean stream?'],
    ['{ fast: { targets: [{ target: openai/a, when: "1" }] } }', 'must be true or false'],
    ['{ fast: [{ target: openai/a, when: "response.code == 1" }] }', 'unknown variable response'],
    ['{ fast: { targets: [openai/a], authorization: { allow: ["principl.id"] } } }', 'unknown variable principl'],
    ['{ fast: [] }', 'a list with at least one entry'],
    [`{ fast: [openai/${'x'.repeat(510)}] }`, 'at most 512 characters'],
  ])('that is wrong is refused: %s', (models, message) => {
    expect(problemsOf(withLlm(models))).toContainEqual(expect.stringContaining(message));
  });
});

describe('a route', () => {
  const P = '{ fast: [openai/a] }';

  test('lists aliases and models of providers, with a star or without', () => {
    const { routes } = compile(P, '', '{ /v1: { models: [fast, openai/gpt-4o, "openai/gpt-5*"] } }').llm;
    expect(routes[0]?.models).toEqual(['fast', 'openai/gpt-4o', 'openai/gpt-5*']);
  });

  test('may have a model of its own', () => {
    expect(compile(P, '', '{ /v1: { provider: openai, model: gpt-4o } }').llm.routes[0]).toMatchObject({
      provider: 'openai',
      model: 'gpt-4o',
    });
  });

  test.each([
    ['{ /v1: { models: ["opnai/*"] } }', 'no provider opnai under llm.providers; did you mean openai?'],
    ['{ /v1: { models: ["*/gpt-4o"] } }', 'expected a name under models, or provider/model'],
    ['{ /v1: { models: ["*"] } }', 'expected a name under models, or provider/model'],
    ['{ /v1: { models: [slow] } }', 'no model slow under llm.models'],
    ['{ /v1: { models: [fast], model: gpt-4o } }', 'model belongs to a route with a provider'],
    ['{ /v1: { provider: openai, model: "two words" } }', "expected a provider's own name of a model"],
  ])('that is wrong is refused: %s', (routes, message) => {
    expect(problemsOf(withLlm(P, '', routes))).toContainEqual(expect.stringContaining(message));
  });
});

describe('health', () => {
  const P = '{ fast: [openai/a] }';

  test('holds for every provider, with its defaults filled in', () => {
    const of = (health: string) => compile(P, `  health: ${health}\n`).llm.providers.openai?.health;
    expect(of('{ unhealthy: "response.code >= 500" }')).toEqual({
      unhealthy: 'response.code >= 500',
      evictForMs: 30_000,
    });
    expect(of('{ unhealthy: "true", evictFor: 2m, firstByte: 800ms }')).toEqual({
      unhealthy: 'true',
      evictForMs: 120_000,
      firstByteMs: 800,
    });
    expect(compile(P).llm.providers.openai).not.toHaveProperty('health');
  });

  test.each([
    ['{ evictFor: 30s }', 'missing key unhealthy in llm.health'],
    ['{ unhealthy: "true", evictFor: 11m }', 'a duration of at most 10m'],
    ['{ unhealthy: "true", evictFor: 0s }', 'more than 0'],
    ['{ unhealthy: "true", firstByte: 21s }', 'a duration of at most 20s'],
    ['{ unhealthy: "principal.sub == \'eve\'" }', 'unknown variable principal'],
    ['{ unhealthy: "llm.stream" }', 'unknown field stream'],
    ['{ unhealthy: "response.code" }', 'must be true or false, and is int'],
  ])('that is wrong is refused: %s', (health, message) => {
    expect(problemsOf(withLlm(P, `  health: ${health}\n`))).toContainEqual(expect.stringContaining(message));
  });
});

test.each([
  ['{ kind: gemini }', 'https://generativelanguage.googleapis.com', undefined],
  ['{ kind: gemini, baseUrl: https://proxy.example/v1beta/ }', 'https://proxy.example', undefined],
  ['{ kind: bedrock, region: eu-west-1 }', 'https://bedrock-runtime.eu-west-1.amazonaws.com', 'eu-west-1'],
])('%s is at %s', (provider, baseUrl, region) => {
  const text = SMALL.replace('{ kind: openai, credential: openai-api-key }', provider);
  const compiled = compilePolicy(load(text).config).llm.providers.openai;
  expect([compiled?.baseUrl, compiled?.region]).toEqual([baseUrl, region]);
});
