import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { matrix, withMatrix } from '../../local/matrix.ts';

test('the README has the matrix of surfaces and providers that the code has: npm run matrix writes it', () => {
  const readme = readFileSync('README.md', 'utf8');
  expect(withMatrix(readme)).toBe(readme);
  expect(matrix()).toContain('translated');
});
