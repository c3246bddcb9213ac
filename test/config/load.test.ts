// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what the file writes
import { describe, expect, test } from '@jest/globals';
import type { ConfigError } from '../../config/load.ts';
import { load, problemsOf, SMALL, shipped } from './problems.ts';

const inShipped = (from: string, to: string): readonly string[] => {
  if (!shipped.includes(from)) throw new Error(`gateway.yaml does not hold ${from}`);
  return problemsOf(shipped.replace(from, to));
};

describe('the shipped policy', () => {
  test('loads without an environment and without a warning', () => {
    const { config, warnings } = load(shipped);
    expect(config.name).toBe('gatehouse');
    expect(warnings).toEqual([]);
  });

  test('points editors at the schema in its first line', () => {
    expect(shipped.split('\n')[0]).toBe('# yaml-language-server: $schema=./config/schema.json');
  });
});

describe('a misspelt key', () => {
  test('is named with file, line and column, and the name that was meant', () => {
    const line = shipped.split('\n').findIndex((text) => text.startsWith('  rateLimits:')) + 1;
    expect(inShipped('\n  rateLimits:', '\n  rateLimit:')).toEqual([
      `gateway.yaml:${line}:3: unknown key rateLimit in defaults; did you mean rateLimits?`,
    ]);
  });

  test('does not make complaints of what stands under it, nor hide them', () => {
    expect(inShipped('\n  providers: # the', '\n  provders: # the')).toHaveLength(1);
    expect(inShipped('\ncredentials:', '\ncredentails:')).toHaveLength(1);
    const problems = problemsOf(
      SMALL.replace('providers: { openai: { kind: openai,', 'provders: { openai: { kind: opnai,'),
    );
    expect(problems).toEqual([
      expect.stringContaining('unknown key provders in llm; did you mean providers?'),
      expect.stringContaining('found "opnai"; did you mean openai?'),
    ]);
  });

  test('without a near name gets the list of what is accepted', () => {
    expect(problemsOf(`${SMALL}zebra: 1\n`)).toEqual([
      'gateway.yaml:9:1: unknown key zebra at the top; accepted: name, identity, credentials, defaults, guardrails, llm, mcp, agents, tokens, decisions, telemetry, deployment',
    ]);
  });

  test('in an entry chosen by its kind gets the keys of that kind', () => {
    expect(problemsOf(SMALL.replace('credential: openai', 'credentail: openai'))).toEqual([
      'gateway.yaml:6:40: unknown key credentail in llm.providers.openai; did you mean credential?',
    ]);
    expect(
      problemsOf(`${SMALL}mcp: { servers: { a: { openapi: x, baseUrl: https://a.example, inclde: {} } } }\n`),
    ).toContainEqual(expect.stringContaining('unknown key inclde in mcp.servers.a; did you mean include?'));
  });
});

