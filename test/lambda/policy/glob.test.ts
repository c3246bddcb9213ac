import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileGlob } from '../../../lambda/policy/glob.ts';

/** The same by trying everything, which is right and slow. */
const slowly = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === '';
  if (pattern[0] !== '*') return text[0] === pattern[0] && text !== '' && slowly(pattern.slice(1), text.slice(1));
  return Array.from({ length: text.length + 1 }, (_, at) => text.slice(at)).some((rest) =>
    slowly(pattern.slice(1), rest),
  );
};

test.each([
  ['list', 'list', true],
  ['list', 'list_x', false],
  ['list', 'a_list', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['', '', true],
  ['', 'x', false],
  ['list_*', 'list_', true],
  ['list_*', 'List_x', false],
  ['*_list', 'my_list', true],
  ['*comment*', 'add_issue_comment', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['ab*ba', 'aba', false],
  ['*ab*ab*', 'abab', true],
  ['*ab*ab*', 'aab', false],
  ['a*b*c', 'a_b_b_c', true],
  ['a*bc*c', 'abc', false],
  ['**', 'x', true],
  ['get.x', 'getax', false],
  ['[a]', 'a', false],
])('%s and %j: %s', (pattern, text, expected) => {
  expect(compileGlob(pattern).matches(text)).toBe(expected);
});

test('it matches as trying everything does', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 9 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }),
      (pattern, text) => compileGlob(pattern).matches(text) === slowly(pattern, text),
    ),
    { numRuns: 3_000 },
  );
});

test('whatever matches has the needle in it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }),
      (pattern, text) => {
        const { matches, needle } = compileGlob(pattern);
        return !matches(text) || text.includes(needle);
      },
    ),
    { numRuns: 3_000 },
  );
  expect(compileGlob('a*bcd*ef').needle).toBe('bcd');
});

describe('its time', () => {
  const timeOf = (length: number): number => {
    const { matches } = compileGlob(`*${'a'.repeat(length / 2)}b*a*a*a*ab*`);
    const text = 'a'.repeat(length);
    const start = performance.now();
    expect(matches(text)).toBe(false);
    return performance.now() - start;
  };

  test('grows with the text, not with text × pattern', () => {
    timeOf(2_000);
    const [short, long] = [16_000, 256_000].map((length) =>
      Math.min(...Array.from({ length: 5 }, () => timeOf(length))),
    );
    // Sixteen times the text: 16 times as long, and 256 times if it were the product.
    expect(long ?? 0).toBeLessThan(Math.max(1, short ?? 0) * 80);
  });
});
