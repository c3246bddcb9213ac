import { describe, expect, test } from '@jest/globals';
import { CelError, type CelVariables, compileCel, compileHealthCel } from '../../config/cel.ts';

const variables: CelVariables = {
  principal: {
    id: 'p1',
    issuer: 'https://issuer.example',
    sub: 'jane',
    clientId: 'web',
    scopes: ['llm:call', 'mcp:read'],
    roles: ['ai-agents'],
    groups: ['staff'],
    claims: { team: 'platform', level: 3, half: 2.5, admin: true, word: 'yes', nested: { deep: ['x'] } },
    actor: { sub: '', issuer: '' },
  },
  request: { method: 'POST', path: '/v1/chat/completions', headers: { 'x-team': 'blue' }, ip: '192.0.2.1' },
  route: '/v1',
  llm: { model: 'gpt-4o', provider: 'openai', stream: true, route: '/v1', surface: 'chat' },
  mcp: {
    method: 'tools/call',
    tool: { target: 'github', name: 'get_issue', arguments: { repo: 'a/b', n: 7 }, annotations: null },
    resource: '',
    prompt: '',
  },
  agent: { name: '' },
};

const value = (source: string, given: CelVariables = variables) =>
  compileCel(source, { result: 'any' }).evaluate(given);

const errorOf = (source: string, options: Parameters<typeof compileCel>[1] = { result: 'bool' }): CelError => {
  try {
    compileCel(source, options);
  } catch (error) {
    if (error instanceof CelError) return error;
    throw error;
  }
  throw new Error(`it compiled: ${source}`);
};

describe('expressions', () => {
  test.each([
    "'llm:call' in principal.scopes",
    "principal.scopes.exists(s, s.startsWith('mcp:'))",
    "principal.scopes.all(s, s.contains(':'))",
    "claims.team == 'platform' && jwt.team == 'platform' && principal.claims['team'] == 'platform'",
    'claims.level == 3',
    'claims.level > 2 && claims.level < 4 && claims.level != 2',
    'claims.level in [1, 3]',
    'claims.half > 2',
    'claims.admin',
    "claims.nested.deep[0] == 'x'",
    "has(claims.team) && !has(claims.missing) && 'team' in claims",
    "request.headers['x-team'] == 'blue' && request.method == 'POST' && request.ip == '192.0.2.1'",
    "route == '/v1' && llm.route == route && llm.stream && llm.model.startsWith('gpt')",
    "tool.name == 'get_issue' && mcp.tool.target == 'github' && tool.arguments.n == 7",
    "agent.name == '' && principal.actor.sub == ''",
    'claims.missing == 1 || true',
  ])('%s is true', (source) => {
    expect(compileCel(source, { result: 'bool' }).evaluate(variables)).toBe(true);
  });

  test('over the health of a provider its answer can be read, the code as a whole number, and nothing of the caller', () => {
    const answered = {
      llm: { provider: 'openai', model: 'gpt-4o' },
      response: { code: 529, headers: { 'retry-after': '3' } },
    };
    const isTrue = (source: string) => compileHealthCel(source).evaluate(answered);
    expect(isTrue("response.code >= 500 && response.code == 529 && response.headers['retry-after'] == '3'")).toBe(true);
    expect(isTrue("llm.provider == 'openai' && llm.model.startsWith('gpt')")).toBe(true);
    expect(() => isTrue("response.headers['x-missing'] == '1'")).toThrow();
    expect(() => compileHealthCel("principal.sub == 'eve'")).toThrow('unknown variable principal');
    expect(() => compileHealthCel('llm.stream')).toThrow('unknown field stream');
    expect(() => compileHealthCel('response.code')).toThrow('must be true or false');
    expect(errorOf('response.code == 500').message).toContain('unknown variable response');
  });

  test('any value may be a key', () => {
    expect(value('principal.id')).toBe('p1');
    expect(value('claims.level')).toBe(3);
  });

  test.each([
    ['a claim that is not there', "claims.missing == 'x'"],
    ['a claim that is not a boolean', 'claims.word'],
    ['types that do not meet', 'claims.word > 2'],
    ['matches on a number', "claims.level.matches('3')"],
  ])('%s fails at run time', (_what, source) => {
    const program = compileCel(source, { result: 'bool' });
    expect(() => program.evaluate(variables)).toThrow();
  });

  test('one program serves calls after one another and keeps nothing of them', () => {
    const program = compileCel("claims.team == 'platform'", { result: 'bool' });
    const other = { ...variables, principal: { ...variables.principal, claims: { team: 'sales' } } };
    expect([variables, other, variables].map((given) => program.evaluate(given))).toEqual([true, false, true]);
  });
});

