import { describe, expect, test } from '@jest/globals';
import type { CompiledIdentityProvider, IdentityKind } from '../../../config/compiled.ts';
import { principalId } from '../../../lambda/identity/principal-id.ts';
import { principalOf } from '../../../lambda/identity/principal-of.ts';
import { provider } from './issuer.ts';

const ISSUER = 'https://issuer.example';
const of = (kind: IdentityKind, claims: Record<string, unknown>, overrides: CompiledIdentityProvider['claims'] = {}) =>
  principalOf(provider(ISSUER, { kind, claims: overrides }), claims, 1_800_000_000);

// The shapes are those of each vendor's documentation; the values are made up.
const OKTA = {
  ver: 1,
  jti: 'AT.kRz3',
  iss: ISSUER,
  aud: 'api://default',
  iat: 1_795_000_000,
  exp: 1_800_000_000,
  cid: '0oa2copilot',
  uid: '00u7jane',
  scp: ['llm:call', 'mcp:read'],
  auth_time: 1_794_999_000,
  sub: 'jane@acme.example',
  groups: ['Everyone', 'Platform'],
  roles: ['ai-agents'],
};

const AUTH0 = {
  iss: ISSUER,
  sub: 'auth0|64f0',
  aud: ['https://gateway.acme.example', 'https://acme.eu.auth0.com/userinfo'],
  iat: 1_795_000_000,
  exp: 1_800_000_000,
  azp: 'wL9copilot',
  scope: 'openid profile llm:call',
  permissions: ['llm:call', 'mcp:read'],
  'https://acme.example/roles': ['supply-chain'],
};

const ENTRA = {
  aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
  iss: ISSUER,
  iat: 1_795_000_000,
  nbf: 1_795_000_000,
  exp: 1_800_000_000,
  aio: 'AXQAi/8IAAAA',
  azp: '4a8c-app',
  azpacr: '1',
  name: 'Jane Doe',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  preferred_username: 'jane@acme.example',
  scp: 'llm.call mcp.read',
  roles: ['Agents.Use'],
  groups: ['0760b6cf-170e-4a14-91b3-4b78e0739963'],
  sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
  tid: '7f1c0b1e-7d4f-4e0a-9c52-2f6a3d0f5b11',
  ver: '2.0',
};

const KEYCLOAK = {
  exp: 1_800_000_000,
  iat: 1_795_000_000,
  jti: 'onrtro:6d0c',
  iss: ISSUER,
  aud: ['gateway', 'account'],
  sub: '5b2d3e0a-2f6f-4a8c-b0de-6c0d2f1f8a11',
  typ: 'Bearer',
  azp: 'copilot',
  sid: 'f1c2',
  realm_access: { roles: ['ai-agents', 'offline_access'] },
  resource_access: { gateway: { roles: ['operator'] }, account: { roles: ['view-profile', 'operator'] } },
  scope: 'openid email llm:call',
  preferred_username: 'jane',
  groups: ['/platform'],
};

describe('an Okta access token', () => {
  test('is known by uid and shown by login', () => {
    expect(of('okta', OKTA)).toEqual({
      id: principalId(ISSUER, '00u7jane'),
      issuer: ISSUER,
      sub: 'jane@acme.example',
      clientId: '0oa2copilot',
      scopes: ['llm:call', 'mcp:read'],
      roles: ['ai-agents'],
      groups: ['Everyone', 'Platform'],
      claims: OKTA,
      expiresAt: 1_800_000_000,
      subId: { iss: ISSUER, sub: '00u7jane' },
    });
  });

  test('keeps its id when the login changes', () => {
    expect(of('okta', { ...OKTA, sub: 'jane.doe@acme.example' }).id).toBe(of('okta', OKTA).id);
  });

  test('of a client without a user is known by the client', () => {
    const { uid: _uid, groups: _groups, roles: _roles, ...service } = { ...OKTA, sub: '0oa2copilot' };
    expect(of('okta', service)).toMatchObject({
      id: principalId(ISSUER, '0oa2copilot'),
      sub: '0oa2copilot',
      groups: [],
      roles: [],
    });
  });

  test('may have its scopes in one string', () => {
    expect(of('okta', { ...OKTA, scp: 'llm:call  mcp:read' }).scopes).toEqual(['llm:call', 'mcp:read']);
  });
});

describe('an Auth0 access token', () => {
  test('has permissions and scopes together, once each', () => {
    expect(of('auth0', AUTH0)).toMatchObject({
      sub: 'auth0|64f0',
      clientId: 'wL9copilot',
      scopes: ['llm:call', 'mcp:read', 'openid', 'profile'],
      roles: [],
      groups: [],
    });
  });

  test('of the RFC 9068 profile has its client in client_id', () => {
    const { azp: _azp, ...profile } = AUTH0;
    expect(of('auth0', { ...profile, client_id: 'wL9copilot' }).clientId).toBe('wL9copilot');
  });

  test('has roles where the policy says, be it in a claim named like an address', () => {
    expect(of('auth0', AUTH0, { roles: 'https://acme.example/roles' }).roles).toEqual(['supply-chain']);
  });
});

