import { expect, test } from '@jest/globals';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { readCallersToken } from '../../../lambda/outbound-auth/callers-token.ts';
import { ISSUER, jwt, NOW } from './token-endpoint.ts';

const read = (token: string | undefined, expiresAt?: number) =>
  readCallersToken(
    {
      principal: { ...ANONYMOUS, issuer: ISSUER, ...(expiresAt === undefined ? {} : { expiresAt }) },
      token: token === undefined ? undefined : new Hidden(token),
    },
    NOW * 1_000,
  );
const good = { iss: ISSUER, sub: 'jane' };

test.each([
  ['for nobody', 'missing', undefined],
  ['for an API key', 'unreadable', 'gh_key'],
  ['that is no JSON', 'unreadable', 'e30.bm8.x'],
  ['of another issuer', 'another-issuer', jwt({ ...good, iss: 'https://other.example', exp: NOW + 9 })],
  ['of no issuer', 'another-issuer', jwt({ sub: 'jane', exp: NOW + 9 })],
  ['that says no end', 'endless', jwt({ ...good, exp: 'soon' })],
  ['that ends now', 'ended', jwt({ ...good, exp: NOW })],
])("a caller's own token %s is %s", (_what, why, token) => {
  expect(read(token)).toBe(why);
});

test('it ends with the identity that was found by it, if that is sooner', () => {
  const token = jwt({ ...good, exp: NOW + 9 });
  expect(read(token)).toMatchObject({ claims: { sub: 'jane' }, expiresAt: NOW + 9 });
  expect(read(token, NOW + 5)).toMatchObject({ expiresAt: NOW + 5 });
  expect(read(token, NOW + 39)).toMatchObject({ expiresAt: NOW + 9 });
  expect(read(token, NOW - 1)).toBe('ended');
  expect(read(jwt(good), NOW + 5)).toMatchObject({ expiresAt: NOW + 5 });
});
