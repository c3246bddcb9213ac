import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

/** Rules that are about what is not built yet. */
const NOT_YET: ReadonlyMap<number, string> = new Map([[132, 'guardrails hold a stream back']]);

/** `R34` and `R34–R36`, where a test says what it is about: comments don't count. */
const named = (file: string): number[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line))
    .flatMap((line) => [...line.matchAll(/\bR(\d{1,3})(?:[-–]R(\d{1,3}))?\b/g)])
    .flatMap(([, from, to = from]) =>
      Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index),
    );

test('each of the 150 rules of translation has a test that is named by it', () => {
  const tested = new Set(globSync('test/**/*.test.ts').flatMap(named));
  const missing = Array.from({ length: 150 }, (_, index) => index + 1).filter((rule) => !tested.has(rule));
  expect(missing.filter((rule) => !NOT_YET.has(rule))).toEqual([]);
});