describe('an Entra access token', () => {
  test('is known by tenant and object id', () => {
    expect(of('entra', ENTRA)).toMatchObject({
      id: principalId(ISSUER, `${ENTRA.tid}|${ENTRA.oid}`),
      clientId: '4a8c-app',
      scopes: ['llm.call', 'mcp.read'],
      roles: ['Agents.Use'],
      groups: ['0760b6cf-170e-4a14-91b3-4b78e0739963'],
    });
  });

  test('is shown by object id, never by a name that others may choose', () => {
    const guest = {
      ...ENTRA,
      oid: 'guest',
      preferred_username: 'admin@acme.example',
      upn: 'admin@acme.example',
      email: 'admin@acme.example',
    };
    expect(of('entra', guest).sub).toBe('guest');
  });

  test('is shown by name where the policy says so, and is still known by object id', () => {
    const named = of('entra', ENTRA, { sub: 'preferred_username' });
    expect(named).toMatchObject({ sub: 'jane@acme.example', id: of('entra', ENTRA).id });
  });

  test('of version 1 has its client in appid', () => {
    const { azp: _azp, ...v1 } = ENTRA;
    expect(of('entra', { ...v1, appid: '4a8c-app', ver: '1.0' }).clientId).toBe('4a8c-app');
  });

  test('without an object id is known by sub', () => {
    const { oid: _oid, ...bare } = ENTRA;
    expect(of('entra', bare)).toMatchObject({ sub: ENTRA.sub, id: principalId(ISSUER, ENTRA.sub) });
  });
});

describe('a Keycloak access token', () => {
  test('has the roles of the realm and of every client', () => {
    expect(of('keycloak', KEYCLOAK)).toMatchObject({
      id: principalId(ISSUER, KEYCLOAK.sub),
      sub: KEYCLOAK.sub,
      clientId: 'copilot',
      scopes: ['openid', 'email', 'llm:call'],
      roles: ['ai-agents', 'offline_access', 'operator', 'view-profile'],
      groups: ['/platform'],
    });
  });

  test('has the roles of one client where the policy says so', () => {
    expect(of('keycloak', KEYCLOAK, { roles: 'resource_access.gateway.roles' }).roles).toEqual(['operator']);
  });
});

describe('an access token of a generic provider', () => {
  test.each([['llm:call mcp:read'], [['llm:call', 'mcp:read']]])('has scopes in %j', (scope) => {
    expect(of('oidc', { sub: 'jane', client_id: 'copilot', scope })).toMatchObject({
      sub: 'jane',
      clientId: 'copilot',
      scopes: ['llm:call', 'mcp:read'],
    });
  });

  test('may have every place overridden', () => {
    const claims = { user: { name: 'jane' }, app: 'copilot', may: ['a'], org: { roles: ['r'], teams: 'Team One' } };
    const places = { sub: 'user.name', clientId: 'app', scopes: 'may', roles: 'org.roles', groups: 'org.teams' };
    expect(of('oidc', claims, places)).toMatchObject({
      id: principalId(ISSUER, 'jane'),
      sub: 'jane',
      clientId: 'copilot',
      scopes: ['a'],
      roles: ['r'],
      groups: ['Team One'],
    });
  });
});

describe('any token', () => {
  test('that names an agent has it as the actor', () => {
    expect(
      of('oidc', { sub: 'jane', act: { sub: 'agent-7', iss: 'https://agents.example', act: { sub: 'older' } } }).actor,
    ).toEqual({
      sub: 'agent-7',
      issuer: 'https://agents.example',
    });
  });

  test('whose lists hold other things than text keeps the text', () => {
    expect(of('okta', { ...OKTA, scp: ['a', 1, null, '', { b: 1 }, ['c']], groups: { x: 1 } })).toMatchObject({
      scopes: ['a'],
      groups: [],
    });
  });

  test('gets nothing from what objects inherit', () => {
    const places = { scopes: 'constructor.name', roles: '__proto__', groups: 'toString' };
    expect(of('oidc', { sub: 'jane' }, places)).toMatchObject({ scopes: [], roles: [], groups: [] });
  });

  test('can not take the id of another by putting separators into its names', () => {
    expect(principalId('a', 'b|c')).not.toBe(principalId('a|b', 'c'));
    expect(principalId('a","b', 'c')).not.toBe(principalId('a', 'b","c'));
  });
});

describe('a token of the gateway itself', () => {
  const OWN = {
    iss: ISSUER,
    sub: 'jane@acme.example',
    sub_id: { format: 'iss_sub', iss: 'https://acme.okta.com', sub: '00u7jane' },
    client_id: 'support',
    scope: 'a b',
    act: { sub: 'support', iss: ISSUER },
  };

  test('is the same person for limits as their own token, and says who acts for them', () => {
    expect(of('gatehouse', OWN)).toMatchObject({
      id: principalId('https://acme.okta.com', '00u7jane'),
      subId: { iss: 'https://acme.okta.com', sub: '00u7jane' },
      issuer: ISSUER,
      sub: 'jane@acme.example',
      clientId: 'support',
      scopes: ['a', 'b'],
      actor: { sub: 'support', issuer: ISSUER },
    });
  });

  test.each([
    undefined,
    null,
    {},
    { iss: 'i', sub: 's' },
    { ...OWN.sub_id, sub: '' },
    { ...OWN.sub_id, format: 'opaque' },
  ])('is nobody without a subject for good: %j', (sub_id) => {
    expect(() => of('gatehouse', { ...OWN, sub_id })).toThrow('token_rejected');
  });
});
