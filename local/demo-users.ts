/** A person of the local identity provider. The gateway knows none of them: it sees only what their tokens say. */
export interface DemoUser {
  /** What one types: `npm run -s token -- jane`. */
  readonly name: string;
  readonly displayName: string;
  /** Okta's user id: the stable subject, `uid` in access tokens. */
  readonly uid: string;
  /** Okta's login: what `sub` of an access token holds. */
  readonly login: string;
  readonly email: string;
  readonly team: string;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  /** The most that this person's tokens can hold, besides the scopes of OpenID Connect. */
  readonly scopes: readonly string[];
}

export const DEMO_USERS: readonly DemoUser[] = [
  {
    name: 'jane',
    displayName: 'Jane Doe',
    uid: '00u1jane0local0acme0',
    login: 'jane@acme.example',
    email: 'jane@acme.example',
    team: 'payments',
    groups: ['Everyone', 'payments'],
    roles: ['ai-agents'],
    scopes: ['llm:call', 'mcp:read', 'mcp:write'],
  },
  {
    name: 'admin',
    displayName: 'Ada Minh',
    uid: '00u2admin0local0acme',
    login: 'admin@acme.example',
    email: 'admin@acme.example',
    team: 'platform',
    groups: ['Everyone', 'platform', 'admins'],
    roles: ['ai-agents'],
    scopes: ['llm:call', 'mcp:read', 'mcp:write', 'mcp:admin'],
  },
  {
    name: 'reader',
    displayName: 'Rita Reader',
    uid: '00u3reader0local0acm',
    login: 'reader@acme.example',
    email: 'reader@acme.example',
    team: 'research',
    groups: ['Everyone', 'research'],
    roles: [],
    scopes: ['llm:call', 'mcp:read'],
  },
  {
    name: 'mcp-user',
    displayName: 'Max Supply',
    uid: '00u4mcp0user0local0a',
    login: 'mcp-user@acme.example',
    email: 'mcp-user@acme.example',
    team: 'supply-chain',
    groups: ['Everyone', 'supply-chain'],
    roles: ['supply-chain', 'ai-agents'],
    scopes: ['llm:call'],
  },
  {
    name: 'nobody',
    displayName: 'Noel Nobody',
    uid: '00u5nobody0local0acm',
    login: 'nobody@acme.example',
    email: 'nobody@acme.example',
    team: 'visitors',
    groups: ['Everyone'],
    roles: [],
    scopes: [],
  },
];
