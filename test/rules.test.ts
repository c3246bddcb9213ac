import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

/** Rules that are about what is not there, and why. */
const NOT_HERE: ReadonlyMap<string, string> = new Map([
  ['R132', 'guardrails, which hold a stream back, are not built yet'],
  ['A10', 'no extension of MCP authorization is offered'],
]);

/** `R34` and `R34–R36`, where a test says what it is about: comments don't count. */
const named = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line))
    .flatMap((line) => [...line.matchAll(/\b([RGA])(\d{1,3})(?:[-–]\1(\d{1,3}))?\b/g)])
    .flatMap(([, letter, from, to = from]) =>
      Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${letter}${Number(from) + index}`),
    );

const tested = new Set(globSync('test/**/*.test.ts').flatMap(named));

test.each([
  ['R', 150, 'translation'],
  ['G', 52, 'an MCP gateway'],
  ['A', 10, 'an MCP resource server'],
])('each rule of %s1 to %i, of %s, has a test that is named by it', (letter, many) => {
  const rules = Array.from({ length: many }, (_, index) => `${letter}${index + 1}`);
  expect(rules.filter((rule) => !tested.has(rule) && !NOT_HERE.has(rule))).toEqual([]);
});
