import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import { load, SMALL, shipped } from './problems.ts';

const compile = (text: string) => compilePolicy(load(text).config);

const withDefaults = (defaults: string, routes: string) =>
  compile(SMALL.replace(/defaults:.*\n/, `defaults: ${defaults}\n`).replace('{ /v1: { models: [fast] } }', routes)).llm
    .routes;

const LIMIT = '{ name: d, per: [principal.id], requests: 5, every: hour }';
const DEFAULTS = `{ auth: optional, limitsFailure: open, rateLimits: [${LIMIT}], authorization: { allow: ["1 == 1"], deny: ["1 == 2"], require: ["1 == 3"], default: allow } }`;

describe('a route', () => {
  test('has what defaults say where it says nothing itself', () => {
    const [route] = withDefaults(DEFAULTS, '{ /a: { provider: openai } }');
    expect(route).toEqual({
      path: '/a',
      basePath: '/a/v1',
      auth: 'optional',
      authorization: { allow: ['1 == 1'], deny: ['1 == 2'], require: ['1 == 3'], default: 'allow' },
      rateLimits: [{ name: 'd', per: ['principal.id'], requests: 5, windowSeconds: 3_600 }],
      limitsFailure: 'open',
      provider: 'openai',
      fallbacks: [],
    });
  });

  test('wins key by key: lists as a whole, authorization one level down', () => {
    const [route] = withDefaults(
      DEFAULTS,
      '{ /a: { provider: openai, auth: strict, limitsFailure: closed, rateLimits: [], authorization: { deny: [], require: ["2 == 2"] } } }',
    );
    expect(route).toMatchObject({
      auth: 'strict',
      limitsFailure: 'closed',
      rateLimits: [],
      authorization: { allow: ['1 == 1'], deny: [], require: ['2 == 2'], default: 'allow' },
    });
  });

  test('that is public inherits no rules about callers, and allows', () => {
    const [plain, own] = withDefaults(
      DEFAULTS,
      '{ /a: { provider: openai, auth: none }, /b: { provider: openai, auth: none, authorization: { deny: ["true"], default: deny } } }',
    );
    expect(plain?.authorization).toEqual({ allow: [], deny: [], require: [], default: 'allow' });
    expect(plain?.rateLimits).toHaveLength(1);
    expect(own?.authorization).toEqual({ allow: [], deny: ['true'], require: [], default: 'deny' });
  });

  test('is strict, closed and refuses where nobody says anything', () => {
    const [route] = withDefaults('{}', '{ /v1: { models: [fast] } }');
    expect(route).toMatchObject({
      auth: 'strict',
      limitsFailure: 'closed',
      rateLimits: [],
      basePath: '/v1',
      models: ['fast'],
    });
    expect(route?.authorization).toEqual({ allow: [], deny: [], require: [], default: 'deny' });
    expect(route).not.toHaveProperty('provider');
  });

  test.each([
    ['minute', 60],
    ['hour', 3_600],
    ['day', 86_400],
    ['month', 2_592_000],
  ])('counts in windows of seconds: %s', (every, windowSeconds) => {
    const [route] = withDefaults(`{ rateLimits: [${LIMIT.replace('hour', every)}] }`, '{ /a: { provider: openai } }');
    expect(route?.rateLimits[0]?.windowSeconds).toBe(windowSeconds);
  });
});