describe('a wrong value', () => {
  test.each([
    [
      'auth: strict',
      'auth: strikt',
      'defaults.auth: expected one of strict, optional, none, found "strikt"; did you mean strict?',
    ],
    ['requests: 50', 'requests: 0', 'defaults.rateLimits[0].requests: expected a whole number, 1 or more, found 0'],
    ['requests: 50', 'requests: 1.5', 'expected a whole number, found 1.5'],
    ['requests: 50', 'requests: many', 'expected a whole number, found "many"'],
    ['every: minute }\n  limits', 'every: minutes }\n  limits', 'found "minutes"; did you mean minute?'],
    [
      'requests: 50, every: minute',
      'requests: 50',
      'missing key every in defaults.rateLimits[0]: expected one of minute, hour, day, month',
    ],
    ['requests: 50, ', '', 'defaults.rateLimits[0]: expected requests or tokens, found neither'],
    [
      'per: [principal.id, principal.actor.sub]',
      'per: []',
      'expected a list with at least one entry, found an empty list',
    ],
    [
      'kind: okta',
      'kind: octa',
      'expected one of okta, auth0, entra, keycloak, oidc, found "octa"; did you mean okta?',
    ],
    ['audiences: [api://default]', 'audiences: []', 'expected a list with at least one entry, found an empty list'],
    ['audiences: [api://default]', 'audiences: [a]\n      algorithms: [HS256]', 'found "HS256"'],
    [
      'audiences: [api://default]',
      'audiences: [a]\n      clockSkew: 61s',
      'expected a duration of at most 60s, found "61s"',
    ],
    [
      'audiences: [api://default]',
      'audiences: [a]\n      claims: { role: x }',
      'unknown key role in identity.providers.okta.claims; did you mean roles?',
    ],
    ['baseUrl: https://api.x.ai/v1, ', '', 'missing key baseUrl in llm.providers.xai'],
    ['baseUrl: https://api.x.ai/v1', 'baseUrl: ftp://api.x.ai', 'expected an http:// or https:// URL'],
    [
      'kind: openai,',
      'kind: openai, timeouts: { connect: soon },',
      'expected a duration such as 500ms, 30s, 5m or 1h, found "soon"',
    ],
    ['kind: openai,', 'kind: openai, timeouts: { connect: 0s },', 'more than 0, found "0s"'],
    [
      'fast: [openai/gpt-4o-mini,',
      'fast: [gpt-4o-mini,',
      'expected provider/model, as in openai/gpt-4o, found "gpt-4o-mini"',
    ],
    ['/xai: ', 'xai: ', 'xai in llm.routes: expected a path such as /anthropic'],
    ['/xai: ', '/xai/: ', '/xai/ in llm.routes: expected a path such as /anthropic'],
    ['/xai: ', '"/{proxy+}": ', 'expected a path such as /anthropic'],
    [
      'name: gatehouse',
      'name: Gate House',
      'name: expected a name of lower-case letters, digits and hyphens, a letter first, found "Gate House"',
    ],
    ['name: gatehouse', 'name: 7-eleven', 'a letter first, found "7-eleven"'],
    ['name: gatehouse\n', '', 'missing key name at the top'],
  ])('%s → %s', (from, to, message) => {
    expect(inShipped(from, to)).toEqual([expect.stringContaining(message)]);
  });

  test('points at the value, not at the key', () => {
    const [line = ''] = shipped.split('\n').filter((text) => text.includes('auth: strict'));
    expect(inShipped('auth: strict', 'auth: strikt')[0]).toContain(`:${line.indexOf('strict') + 1}: `);
  });

  test.each([
    ['', 'found nothing'],
    ['[]', 'found an empty list'],
    ['just text', 'found "just text"'],
    ['# only a comment', 'found nothing'],
  ])('a file that is %j as a whole', (text, message) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(`the file: expected a map, ${message}`)]);
  });
});

describe('a name that points nowhere', () => {
  test.each([
    [
      'provider: anthropic,',
      'provider: antropic,',
      'no provider antropic under llm.providers; did you mean anthropic?',
    ],
    ['models: [fast, smart]', 'models: [fats, smart]', 'no model fats under llm.models; did you mean fast?'],
    [
      'fallbacks: [openai/gpt-4o]',
      'fallbacks: [opena/gpt-4o]',
      'no provider opena under llm.providers; did you mean openai?',
    ],
    [
      '[openai/gpt-4o-mini,',
      '[mistral/large,',
      'no provider mistral under llm.providers; declared: anthropic, openai, xai',
    ],
    [
      'credential: openai-api-key',
      'credential: openai-key',
      'no credential openai-key under credentials; did you mean openai-api-key?',
    ],
  ])('%s → %s', (from, to, message) => {
    expect(inShipped(from, to)).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    [
      'defaults: { guardrails: [pi] }\nguardrails: { pii: { use: prompt-injection, on: request, action: reject } }',
      'no guardrail pi under guardrails; did you mean pii?',
    ],
    [
      'mcp: { routes: { /mcp: { servers: [slak] } }, servers: { slack: { url: https://a.example } } }',
      'no server slak under mcp.servers; did you mean slack?',
    ],
    [
      'decisions: { opa: { use: opa, url: https://a.example, path: a, on: [/opnai] } }\nllm: { routes: { /openai: { provider: o } } }',
      'no route /opnai under llm.routes or mcp.routes; did you mean /openai?',
    ],
    [
      'mcp: { servers: { s: { url: https://a.example, credential: { exchange: okt, audience: a } } } }\nidentity: { providers: { okta: {} } }',
      'no identity provider okt under identity.providers; did you mean okta?',
    ],
  ])('%s', (text, message) => {
    expect(problemsOf(`name: a\n${text}\n`)).toContainEqual(expect.stringContaining(message));
  });
});

