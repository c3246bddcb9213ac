import { beforeAll, describe, expect, test } from '@jest/globals';
import type { CompiledIdentityProvider } from '../../../config/compiled.ts';
import { createVerifiers } from '../../../lambda/token/verifiers.ts';
import { createKey, type IssuerKey, signToken } from '../identity/sign-token.ts';

const NOW = 1_800_000_000;
const ISSUER = 'https://agents.acme.com';
const PEOPLE = 'https://people.acme.com';

const people: CompiledIdentityProvider = {
  name: 'people',
  kind: 'oidc',
  issuer: PEOPLE,
  audiences: ['api://gateway'],
  jwksUri: `${PEOPLE}/keys`,
  algorithms: ['RS256'],
  clockSkewSeconds: 30,
  // What its people choose themselves.
  claims: { sub: 'nickname' },
};

let key: IssuerKey;
beforeAll(async () => {
  key = await createKey('people');
});

const actor = async (claims: Readonly<Record<string, unknown>>) => {
  const policy = { identity: { providers: [people], apiKeys: [] } };
  const ports = { fetchJson: async () => ({ keys: [key.jwk] }), clock: () => NOW * 1_000 };
  const token = { iss: PEOPLE, aud: 'api://gateway', iat: NOW, exp: NOW + 300, client_id: 'portal', ...claims };
  return createVerifiers(policy, ISSUER, ports).actor(await signToken(key, token));
};

describe('an actor', () => {
  test('is no person who has named themselves like a client', async () => {
    await expect(actor({ sub: 'ada', nickname: 'portal' })).rejects.toMatchObject({
      detail: { reason: 'not-app-only' },
    });
  });

  test("is an application by its token's own sub, whatever the policy shows in its place", async () => {
    expect((await actor({ sub: 'portal', nickname: 'The portal' })).issuerName).toBe('people');
  });
});
