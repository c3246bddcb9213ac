import { describe, expect, test } from '@jest/globals';
import { discoverOAuthProtectedResourceMetadata as discoverV2 } from '@modelcontextprotocol/client';
import { discoverOAuthProtectedResourceMetadata as discoverV1 } from '@modelcontextprotocol/sdk/client/auth.js';
import { createProtectedResource, type ProtectedPolicy } from '../../../lambda/mcp/protected-resource.ts';
import { originOf } from '../../../lambda/mcp/public-urls.ts';
import { BASE, policyOf, providerOf, routeOf } from './discovery-policy.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

const get = (policy: ProtectedPolicy, path: string, init: RequestInit = {}, base = originOf) =>
  createProtectedResource(policy, base)(new Request(`${BASE}${path}`, init));

const documentAt = async (policy: ProtectedPolicy, path: string, base = originOf) =>
  (await get(policy, path, {}, base)?.json()) as Record<string, unknown> | undefined;

describe('A1: protected resource metadata', () => {
  const policy = policyOf([routeOf('/mcp'), routeOf('/public/mcp', { auth: 'none' })]);
  const document = {
    resource: `${BASE}/mcp`,
    resource_name: 'acme-agents',
    authorization_servers: ['https://acme.okta.com/oauth2/default'],
    bearer_methods_supported: ['header'],
    scopes_supported: ['mcp:read', 'mcp:write', 'mcp:admin'],
  };

  test.each([`${WELL_KNOWN}/mcp`, WELL_KNOWN, `${WELL_KNOWN}/mcp/`, `${WELL_KNOWN}/`])(
    'is at %s, and names the address that clients dial',
    async (path) => {
      expect(await documentAt(policy, path)).toEqual(document);
    },
  );

  test.each([
    ['SDK v2', discoverV2],
    ['SDK v1', discoverV1],
  ])('is found by %s', async (_client, discover) => {
    const fetchFn = async (url: string | URL) =>
      createProtectedResource(policy, originOf)(new Request(url)) ?? new Response(null, { status: 404 });
    expect(await discover(`${BASE}/mcp`, {}, fetchFn)).toMatchObject(document);
  });

  test.each([
    `${WELL_KNOWN}/public/mcp`,
    `${WELL_KNOWN}/other`,
    `${WELL_KNOWN}/mcp/more`,
    `${WELL_KNOWN}x`,
    '/mcp',
    '/.well-known/oauth-authorization-server',
  ])('%s is nobody’s: no document where no token is taken', (path) => {
    expect(get(policy, path)).toBeUndefined();
  });

  test('of a host with several routes is the host’s own, for all of them', async () => {
    const several = policyOf([
      routeOf('/mcp'),
      routeOf('/dev/mcp', { auth: 'optional', allow: [{ scope: 'dev:read' }, { scope: 'mcp:read' }] }),
    ]);
    expect(await documentAt(several, WELL_KNOWN)).toMatchObject({
      resource: BASE,
      scopes_supported: ['mcp:read', 'mcp:write', 'mcp:admin', 'dev:read'],
    });
    expect(await documentAt(several, `${WELL_KNOWN}/dev/mcp`)).toMatchObject({
      resource: `${BASE}/dev/mcp`,
      scopes_supported: ['dev:read', 'mcp:read'],
    });
  });

  test('knows the stage of API Gateway', async () => {
    const staged = (url: string) => `${new URL(url).origin}/prod`;
    expect(await documentAt(policy, `${WELL_KNOWN}/mcp`, staged)).toMatchObject({ resource: `${BASE}/prod/mcp` });
  });

  test('may be read by pages of any origin, and asked for in no other way', async () => {
    const asked = get(policy, WELL_KNOWN);
    expect(asked?.headers.get('access-control-allow-origin')).toBe('*');
    expect(asked?.headers.get('content-type')).toBe('application/json');
    const preflight = get(policy, `${WELL_KNOWN}/mcp`, { method: 'OPTIONS' });
    expect(preflight?.status).toBe(204);
    expect(preflight?.headers.get('access-control-allow-headers')).toContain('mcp-protocol-version');
    const posted = get(policy, `${WELL_KNOWN}/mcp`, { method: 'POST', body: '{}' });
    expect([posted?.status, posted?.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });
});

describe('authorization_servers', () => {
  test('are the issuers, character for character', async () => {
    const policy = policyOf([routeOf('/mcp')], [providerOf('auth0'), providerOf('oidc')]);
    expect(await documentAt(policy, WELL_KNOWN)).toMatchObject({
      authorization_servers: ['https://acme.eu.auth0.com/', 'https://id.acme.com'],
    });
  });

  test('are the one that the route names, through the gateway where clients stumble over it', async () => {
    const providers = [providerOf('okta'), providerOf('entra'), providerOf('oidc')];
    const named = (authorizationServer: string) =>
      documentAt(policyOf([routeOf('/mcp', { authorizationServer })], providers), WELL_KNOWN);
    expect((await named('entra'))?.authorization_servers).toEqual([`${BASE}/authorization/entra`]);
    expect((await named('oidc'))?.authorization_servers).toEqual(['https://id.acme.com']);
  });

  test('are never none: without one there is no document', () => {
    expect(get(policyOf([routeOf('/mcp')], []), WELL_KNOWN)).toBeUndefined();
  });
});

describe('A5: scopes', () => {
  const scopesOf = async (route: Parameters<typeof routeOf>[1]) =>
    (await documentAt(policyOf([routeOf('/mcp', route)]), WELL_KNOWN))?.scopes_supported;

  test('with step-up are those to begin with', async () => {
    expect(await scopesOf({ stepUp: true })).toEqual(['mcp:read']);
    expect(await scopesOf({ stepUp: true, allow: [{ scope: 'mcp:write' }, { scope: 'other' }] })).toEqual([
      'mcp:write',
      'other',
    ]);
  });

  test('never ask to come back without the user, and are left out when no rule names one', async () => {
    expect(await scopesOf({ allow: [{ scope: 'offline_access' }, { scope: 'mcp:read' }] })).toEqual(['mcp:read']);
    expect(await scopesOf({ allow: [{ when: 'true' }] })).toBeUndefined();
  });
});
