import { expect, test } from '@jest/globals';
import { pickClaims } from '../../../lambda/identity/pick-claims.ts';

const IDP = 'https://idp.example';
const OWN = 'https://gateway.example';
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
  expect(pickClaims({ issuer: IDP, claims: CLAIMS }, [path], OWN)).toEqual(picked);
});

test.each(['org.unit', 'realm_access.roles', 'resource_access.*.roles', 'https://acme.example/roles', 'team'])(
  'in a token of our own the claim of %s is found again, whatever else there is',
  (path) => {
    const once = pickClaims({ issuer: IDP, claims: CLAIMS }, [path], OWN);
    const claims = { ...once, org: { unit: 'other' } };
    expect(pickClaims({ issuer: OWN, claims }, [path], OWN)).toEqual(once);
  },
);

test('what an identity provider has under the name alone is not what is at the path', () => {
  expect(pickClaims({ issuer: IDP, claims: { unit: 'chosen' } }, ['org.unit'], OWN)).toEqual({});
});
