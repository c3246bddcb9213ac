import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isMap, isScalar, isSeq, type Node, type Pair, parseDocument } from 'yaml';
import { problemsOf, shipped } from './problems.ts';

/** Keys that are ours, by where they stand in the text: names that people choose are left out. */
const CHOSEN = new Set([
  'identity.providers',
  'credentials',
  'llm.providers',
  'llm.models',
  'llm.routes',
  'mcp.servers',
  'mcp.routes',
  'agents',
  'agents.reporting.claims',
]);

const keysOf = (node: unknown, path: string): { readonly key: string; readonly start: number }[] => {
  if (isSeq(node)) return (node.items as Node[]).flatMap((item) => keysOf(item, path));
  if (!isMap(node)) return [];
  return (node.items as Pair<Node, Node>[]).flatMap(({ key, value }) => {
    if (!isScalar(key)) return [];
    const name = String(key.value);
    const own = CHOSEN.has(path) ? [] : [{ key: name, start: key.range?.[0] ?? 0 }];
    return [...own, ...keysOf(value, path === '' ? name : `${path}.${name}`)];
  });
};

const keys = keysOf(parseDocument(shipped).contents, '');

const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzS');

const misspell = (key: string, at: number, how: string, other: string): string => {
  const index = at % key.length;
  const edits: Record<string, string> = {
    drop: key.slice(0, index) + key.slice(index + 1),
    add: key.slice(0, index) + other + key.slice(index),
    change: key.slice(0, index) + other + key.slice(index + 1),
    swap: key.slice(0, index) + key.slice(index + 1, index + 2) + key.slice(index, index + 1) + key.slice(index + 2),
  };
  return edits[how] ?? key;
};

test('a misspelt key in any section never loads, and its line is told', () => {
  expect(new Set(keys.map(({ key }) => key)).size).toBeGreaterThan(20);
  fc.assert(
    fc.property(
      fc.constantFrom(...keys),
      fc.nat(),
      fc.constantFrom('drop', 'add', 'change', 'swap'),
      letter,
      ({ key, start }, at, how, other) => {
        const wrong = misspell(key, at, how, other);
        fc.pre(wrong !== key && wrong !== '');
        const problems = problemsOf(shipped.slice(0, start) + wrong + shipped.slice(start + key.length));
        const line = shipped.slice(0, start).split('\n').length;
        expect(problems.some((problem) => problem.startsWith(`gateway.yaml:${line}:`))).toBe(true);
      },
    ),
    { numRuns: 400 },
  );
});