describe('a provider', () => {
  const baseUrl = (provider: string): string | undefined =>
    compile(SMALL.replace('{ kind: openai, credential: openai-api-key }', provider)).llm.providers.openai?.baseUrl;

  test.each([
    ['{ kind: openai }', 'https://api.openai.com/v1'],
    ['{ kind: anthropic }', 'https://api.anthropic.com'],
    ['{ kind: openai, baseUrl: https://proxy.example/openai/v1/ }', 'https://proxy.example/openai/v1'],
    ['{ kind: anthropic, baseUrl: https://proxy.example/v1/ }', 'https://proxy.example'],
    ['{ kind: anthropic, baseUrl: https://proxy.example/anthropic }', 'https://proxy.example/anthropic'],
    ['{ kind: openai-compatible, baseUrl: http://127.0.0.1:8000/v1// }', 'http://127.0.0.1:8000/v1'],
  ])('%s is at %s', (provider, url) => {
    expect(baseUrl(provider)).toBe(url);
  });

  test('has time limits in milliseconds, each with a default', () => {
    const of = (timeouts: string) =>
      compile(SMALL.replace('kind: openai,', `kind: openai, ${timeouts}`)).llm.providers.openai?.timeouts;
    expect(of('')).toEqual({ connectMs: 5_000, firstByteMs: 60_000, wholeMs: 600_000, idleMs: 120_000 });
    expect(of('timeouts: { connect: 250ms, firstByte: 2m, idle: 1h },')).toEqual({
      connectMs: 250,
      firstByteMs: 120_000,
      idleMs: 3_600_000,
    });
  });

  test('has a credential or none', () => {
    expect(compile(SMALL).llm.providers.openai?.credential).toBe('openai-api-key');
    expect(compile(SMALL.replace(', credential: openai-api-key', '')).llm.providers.openai).not.toHaveProperty(
      'credential',
    );
  });
});

test('a target is split at its first slash', () => {
  const { models } = compile(SMALL.replace('openai/gpt-4o-mini', 'openai/org/model:v1')).llm;
  expect(models.fast).toEqual({ targets: [{ provider: 'openai', model: 'org/model:v1' }] });
});

test('identity has its defaults filled in', () => {
  const { identity, credentials } = compile(
    SMALL.replace('identity: {', `identity: { apiKeys: { bot: { sha256: ${'AB'.repeat(32)}, claims: { team: x } } },`),
  );
  expect(identity).toEqual({
    providers: [
      {
        name: 'okta',
        kind: 'okta',
        issuer: 'https://okta.example',
        audiences: ['a'],
        algorithms: ['RS256', 'ES256'],
        clockSkewSeconds: 30,
        claims: {},
      },
    ],
    apiKeys: [{ name: 'bot', sha256: 'ab'.repeat(32), scopes: [], roles: [], groups: [], claims: { team: 'x' } }],
  });
  expect(credentials).toEqual(['openai-api-key']);
});

describe('claims used', () => {
  const used = (defaults: string) => compile(SMALL.replace(/defaults:.*\n/, `defaults: ${defaults}\n`)).claimsUsed;

  test('are those of every expression, once, in order', () => {
    expect(
      used(
        "{ authorization: { allow: [\"claims.team == 'x'\"], deny: [\"jwt['cost-center'] == 'y'\"] }, rateLimits: [{ name: l, per: [claims.org, claims.team], requests: 1, every: day }] }",
      ),
    ).toEqual(['cost-center', 'org', 'team']);
  });

  test('are all of them where one is read by a computed name', () => {
    expect(used('{ authorization: { allow: ["claims[principal.sub] == 1"] } }')).toContain('*');
  });

  test('are not those of defaults that no route has', () => {
    expect(
      compile(
        SMALL.replace("'llm:call' in principal.scopes", 'claims.a').replace(
          'models: [fast]',
          'models: [fast], auth: none',
        ),
      ).claimsUsed,
    ).toEqual([]);
  });
});

describe('the version', () => {
  const { version } = compile(shipped);

  test('is twelve hex digits, the same for the same policy', () => {
    expect(version).toMatch(/^[0-9a-f]{12}$/);
    expect(compile(shipped).version).toBe(version);
  });

  test('does not depend on comments or on the order of keys', () => {
    const reordered = shipped.replace(
      'kind: openai, credential: openai-api-key',
      'credential: openai-api-key, kind: openai',
    );
    expect(reordered).not.toBe(shipped);
    expect(compile(`${reordered}# a comment\n`).version).toBe(version);
  });

  test.each([
    ['requests: 50', 'requests: 51'],
    ['[openai/gpt-4o-mini, anthropic/claude-haiku-4-5]', '[anthropic/claude-haiku-4-5, openai/gpt-4o-mini]'],
    ['limitsFailure: closed', 'limitsFailure: open'],
  ])('changes with what decides: %s → %s', (from, to) => {
    expect(compile(shipped.replace(from, to)).version).not.toBe(version);
  });
});

test('the compiled policy is plain JSON', () => {
  const policy = compile(shipped);
  expect(JSON.parse(JSON.stringify(policy))).toEqual(policy);
});
