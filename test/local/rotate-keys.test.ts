import { expect, test } from '@jest/globals';
import { rotateKey, statusOfKeys } from '../../local/rotate-keys.ts';

const POLICY = `# ours
name: acme   # the name
tokens:
  # rotated every spring
  signingKey: 3 # see the runbook
  clients: {}
`;

test('the next key signs, and nothing else in the file changes', () => {
  expect(rotateKey(POLICY).text).toBe(POLICY.replace('signingKey: 3', 'signingKey: 4').replace('acme   #', 'acme #'));
});

test('without a number the first key signs, and the second comes next', () => {
  expect(statusOfKeys('name: acme\n')).toBe('key 1 signs; published are 1, 2');
  expect(statusOfKeys(rotateKey('name: acme\n').text)).toBe('key 2 signs; published are 1, 2, 3');
});

test('says what to do next', () => {
  expect(rotateKey(POLICY).says).toMatch(/key 4 signs.*Deploy.*Wait.*rotate again/s);
});

test.each(['tokens: {signingKey: x}', 'tokens: {signingKey: 1000}', 'a: b: c'])('refuses %j', (text) => {
  expect(() => rotateKey(text)).toThrow(/signingKey|YAML/);
});
