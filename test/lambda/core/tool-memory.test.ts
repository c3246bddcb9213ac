import { expect, test } from '@jest/globals';
import { createToolMemory } from '../../../lambda/core/tool-memory.ts';
import { tool } from '../policy/tool-policies.ts';

test('what is known of a tool is known of its definition in that list, and of no other', () => {
  const memory = createToolMemory<string>();
  const one = { ...tool('a'), list: [] };
  memory.set(one, 'known');
  expect(memory.get({ ...one, exposedName: 'other' })).toBe('known');
  expect(memory.get({ ...one, definition: { ...one.definition } })).toBeUndefined();
  expect(memory.get({ ...one, list: [] })).toBeUndefined();
});
