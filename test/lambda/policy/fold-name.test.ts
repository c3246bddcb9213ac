import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { foldName, foldNames } from '../../../lambda/policy/fold-name.ts';

const DELETE_REPO = foldName('delete_repo');

test.each([
  ['deleteRepo'],
  ['DeleteRepo'],
  ['DELETE-REPO'],
  ['DELETErepo'],
  ['deleterepo'],
  ['delete.repo'],
  ['delete/repo'],
  ['delete repo'],
  ['delete__repo'],
  ['_delete_repo_'],
  ['de_lete_re_po'],
  ['d\u0435lete_repo'], // Cyrillic е
  ['\u0501elete_repo'], // Cyrillic ԁ
  ['de\u04cfete_repo'], // Cyrillic ӏ
  ['delete_rep\u03bf'], // Greek ο
  ['DELET\u0415_REPO'], // Cyrillic Е
  ['\uff44\uff45\uff4c\uff45\uff54\uff45_repo'], // full width
  ['\u{1d4ed}\u{1d4ee}\u{1d4f5}\u{1d4ee}\u{1d4fd}\u{1d4ee}_repo'], // mathematical script
  ['\u24d3elete_repo'], // a letter in a circle
  ['d\u00e9l\u00e8te_repo'],
  ['de\u0301lete_repo'],
  ['\u0111e\u0142ete_rep\u00f8'], // đ ł ø
  ['de\u200blete_repo'], // zero width
  ['delete\u00ad_repo'], // soft hyphen
  ['delete\u{e0041}_repo'], // a tag
  ['\u202edelete_repo'], // an override of direction
  ['de1ete_repo'],
  ['deIete_repo'],
  ['delete_rep0'],
])('%s is delete_repo to a deny', (name) => {
  expect(foldName(name)).toBe(DELETE_REPO);
});

test.each([
  ['terminate', 'terrninate'],
  ['window', 'vvindovv'],
])('%s is %s', (name, drawn) => {
  expect(foldName(drawn)).toBe(foldName(name));
});

test.each(['undelete', 'deleted', 'remove_repo', '\u524a\u9664', 'd_lete_repo'])('%s is something else', (name) => {
  expect(foldName(name)).not.toBe(DELETE_REPO);
});

test('letters of scripts that look like no others stay what they are', () => {
  expect(foldName('\u524a\u9664')).toBe('\u524a\u9664');
  expect(foldName('\u0434')).not.toBe('');
});

test('what stands before a separator is folded by itself', () => {
  const server = fc.string({ unit: fc.constantFrom(...'abcdeilmorw019-') });
  const hard = fc.string({
    unit: fc.constantFrom('\u0301', '\u0338', '\u00ad', '\u03a3', '\u{1d4ed}', 'e', 'I', '_', '__'),
  });
  fc.assert(
    fc.property(server, fc.oneof(fc.string({ unit: 'binary' }), hard), (before, after) => {
      expect(foldName(`${before}__${after}`)).toBe(foldName(before) + foldName(after));
    }),
    { numRuns: 2_000 },
  );
});

test('a text within another is within it after folding too', () => {
  const ascii = fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)) });
  fc.assert(
    fc.property(ascii, ascii, ascii, (before, text, after) => foldName(before + text + after).includes(foldName(text))),
    { numRuns: 2_000 },
  );
});

test('many at once are folded as each alone', () => {
  const line = fc.string({ unit: fc.constantFrom(...'aIm1w0_- .\n'), maxLength: 6 });
  const names = fc.array(fc.oneof(line, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 8 });
  fc.assert(
    fc.property(names, fc.array(line), (mixed, plain) => {
      expect(foldNames(mixed)).toEqual(mixed.map(foldName));
      expect(foldNames(plain)).toEqual(plain.map(foldName));
    }),
    { numRuns: 2_000 },
  );
});

test('time grows with the name', () => {
  const start = performance.now();
  foldName('r\u0435n'.repeat(100_000));
  foldName('rn_'.repeat(100_000));
  expect(performance.now() - start).toBeLessThan(2_000);
});
