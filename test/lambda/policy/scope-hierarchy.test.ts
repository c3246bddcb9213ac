import { expect, test } from '@jest/globals';
import { includedScopes } from '../../../config/scope-hierarchy.ts';
import { createScopeHierarchy } from '../../../lambda/policy/scope-hierarchy.ts';

const { held, reduced, reach } = createScopeHierarchy(
  includedScopes([
    ['admin', 'write', 'read'],
    ['write', 'draft'],
  ]),
);

test('a scope is held with everything that it includes', () => {
  expect([...held(['write'])]).toEqual(['write', 'read', 'draft']);
  expect([...held(['read', 'other'])]).toEqual(['read', 'other']);
  expect([...held([])]).toEqual([]);
});

test('a scope called like a member of every object is only itself', () => {
  expect([...held(['constructor', '__proto__', 'toString'])]).toEqual(['constructor', '__proto__', 'toString']);
});

test('of scopes that include each other the widest is left', () => {
  expect(reduced(['read', 'write', 'other', 'read'])).toEqual(['write', 'other']);
  expect(reduced(['read', 'draft'])).toEqual(['read', 'draft']);
});

test('a scope reaches as far as what it includes', () => {
  expect([reach('admin'), reach('write'), reach('read'), reach('other')]).toEqual([4, 3, 1, 1]);
});