describe('an expression', () => {
  const at = (yaml: string): readonly string[] =>
    problemsOf(SMALL.replace('allow: ["\'llm:call\' in principal.scopes"]', yaml));

  test.each([
    ['double quotes', `allow: ["'a' in principal.scope"]`, '3:56', 'unknown field scope; did you mean scopes?'],
    ['double quotes with escapes', `allow: ["'\\x61' in \\"b\\".scope"]`, '3:55', 'string'],
    ['single quotes', `allow: ['''a'' in principal.scope']`, '3:58', 'unknown field scope'],
    ['no quotes', 'allow: [claims.a == principle.id]', '3:50', 'unknown variable principle; did you mean principal?'],
  ])('in %s is pointed at inside the YAML', (_what, yaml, position, message) => {
    const [problem] = at(yaml);
    expect(problem).toContain('defaults.authorization.allow[0]: CEL: ');
    expect(problem).toContain(message);
    expect(problem).toMatch(new RegExp(`^gateway\\.yaml:${position}: `));
  });

  test.each([['>-'], ['|'], ['>']])('in a block (%s) is pointed at inside the YAML', (header) => {
    const block = `
  authorization:
    allow:
      - ${header}
        'a' in principal.scopes &&
        foo == 1
`;
    const problems = problemsOf(SMALL.replace(/defaults: .*\n/, `defaults:${block}`));
    expect(problems).toEqual([expect.stringMatching(/^gateway\.yaml:8:9: .*unknown variable foo/)]);
  });

  test.each([
    ['an unknown function', `require: ["frobnicate('a')"]`, 'no such function: frobnicate(string)'],
    ['no boolean', 'deny: [principal.sub]', 'must be true or false, and is string'],
    ['bad syntax', `allow: ["'a' in"]`, 'EOF'],
    ['a pattern that is not RE2', `deny: ["principal.sub.matches('(?=x)')"]`, 'not an RE2 pattern'],
  ])('with %s does not load', (_what, yaml, message) => {
    expect(at(yaml)).toEqual([expect.stringContaining(message)]);
  });

  test('as a key of a limit is checked too', () => {
    expect(inShipped('per: [route]', 'per: [rute]')).toEqual([
      expect.stringContaining('unknown variable rute; did you mean route?'),
    ]);
  });

  test('over a response is for health only', () => {
    const problems = problemsOf(`${SMALL}  health: { unhealthy: response.cod == 500 }\n`);
    expect(problems).toContainEqual(expect.stringContaining('unknown field cod; did you mean code?'));
    expect(at('allow: [response.code == 200]')).toEqual([expect.stringContaining('unknown variable response')]);
  });
});

