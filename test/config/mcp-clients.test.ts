import { expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import { load, problemsOf, SMALL } from './problems.ts';

const policy = (kind: string, client: string): string =>
  `${SMALL.replace('kind: okta', `kind: ${kind}`).replace('audiences: [a]', `audiences: [a]${client}`)}mcp:
  servers: { s: { url: https://s.example } }
  routes: { /mcp: { servers: [s], authorizationServer: okta } }
`;

test('the client that MCP clients are told to be stands at its provider', () => {
  const { mcp } = compilePolicy(load(policy('okta', ', mcpClient: { id: 0oa1 }')).config);
  expect(mcp.clients).toEqual({ okta: { clientId: '0oa1' } });
  const entra = policy('entra', ', mcpClient: { id: app, credential: openai-api-key }');
  expect(compilePolicy(load(entra).config).mcp.clients).toEqual({
    okta: { clientId: 'app', credential: 'openai-api-key' },
  });
  expect(compilePolicy(load(SMALL).config).mcp.clients).toBeUndefined();
});

test.each([
  [', mcpClient: { id: x, credential: nowhere }', 'no credential nowhere under credentials'],
  [', mcpClient: { id: x, credential: openai-api-key }', 'register a public client at this provider'],
  [', mcpClient: { secret: x }', 'unknown key secret'],
])('is refused: %s', (client, why) => {
  expect(problemsOf(policy('okta', client)).join('\n')).toContain(why);
});

test.each([
  ['okta', '', true],
  ['entra', '', true],
  ['keycloak', '', false],
  ['okta', ', mcpClient: { id: x }', false],
])('%s with «%s» is warned of where it registers no strangers: %s', (kind, client, isWarned) => {
  const { warnings } = load(policy(kind, client));
  expect(warnings.some((warning) => warning.includes('registers no clients of strangers'))).toBe(isWarned);
});
