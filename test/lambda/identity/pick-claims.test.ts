import { expect, test } from '@jest/globals';
import { pickClaims } from '../../../lambda/identity/pick-claims.ts';

const CLAIMS = {
  team: 'blue',
  org: { unit: 'ops', none: null },
  realm_access: { roles: ['dev'] },
  resource_access: { one: { roles: ['a'] }, two: { roles: ['b'], level: 1 } },
  'https://acme.example/roles': ['x'],
  'a.b': 'whole',
};

test.each([
  ['team', { team: 'blue' }],
  ['org.unit', { unit: 'ops' }],
  ['realm_access.roles', { roles: ['dev'] }],
  ['resource_access.*.roles', { roles: ['a', 'b'] }],
  ['resource_access.*.level', { level: [1] }],
  ['resource_access.one.*', { one: ['a'] }],
  ['https://acme.example/roles', { 'https://acme.example/roles': ['x'] }],
  ['a.b', { b: 'whole' }],
  ['org.none', { none: null }],
  ['org.absent', {}],
  ['absent.*', {}],
])('the claim at %s is %j', (path, picked) => {
  expect(pickClaims(CLAIMS, [path])).toEqual(picked);
});