describe('routes', () => {
  const withRoutes = (routes: string): readonly string[] =>
    problemsOf(SMALL.replace('{ /v1: { models: [fast] } }', routes));
  const P = '{ provider: openai }';

  test.each([
    [`{ /v1: ${P}, /v1/team: ${P} }`],
    [`{ /v1/team: ${P}, /v1: ${P} }`],
    [`{ /a: ${P}, /a/v1: ${P} }`],
    [`{ /a: ${P}, /a/v1/b: ${P} }`],
  ])('%s collide', (routes) => {
    expect(withRoutes(routes)).toEqual([expect.stringContaining('collides with llm.routes./')]);
  });

  test('beside each other do not', () => {
    expect(withRoutes(`{ /v1: ${P}, /a: ${P}, /a/eu: ${P}, /v1a: ${P}, /b/v1: ${P} }`)).toEqual([]);
  });

  test.each(['/a/mcp', '/a', '/a/v1/mcp'])('an MCP route %s is not inside an LLM route', (path) => {
    const problems = problemsOf(
      `${SMALL.replace('{ /v1: { models: [fast] } }', `{ /a: ${P} }`)}mcp: { servers: { s: { url: https://s.example } }, routes: { ${path}: { servers: [s] } } }\n`,
    );
    expect(problems).toContainEqual(expect.stringContaining(`the route ${path} collides with llm.routes./a`));
  });

  test.each(['/.well-known', '/oauth2', '/oauth2/x', '/agents', '/agents/a'])('%s is reserved', (path) => {
    const problems = withRoutes(`{ ${path}: ${P} }`);
    // A segment that starts with a dot is no path of ours to begin with.
    expect(problems[0]).toMatch(path.includes('.well') ? /expected a path/ : /is reserved/);
  });

  test.each([
    ['{}', 'expected provider or models, found neither'],
    ['{ provider: openai, models: [fast] }', 'expected either provider or models, found both'],
    ['{ models: [fast], fallbacks: [openai/gpt-4o] }', 'fallbacks belong to a route with a provider'],
  ])('one that says %s leads nowhere in particular', (route, message) => {
    expect(withRoutes(`{ /v1: ${route} }`)).toEqual([expect.stringContaining(message)]);
  });
});

describe('what has to differ', () => {
  test('issuers', () => {
    const two =
      'okta: { kind: okta, issuer: https://a.example/, audiences: [a] }, other: { kind: oidc, issuer: "${X}", audiences: [b] }';
    expect(problemsOf(SMALL.replace(/okta: \{.*?\] \}/, two), { X: 'https://a.example' })).toEqual([
      expect.stringContaining('identity.providers.other.issuer: the same as identity.providers.okta.issuer'),
    ]);
  });

  test('hashes of keys, and names of limits in one list', () => {
    const hash = 'ab'.repeat(32);
    expect(
      problemsOf(
        SMALL.replace(
          'identity: {',
          `identity: { apiKeys: { a: { sha256: ${hash} }, b: { sha256: ${hash.toUpperCase()} } },`,
        ),
      ),
    ).toEqual([expect.stringContaining('identity.apiKeys.b.sha256: the same as identity.apiKeys.a.sha256')]);
    const limit = '{ name: x, per: [route], requests: 1, every: day }';
    expect(problemsOf(SMALL.replace('defaults: {', `defaults: { rateLimits: [${limit}, ${limit}],`))).toEqual([
      expect.stringContaining('defaults.rateLimits[1].name: the same as defaults.rateLimits[0].name'),
    ]);
  });

  test('keys of one map', () => {
    expect(problemsOf(`${SMALL}name: again\n`)).toEqual(['gateway.yaml:9:1: the key name stands here twice']);
  });
});

describe('several problems', () => {
  test('are told at once, in the order of the file', () => {
    const problems = problemsOf(
      SMALL.replace('name: test', 'nam: test')
        .replace('principal.scopes', 'principal.scope')
        .replace('kind: okta', 'kind: octa')
        .replace('[openai/gpt', '[opnai/gpt')
        .replace('models: [fast]', 'models: [fats], auth: nun'),
    );
    expect(problems.map((line) => line.replace(/^gateway\.yaml:(\d+):.*$/, '$1'))).toEqual([
      '1',
      '3',
      '4',
      '7',
      '8',
      '8',
    ]);
  });

  test('are also data', () => {
    expect.assertions(1);
    try {
      load(SMALL.replace('kind: okta', 'kind: octa'));
    } catch (error) {
      expect((error as ConfigError).problems).toEqual([
        expect.objectContaining({ line: 4, column: 40, path: 'identity.providers.okta.kind' }),
      ]);
    }
  });
});

