import { describe, expect, test } from '@jest/globals';
import { clientClaimOf } from '../../config/client-claim.ts';
import { principalOf } from '../../lambda/identity/principal-of.ts';
import { provider } from '../lambda/identity/issuer.ts';

describe('the claim that names the client', () => {
  test.each([
    ['okta', 'https://okta.example/oauth2/default', 'cid'],
    ['auth0', 'https://tenant.auth0.example/', 'azp'],
    ['keycloak', 'https://keycloak.example/realms/acme', 'azp'],
    ['entra', 'https://login.microsoftonline.com/tenant/v2.0', 'azp'],
    ['entra', 'https://sts.windows.net/tenant/', 'appid'],
    ['oidc', 'https://idp.example', 'client_id'],
  ] as const)('of %s at %s is %s, and the gateway reads the client there too', (kind, issuer, claim) => {
    expect(clientClaimOf({ kind, issuer })).toBe(claim);
    const claims = { sub: 'jane', tid: 'tenant', oid: 'jane', [claim]: 'the-client' };
    expect(principalOf(provider(issuer, { kind }), claims, 0).clientId).toBe('the-client');
  });

  test('is where the policy says that it is', () => {
    expect(clientClaimOf({ kind: 'oidc', issuer: 'https://idp.example', claims: { clientId: 'azp' } })).toBe('azp');
  });
});
