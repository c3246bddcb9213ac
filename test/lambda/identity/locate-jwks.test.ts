import { expect, test } from '@jest/globals';
import type { IdentityKind } from '../../../config/compiled.ts';
import { locateJwks } from '../../../lambda/identity/locate-jwks.ts';
import { provider } from './issuer.ts';

const TENANT = '7f1c0b1e-7d4f-4e0a-9c52-2f6a3d0f5b11';

test.each<[IdentityKind, string, string]>([
  ['okta', 'https://acme.okta.com/oauth2/default', 'https://acme.okta.com/oauth2/default/v1/keys'],
  ['auth0', 'https://acme.eu.auth0.com/', 'https://acme.eu.auth0.com/.well-known/jwks.json'],
  [
    'entra',
    `https://login.microsoftonline.com/${TENANT}/v2.0`,
    `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`,
  ],
  ['entra', `https://sts.windows.net/${TENANT}/`, `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`],
  [
    'entra',
    `https://login.microsoftonline.us/${TENANT}/v2.0`,
    `https://login.microsoftonline.us/${TENANT}/discovery/v2.0/keys`,
  ],
  [
    'keycloak',
    'https://id.acme.example/realms/agents',
    'https://id.acme.example/realms/agents/protocol/openid-connect/certs',
  ],
  ['oidc', 'https://id.acme.example/', 'https://id.acme.example/.well-known/openid-configuration'],
])('%s has the keys of %s at %s', (kind, issuer, url) => {
  expect(locateJwks(provider(issuer, { kind })).url).toBe(url);
});