describe('a file that is not for us', () => {
  test.each([
    ['an open bracket', 'name: [a\nllm: {', /^gateway\.yaml:\d+:\d+: not readable as YAML: /],
    ['an open quote', 'name: "a\n', /not readable as YAML/],
    ['a tab', 'llm:\n\tproviders: {}', /^gateway\.yaml:2:1: not readable as YAML/],
    [
      'an unquoted ${NAME} in braces',
      SMALL.replace('https://okta.example', () => '${ISSUER}'),
      /^gateway\.yaml:4:\d+: inside braces, \$\{NAME\} needs quotes/,
    ],
    ['two documents', `${SMALL}---\n${SMALL}`, /not readable as YAML/],
    ['an unknown alias', 'name: *nobody\n', /nobody/],
    ['an unknown tag', 'name: !js/function x\n', /not readable as YAML: .*tag/i],
    ['a merge key', `x: &x { a: 1 }\n${SMALL}  <<: *x\n`, /merge keys \(<<\) are not accepted/],
    ['a key that is a list', `${SMALL}? [a, b]\n: 1\n`, /a key must be a plain name/],
    ['a key that reaches for prototypes', `${SMALL}__proto__: { name: x }\n`, /unknown key __proto__/],
    ['a file over 1 MB', `${SMALL}# ${'x'.repeat(1_048_576)}`, /^gateway\.yaml:1:1: the file is larger than 1 MB/],
    ['depth without end', `name: ${'['.repeat(200)}${']'.repeat(200)}`, /nested too deep/],
    ['an alias that holds itself', 'name: &a [*a]\n', /nested too deep/],
  ])('with %s', (_what, text, message) => {
    expect(problemsOf(text).join('\n')).toMatch(message);
  });

  test('with aliases that multiply ends soon', () => {
    const laughs = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
        : `a${level}: &a${level} [${`*a${level - 1}, `.repeat(10)}]`,
    ).join('\n');
    const start = performance.now();
    expect(problemsOf(`${laughs}\n`).join('\n')).toContain('aliases grow too large');
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test('an alias of moderate use is fine, and its problems are shown where it was written', () => {
    const shared = SMALL.replace(
      'issuer: https://okta.example, audiences: [a]',
      'issuer: https://okta.example, audiences: &aud [a]',
    ).replace('okta: {', 'first: { kind: oidc, issuer: https://b.example, audiences: &both [b, c] }, okta: {');
    expect(problemsOf(shared.replace('audiences: &aud [a]', 'audiences: *both'))).toEqual([]);
  });
});

describe('warnings', () => {
  const open = SMALL.replace(/defaults:.*\n/, '');

  test('a guarded route without rules is pointed out: every call to it is refused', () => {
    expect(load(open).warnings).toEqual([
      'gateway.yaml:7:13: the route /v1 has no authorization rules, so every call is refused: write some, or default: allow',
    ]);
  });

  test.each(['auth: none', 'authorization: { default: allow }', 'authorization: { require: ["true"] }'])(
    '%s is no reason for it',
    (text) => {
      expect(load(open.replace('models: [fast]', `models: [fast], ${text}`)).warnings).toEqual([]);
    },
  );

  test('so is a policy that trusts nobody', () => {
    expect(load(SMALL.replace(/identity:.*\n/, '')).warnings).toEqual([
      expect.stringContaining('nobody can call a strict route'),
    ]);
  });
});
