import { expect, test } from '@jest/globals';
import { load, SMALL } from './problems.ts';

const policy = (kind: string, client: string): string =>
  `${SMALL.replace('kind: okta', `kind: ${kind}`).replace('audiences: [a]', `audiences: [a]${client}`)}mcp:
  servers: { s: { url: https://s.example } }
  routes: { /mcp: { servers: [s], authorizationServer: okta } }
`;

const CLIENT = ', clients: { mcp: { id: x, redirectUris: [https://a.example/callback] } }';

test.each([
  ['okta', '', true],
  ['keycloak', '', false],
  ['okta', CLIENT, false],
])('%s with «%s» is warned of where it registers no strangers: %s', (kind, client, isWarned) => {
  const { warnings } = load(policy(kind, client));
  expect(warnings.some((warning) => warning.includes('registers no clients of strangers'))).toBe(isWarned);
});