describe('what does not compile', () => {
  test.each([
    ["foo == 1 || principal.id == 'a'", 'unknown variable foo; known: principal', 0],
    ["prinzipal.id == 'a'", 'unknown variable prinzipal; did you mean principal?', 0],
    ["principal.id == 'a' || llm.modle == 'x'", 'unknown field modle; did you mean model?', 27],
    ["mcp.tool.nam == 'x'", 'unknown field nam; did you mean name?', 9],
    ['has(principal.rolez)', 'unknown field rolez; did you mean roles?', 4],
    ["principal.id.frobnicate('a')", 'no such function: string.frobnicate', 0],
    ["true && frobnicate('a')", 'no such function: frobnicate', 8],
    ["'a' in", 'EOF', 6],
    ['principal.id == 1', 'string == int', 0],
    ['principal.id', 'must be true or false, and is string', 0],
    ["principal.scopes.exists(claims, claims == 'x')", 'claims is taken', 24],
    ['principal.id.matches(principal.sub)', 'must be a literal', 21],
    ["principal.id.matches('(a')", 'not an RE2 pattern', 21],
    ["principal.id.matches('(?=a)b')", 'not an RE2 pattern', 21],
    ["principal.id.matches('(a)\\\\1')", 'not an RE2 pattern', 21],
    ["principal.id.linearMatches_('a')", 'unknown function', 0],
    ['principal.scopes.matches("a")', 'matches', 0],
  ])('%s', (source, message, offset) => {
    const error = errorOf(source);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('linearMatches_(');
    expect(error.offset).toBe(offset);
  });

  test.each([
    ['too long', `principal.id == '${'a'.repeat(5_000)}'`],
    ['too deep', `${'('.repeat(100)}true${')'.repeat(100)}`],
    ['too deep in lists', `${'['.repeat(100)}1${']'.repeat(100)}.size() == 1`],
    ['of too many parts', Array.from({ length: 600 }, () => 'true').join('&&')],
    ['a tower of signs', `${'!'.repeat(4_090)}true`],
  ])('one that is %s', (_what, source) => {
    expect(errorOf(source)).toBeInstanceOf(CelError);
  });

  test('a pattern whose repeats multiply', () => {
    expect(errorOf("principal.id.matches('((a{100}){100}){100}')").message).toContain('RE2');
    expect(
      errorOf("principal.id.matches('[a-z]{900}[0-9]{900}[a-z]{900}[0-9]{900}[a-z]{900}[0-9]{900}')").message,
    ).toContain('too large');
  });
});

describe('matches', () => {
  test('finds a pattern anywhere, as RE2 does, also inside macros', () => {
    expect(value("llm.model.matches('4o$')")).toBe(true);
    expect(value("llm.model.matches('^4o')")).toBe(false);
    expect(value("principal.scopes.exists(s, s.matches('^mcp:(read|write)$'))")).toBe(true);
    expect(
      value("principal.scopes.filter(s, s.matches('^llm')).size() == 1 && !(claims.team.matches('(?i)SALES'))"),
    ).toBe(true);
  });

  const times = (size: number): number => {
    const program = compileCel("request.path.matches('(a+)+$')", { result: 'bool' });
    const given = { ...variables, request: { ...variables.request, path: `${'a'.repeat(size)}!` } };
    const runs = Array.from({ length: 7 }, () => {
      const start = performance.now();
      expect(program.evaluate(given)).toBe(false);
      return performance.now() - start;
    });
    return Math.min(...runs);
  };

  test('takes linear time on what makes backtracking explode', () => {
    times(25_000);
    // Four times the input, four times the time; the rest is for a busy machine. Quadratic time would be sixteen times.
    expect(times(100_000)).toBeLessThan(9 * times(25_000) + 5);
  });
});

describe('claims that are read', () => {
  test.each([
    ["claims.team == 'a' && jwt.dept == 'b' || principal.claims.level > 1", ['dept', 'level', 'team']],
    ["claims['cost-center'] == 'x'", ['cost-center']],
    ["has(claims.admin) && 'vip' in claims", ['admin', 'vip']],
    ['claims.realm_access.roles.exists(r, r == claims.wanted)', ['realm_access', 'wanted']],
    ["principal.sub == 'x' && 'a' in principal.scopes", []],
    ["claims[principal.sub] == 'x'", ['*']],
    ["claims[claims.pointer] == 'x'", ['*', 'pointer']],
    ['size(claims) > 3', ['*']],
    ["cel.bind(c, claims, c.team == 'a')", ['*']],
    ["cel.bind(p, principal, p.claims.team == 'a')", ['*']],
    ["principal['claims'].team == 'a'", ['*']],
  ])('%s', (source, claims) => {
    expect(compileCel(source, { result: 'bool' }).claims).toEqual(claims);
  });
});
