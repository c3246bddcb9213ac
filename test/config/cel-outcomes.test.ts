import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CelVariables, compileCel } from '../../config/cel.ts';
import { FAILS, FALSE, TRUE } from '../../config/cel-outcomes.ts';

const variables = (args: unknown = null): CelVariables => ({
  principal: {
    id: 'p',
    issuer: 'i',
    sub: 's',
    clientId: 'c',
    scopes: ['read'],
    roles: ['staff'],
    groups: [],
    claims: { n: 3 },
    actor: { sub: '', issuer: '' },
  },
  request: { method: 'POST', path: '/mcp', headers: {}, ip: '127.0.0.1' },
  route: '/mcp',
  llm: { model: '', provider: '', stream: false, route: '', surface: '' },
  mcp: {
    method: 'tools/call',
    tool: { target: 'a', name: 'b', arguments: args, annotations: { readOnlyHint: true } },
    resource: 'file:///r',
    prompt: '',
  },
  agent: { name: '' },
});

const shown = (outcomes: number): string =>
  [outcomes & TRUE ? 'true' : '', outcomes & FALSE ? 'false' : '', outcomes & FAILS ? 'fails' : '']
    .filter((one) => one !== '')
    .join(' ');

const outcomesOf = (source: string): string =>
  shown(compileCel(source, { result: 'bool' }).outcomes(variables(), 'arguments'));

describe('without the arguments', () => {
  test.each([
    ["'staff' in principal.roles", 'true'],
    ["'guest' in principal.roles", 'false'],
    ['claims.missing == 1', 'fails'],
    ['claims.n', 'fails'],
    ["tool.arguments.x == 'y'", 'true false fails'],
    ["mcp.tool.arguments['x'] == 'y'", 'true false fails'],
    ['has(tool.arguments.x)', 'true false fails'],
    ['[tool].size() == 1', 'true false fails'],
    ['[mcp].size() == 1', 'true false fails'],
    ["tool.name == 'b'", 'true'],
    ['tool.annotations.readOnlyHint', 'true'],
    ["mcp.resource == 'x'", 'false'],
    ["'staff' in principal.roles && tool.arguments.x == 1", 'true false fails'],
    ["'guest' in principal.roles && tool.arguments.x == 1", 'false'],
    ["tool.arguments.x == 1 && 'guest' in principal.roles", 'false'],
    ['claims.missing == 1 && tool.arguments.x == 1', 'false fails'],
    ["'staff' in principal.roles || tool.arguments.x == 1", 'true'],
    ["'guest' in principal.roles || tool.arguments.x == 1", 'true false fails'],
    ['claims.missing == 1 || tool.arguments.x == 1', 'true fails'],
    ["!('guest' in principal.roles && tool.arguments.x == 1)", 'true'],
    ["tool.name == 'b' ? tool.arguments.x == 1 : true", 'true false fails'],
    ["tool.name == 'c' ? tool.arguments.x == 1 : true", 'true'],
    ["tool.arguments.x == 1 ? 'staff' in principal.roles : tool.name == 'b'", 'true fails'],
    ["principal.sub.matches('^s$') && (tool.name == 'c' || tool.arguments.x == 1)", 'true false fails'],
    ["principal.sub.matches('^t$') && (tool.name == 'c' || tool.arguments.x == 1)", 'false'],
    ["principal.scopes.exists(s, s == 'write') && tool.arguments.x == 1", 'false'],
  ])('%s may come to: %s', (source, outcomes) => {
    expect(outcomesOf(source)).toBe(outcomes);
  });
});

test('without its subject everything about it is open, and its method is not', () => {
  const of = (source: string): string => shown(compileCel(source, { result: 'bool' }).outcomes(variables(), 'subject'));
  expect(of("tool.name == 'b'")).toBe('true false fails');
  expect(of("mcp.resource == 'x' || mcp.prompt == 'y'")).toBe('true false fails');
  expect(of("mcp.method == 'tools/call'")).toBe('true');
  expect(of("'guest' in principal.roles && tool.name == 'b'")).toBe('false');
});

test('what an expression reads is known', () => {
  const { reads } = compileCel("tool.name == 'x' && mcp.method == 'y'", { result: 'bool' });
  expect([reads('arguments'), reads('subject')]).toEqual([false, true]);
  expect(compileCel("mcp.method == 'y'", { result: 'bool' }).reads('subject')).toBe(false);
  expect(compileCel('mcp.tool.arguments.x == 1', { result: 'bool' }).reads('arguments')).toBe(true);
});

test.each([
  ["tool.target == 'a'", false, false],
  ["mcp.tool.target == 'a' && mcp.method == 'b' && claims.x == 1", false, false],
  ["tool.name == 'a'", true, false],
  ['tool.arguments.x == 1', true, false],
  ['has(tool.annotations.x)', true, false],
  ['[tool].size() == 1', true, false],
  ['[mcp.tool].size() == 1', true, false],
  ['[mcp].size() == 1', true, false],
  ["tool['name'] == 'a'", true, false],
  ["mcp.resource == 'a'", true, false],
  ["mcp.prompt == 'a'", true, false],
  ["[tool].exists(t, t.name == 'a')", true, false],
  ["request.ip == 'a'", false, true],
  ["request['ip'] == 'a'", false, true],
  ['has(request.headers.x)', false, true],
  ["[request].exists(r, r.ip == 'a')", false, true],
  ["principal.sub.matches('a') || request.path.startsWith('/a')", false, true],
])('%s reads details of a tool: %s, and the request: %s', (source, details, request) => {
  const { reads } = compileCel(source, { result: 'bool' });
  expect([reads('details'), reads('request')]).toEqual([details, request]);
});

const leaf = fc.constantFrom(
  'true',
  'false',
  "'staff' in principal.roles",
  'claims.n == 3',
  'claims.missing == 1',
  'tool.arguments.x == 1',
  'tool.arguments.y',
  'has(tool.arguments.x) && tool.arguments.x > 0',
  'tool.annotations.readOnlyHint',
);
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} && ${b})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} || ${b})`),
    tie('expression').map((a) => `!(${a})`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
  ),
}));

test('whatever the arguments turn out to be, the outcome was among those foreseen', () => {
  const args = fc.oneof(
    fc.constant(null),
    fc.record(
      { x: fc.constantFrom<unknown>(0, 1, 'a'), y: fc.constantFrom<unknown>(true, false, 1) },
      { requiredKeys: [] },
    ),
  );
  let narrowed = 0;
  fc.assert(
    fc.property(expression, args, (source, given) => {
      const program = compileCel(source, { result: 'bool' });
      const foreseen = program.outcomes(variables(), 'arguments');
      if (foreseen !== (TRUE | FALSE | FAILS) && program.reads('arguments')) narrowed += 1;
      let outcome: number;
      try {
        outcome = program.evaluate(variables(given)) === true ? TRUE : FALSE;
      } catch {
        outcome = FAILS;
      }
      expect(foreseen & outcome).toBe(outcome);
    }),
    { numRuns: 1_000 },
  );
  expect(narrowed).toBeGreaterThan(20);
});
