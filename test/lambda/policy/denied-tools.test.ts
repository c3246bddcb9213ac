import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CatalogTool } from '../../../lambda/core/mcp.ts';
import { createDeniedBy } from '../../../lambda/policy/denied-tools.ts';
import { foldName } from '../../../lambda/policy/fold-name.ts';
import { compileGlob } from '../../../lambda/policy/glob.ts';
import { exposedName } from '../../../lambda/targets/names.ts';
import { tool } from './tool-policies.ts';

/** The same by folding each name and trying each pattern. */
const slowly = (patterns: readonly string[], one: CatalogTool): string | undefined =>
  patterns.find((pattern) => {
    const { start, matches } = compileGlob(pattern, foldName);
    const server = one.exposedName.startsWith(`${one.target}__`) ? foldName(one.target) : '';
    const isAboutExposed = start === '' || start.length >= server.length;
    return matches(foldName(one.name)) || (isAboutExposed && matches(foldName(one.exposedName)));
  });

const piece = fc.constantFrom(
  'delete',
  'DELETE',
  'drop',
  'box',
  'rn',
  'm',
  '_',
  '-',
  '1',
  'l',
  '\u0435',
  '\n',
  'x'.repeat(70),
);
const name = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
const pattern = fc
  .array(fc.oneof(piece, fc.constant('*'), fc.constant('*'), fc.constant('dropbox__')), { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.join(''));
const prefix = fc.constantFrom('always', 'never');

test('tools that are looked at together are denied as each would be alone', () => {
  let denied = 0;
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 3 }), fc.array(fc.tuple(name, prefix)), (patterns, names) => {
      const tools = names.map(([own, kind]) => ({
        ...tool(own, 'dropbox'),
        exposedName: exposedName('dropbox', own, kind),
      }));
      const found = createDeniedBy(patterns)(tools);
      denied += found.size;
      expect(tools.map((one) => found.get(one))).toEqual(tools.map((one) => slowly(patterns, one)));
    }),
    { numRuns: 2_000 },
  );
  expect(denied).toBeGreaterThan(500);
});

test('a pattern finds what begins in the name of the server and ends in that of the tool', () => {
  const [deleting, other] = [tool('te', 'dele'), tool('xy', 'dele')];
  expect([...createDeniedBy(['*delete*'])([other, deleting])]).toEqual([[deleting, '*delete*']]);
});
