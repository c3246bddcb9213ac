import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { compilePolicy } from '../../config/compile.ts';
import { ConfigError, loadGatewayConfig } from '../../config/load.ts';
import { shipped } from './problems.ts';

const example = readFileSync(new URL('./gateway.example.yaml', import.meta.url), 'utf8');

/** A copy of `value` in which the `at`th place, counted depth first, holds `by` instead. */
const replaced = (value: unknown, at: number, by: unknown): unknown => {
  let count = 0;
  const visit = (one: unknown): unknown => {
    if (count++ === at) return by;
    if (Array.isArray(one)) return one.map(visit);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, visit(item)]));
  };
  return visit(value);
};

const anything = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1.5,
    true,
    [],
    {},
    [null],
    [[]],
    { a: null },
    '${',
    'a/b',
    '((',
    'x.y[',
    '*',
  ),
  fc.string(),
  fc.object({ maxDepth: 2 }),
);

test('whatever stands in the file, the answer is a policy that compiles or a list of problems', () => {
  const policies = [shipped, example].map((text) => parse(text) as unknown);
  let loaded = 0;
  fc.assert(
    fc.property(fc.constantFrom(...policies), fc.nat(250), anything, (policy, at, by) => {
      const text = stringify(replaced(policy, at, by), { aliasDuplicateObjects: false });
      try {
        expect(compilePolicy(loadGatewayConfig(text, { file: 'f', env: {} }).config).version).toMatch(/^[0-9a-f]{12}$/);
        loaded += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        const { problems } = error as ConfigError;
        expect(problems.length).toBeGreaterThan(0);
        expect(problems.every(({ line, column }) => line >= 1 && column >= 1)).toBe(true);
      }
    }),
    { numRuns: 250 },
  );
  expect(loaded).toBeGreaterThan(0);
});
