import { describe, expect, test } from '@jest/globals';
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/client';
import { createChallenge, scopeChallenge, tokenChallenge } from '../../../lambda/mcp/challenge.ts';
import { originOf } from '../../../lambda/mcp/public-urls.ts';
import { BASE, policyOf, providerOf, routeOf } from './discovery-policy.ts';

const METADATA = `${BASE}/.well-known/oauth-protected-resource/mcp`;
const route = routeOf('/mcp');

/** As a client reads it. */
const read = (challenge: string) =>
  extractWWWAuthenticateParams(new Response(null, { status: 401, headers: { 'www-authenticate': challenge } }));

describe('A2: a call without a good token', () => {
  test('is told where to get one, and for which scopes', () => {
    const challenge = tokenChallenge(route, METADATA, { tokenSent: false });
    expect(challenge).toBe(`Bearer resource_metadata="${METADATA}", scope="mcp:read mcp:write mcp:admin"`);
    expect(read(challenge)).toMatchObject({
      resourceMetadataUrl: new URL(METADATA),
      scope: 'mcp:read mcp:write mcp:admin',
    });
  });

  test('that brought one is told that it was not accepted', () => {
    expect(tokenChallenge(route, METADATA, { tokenSent: true })).toMatch(
      /^Bearer error="invalid_token", resource_metadata=/,
    );
  });

  test('is asked for the smallest scope where more can be asked for later', () => {
    expect(read(tokenChallenge(routeOf('/mcp', { stepUp: true }), METADATA, { tokenSent: false })).scope).toBe(
      'mcp:read',
    );
  });

  test('is told no more than that, where nobody gives tokens', () => {
    expect(tokenChallenge(routeOf('/mcp', { allow: [] }), undefined, { tokenSent: false })).toBe('Bearer');
  });
});

describe('A4: a call that further scopes would allow', () => {
  test('is told all of them at once, with those it has that count here', () => {
    const held = ['openid', 'mcp:read'];
    const challenge = scopeChallenge(route, METADATA, { missing: ['mcp:write', 'mcp:admin'], held });
    expect(challenge).toBe(
      `Bearer error="insufficient_scope", scope="mcp:read mcp:write mcp:admin", resource_metadata="${METADATA}"`,
    );
    expect(read(challenge).error).toBe('insufficient_scope');
  });

  test('is never asked for what no header holds, or for coming back without the user', () => {
    const missing = ['a"b', 'c\\d', 'e f', 'g\r\nset-cookie: x', 'ü', 'offline_access', 'mcp:write'];
    expect(scopeChallenge(route, METADATA, { missing, held: [] })).toContain('scope="mcp:write", ');
  });
});

describe('the challenges of a policy', () => {
  const challenge = createChallenge(policyOf([route, routeOf('/public/mcp', { auth: 'none' })]), originOf);

  test('lead to the metadata of the route that was called', () => {
    expect(challenge({ route: '/mcp', url: `${BASE}/mcp?x=1` })).toContain(`resource_metadata="${METADATA}"`);
    expect(challenge({ route: '/mcp', url: `${BASE}/mcp`, error: 'invalid_token' })).toContain('error="invalid_token"');
    const held = ['mcp:read', 'openid'];
    const more = {
      route: '/mcp',
      url: `${BASE}/mcp`,
      error: 'insufficient_scope',
      scopes: ['mcp:write'],
      held,
    } as const;
    expect(challenge(more)).toContain('scope="mcp:read mcp:write"');
    const scoped = { route: '/mcp', url: `${BASE}/mcp`, error: 'insufficient_scope', scopes: ['mcp:write'] } as const;
    expect(challenge(scoped)).toBe(
      `Bearer error="insufficient_scope", scope="mcp:write", resource_metadata="${METADATA}"`,
    );
  });

  test('lead nowhere from a public route, an unknown one, or where only API keys are known', () => {
    expect(challenge({ route: '/public/mcp', url: `${BASE}/public/mcp` })).not.toContain('resource_metadata');
    expect(challenge({ route: '', url: `${BASE}/nowhere` })).toBe('Bearer');
    const keysOnly = createChallenge(policyOf([route], []), originOf);
    expect(keysOnly({ route: '/mcp', url: `${BASE}/mcp` })).not.toContain('resource_metadata');
    expect(
      createChallenge(policyOf([route], [providerOf('okta')]), originOf)({ route: '/mcp', url: '/mcp' }),
    ).not.toContain('resource_metadata');
  });
});
