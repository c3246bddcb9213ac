import { expect, test } from '@jest/globals';
import { createListMemory, type RememberedList } from '../../../lambda/targets/list-memory.ts';

const list = (more: Partial<RememberedList> = {}): RememberedList => ({ items: [], readAtMs: 1, ...more });

/** How many lists are known at once, of more than there is room for. */
const kept = (one: Partial<RememberedList>, keyLength = 10): number => {
  const memory = createListMemory();
  const keys = Array.from({ length: 100 }, (_, index) => String(index).padStart(keyLength, 'k'));
  for (const key of keys) memory.keep(key, list(one));
  return keys.filter((key) => memory.get(key) !== undefined).length;
};

const MB = 1024 * 1024;

test('lists have 48 MB together, with what their servers say and the names they are kept under', () => {
  expect(kept({ bytes: MB })).toBe(47);
  expect(kept({ bytes: 100, instructions: 'x'.repeat(MB) })).toBe(47);
  expect(kept({}, MB)).toBe(48);
  expect(kept({ bytes: 100 })).toBe(100);
});

test('the one that was not asked for longest goes first', () => {
  const memory = createListMemory();
  for (const key of ['a', 'b']) memory.keep(key, list({ bytes: 20 * MB }));
  memory.get('a');
  memory.keep('c', list({ bytes: 20 * MB }));
  expect(['a', 'b', 'c'].map((key) => memory.get(key) !== undefined)).toEqual([true, false, true]);
});

test('one that is alone is kept however large it is, and makes room when it goes', () => {
  const memory = createListMemory();
  memory.keep('a', list({ bytes: 60 * MB }));
  expect(memory.get('a')).toBeDefined();
  memory.keep('a', list({ bytes: 1, readAtMs: 2 }));
  memory.keep('b', list({ bytes: 47 * MB }));
  expect([memory.get('a'), memory.get('b')]).not.toContain(undefined);
});

test('what is older than what is known is not taken', () => {
  const memory = createListMemory();
  const newer = memory.keep('a', list({ readAtMs: 2 }));
  expect(memory.keep('a', list({ readAtMs: 1 }))).toBe(newer);
});
