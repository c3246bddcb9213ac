import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import { ConfigError, loadGatewayConfig } from '../../config/load.ts';
import { load, problemsOf, SMALL } from './problems.ts';

const agent = (text: string, rest = ''): string =>
  `${SMALL}${rest}agents:\n  a: { runtime: { source: agent }, ${text.includes('model:') ? '' : 'model: fast, '}${text} }\n`;
const compiled = (text: string) => compilePolicy(load(text).config);
const OBO = 'inbound: obo, obo: { issuer: gatehouse }';

describe('a policy with agents is refused', () => {
  test.each([
    ['inbound: obo', 'missing key obo'],
    [
      'inbound: obo, obo: { issuer: nowhere }',
      'expected gatehouse or a name under identity.providers, found "nowhere"',
    ],
    ['inbound: obo, obo: { issuer: gatehouse, client: x }', 'no credential x under credentials'],
    ['inbound: obo, obo: { issuer: gatehouse, audience: x }', 'means nothing where the issuer is gatehouse'],
    ['inbound: obo, obo: { issuer: okta }', "agents.a.obo: needs clientId, the id of this gateway's client at okta"],
    ['inbound: obo, obo: { issuer: gatehouse, clientId: x }', 'means nothing where the issuer is gatehouse'],
    [
      'inbound: obo, obo: { issuer: okta, clientId: x, audience: other }',
      'agents.a.obo.audience: the gateway takes no token for it: expected one of a',
    ],
    [
      'inbound: jwt-passthrough, obo: { issuer: okta, audience: other }',
      'agents.a.obo.audience: the gateway takes no token for it',
    ],
    ['inbound: jwt-passthrough, obo: { issuer: okta, clientId: x }', 'means nothing without inbound: obo'],
    ['inbound: obo, obo: { issuer: okta, lifetime: 5m }', 'means nothing where the issuer is an identity provider'],
    ['inbound: obo, obo: { issuer: okta, actor: x }', 'means nothing where the issuer is an identity provider'],
    [
      'inbound: obo, obo: { issuer: gatehouse, subjectClaims: [email, act] }',
      'is a claim that the gateway itself sets',
    ],
    ['inbound: obo, obo: { issuer: gatehouse, lifetime: 2h }', 'a duration of at most 1h'],
    ['inbound: claims-as-headers', 'missing key claims'],
    ['inbound: claims-as-headers, claims: { sub: "a b" }', 'a name of letters, digits, hyphens and underscores'],
    ['inbound: claims-as-headers, claims: { sub: User, email: USER }', 'the same header as another claim'],
    ['inbound: claims-as-headers, claims: { sub: Obo-Token }', 'this header carries a token'],
    [
      `inbound: claims-as-headers, claims: { ${Array.from({ length: 18 }, (_, i) => `c${i}: C${i}`).join(', ')} }`,
      'leaves 17 for claims: found 18',
    ],
    [`${OBO}, auth: optional`, 'expected strict: an agent acts for somebody'],
    ['inbound: obo, obo: { issuer: gatehouse }, model: slow', 'no route of llm that asks who calls has "slow"'],
    [`${OBO}, protocol: a2a`, 'agents.a.protocol: the agent in this folder speaks http only'],
    [`${OBO}, traces: { endpoint: http://collector.example }`, 'expected an https:// URL'],
    [`${OBO}, traces: { endpoint: "https://key@collector.example" }`, 'expected an https:// URL'],
    [`${OBO}, traces: { endpoint: https://collector.example, headers: { x-key: k } }`, 'headers'],
    [`${OBO}, guardrails: [g]`, 'not available yet: agents.a.guardrails'],
    [`${OBO}, authorization: { allow: ["agent.nme == 'a'"] }`, 'CEL'],
  ])('%s', (text, why) => {
    expect(problemsOf(agent(text)).join('\n')).toContain(why);
  });

  test('where a runtime that the deployment does not make is to send traces', () => {
    const arn = 'arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/a-Ab12Cd34Ef';
    const text = agent(`${OBO}, traces: { endpoint: https://c.example }`).replace('source: agent', `arn: "${arn}"`);
    expect(problemsOf(text).join('\n')).toContain('agents.a.traces: is for a folder that is deployed');
  });

  test.each(['agent', './agent', 'agent/'])(
    'where the agent of %s is to do what it can not, and no other',
    (folder) => {
      const text = agent('protocol: a2a, inbound: claims-as-headers, claims: { sub: User }');
      const problems = problemsOf(text.replace('source: agent', `source: ${folder}`)).join('\n');
      expect(problems).toContain('agents.a.protocol: ');
      expect(problemsOf(text.replace('source: agent', 'source: agents/agent'))).toEqual([]);
    },
  );

  test('not where an agent that runs already gets a token for another audience: who knows what it calls', () => {
    const arn = 'arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/a-Ab12Cd34Ef';
    const text = agent('inbound: obo, obo: { issuer: okta, clientId: x, audience: other }');
    expect(problemsOf(text.replace('source: agent', `arn: "${arn}"`))).toEqual([]);
  });

  test('where the runtime would take the client that people sign in with', () => {
    const clients = 'clients: { mcp: { id: desktop, redirectUris: ["http://127.0.0.1/callback"] } }';
    const text = agent('inbound: obo, obo: { issuer: okta, clientId: desktop }').replace(
      'audiences: [a]',
      `audiences: [a], ${clients}`,
    );
    expect(problemsOf(text).join('\n')).toContain('agents.a.obo.clientId: is the client that people sign in with');
  });

  test('where two are the default', () => {
    const two = `${agent(`${OBO}, default: true`)}  b: { runtime: { source: agent }, model: fast, ${OBO}, default: true }\n`;
    expect(problemsOf(two).join('\n')).toContain('the same as agents.a.default: one agent is the default');
  });

  test('where an exchange has no endpoint', () => {
    const text = agent('inbound: obo, obo: { issuer: okta, clientId: c }').replace('kind: okta', 'kind: oidc');
    expect(problemsOf(text).join('\n')).toContain('nothing says where okta exchanges tokens');
  });

  test('where an identity provider has the name of the gateway', () => {
    const text = SMALL.replace('okta: { kind', 'gatehouse: { kind');
    expect(problemsOf(text).join('\n')).toContain('is the name of this gateway itself');
  });

  test.each([
    [
      'a client',
      `${SMALL}tokens: { clients: { gatehouse-mcp: { authentication: { secret: openai-api-key }, audiences: [a] } } }`,
    ],
    ['a credential', SMALL.replace('openai-api-key: {}', 'openai-api-key: {}, gatehouse-mcp: {}')],
  ])('where %s has the name under which the gateway itself asks for tokens', (_what, text) => {
    expect(problemsOf(text).join('\n')).toContain('gatehouse-mcp: is the name of this gateway itself');
  });

  test.each(['/invoke', '/a2a/x', '/agents'])('where a route takes %s', (path) => {
    expect(problemsOf(SMALL.replace('/v1:', `${path}:`)).join('\n')).toContain('is reserved');
  });
});

describe('an agent, compiled,', () => {
  test('has the defaults, finds its model and its tools, and is what /invoke means', () => {
    const { agents, tokens, claimsUsed } = compiled(
      agent(
        'inbound: obo, obo: { issuer: gatehouse, subjectClaims: [email, org.team] }',
        'mcp: { servers: { s: { url: https://s.example } }, routes: { /open: { servers: [s], auth: none }, /mcp: { servers: [s] } } }\n',
      ),
    );
    expect(agents).toEqual([
      expect.objectContaining({
        name: 'a',
        path: '/agents/a',
        auth: 'strict',
        protocol: 'http',
        isDefault: true,
        inbound: { type: 'obo' },
        obo: { issuer: 'gatehouse', actor: 'a', subjectClaims: ['email', 'org.team'], lifetimeSeconds: 300 },
        model: 'fast',
        reaches: { llm: '/v1', mcp: '/mcp' },
        newSessionsPerSecond: 20,
        authorization: expect.objectContaining({ allow: ["'llm:call' in principal.scopes"] }),
      }),
    ]);
    expect(tokens).toEqual({ signingKey: 1, actorIssuers: [], clients: [] });
    expect(claimsUsed).toEqual(['email', 'org', 'org.team', 'team']);
  });

  test('is told claims that are named like a URL, and those at paths by what begins there', () => {
    const { claimsUsed } = compiled(
      agent(
        'inbound: claims-as-headers, claims: { "https://acme.example/roles": Roles, realm_access.roles: All }, obo: { issuer: gatehouse }',
      ),
    );
    expect(claimsUsed).toEqual(['https://acme.example/roles', 'realm_access', 'realm_access.roles', 'roles']);
  });

  test('exchanges at its identity provider as the client that stands there, and the gateway then makes no token', () => {
    const { agents, tokens, credentials } = compiled(
      agent('inbound: obo, obo: { issuer: okta, clientId: 0oaGateway, scopes: [s] }'),
    );
    expect(agents[0]?.obo).toMatchObject({
      issuer: 'provider',
      tokenUrl: 'https://okta.example/v1/token',
      audience: 'a',
      client: 'okta-client',
      clientClaim: { name: 'cid', value: '0oaGateway' },
      grant: 'token-exchange',
    });
    expect(tokens).toBeUndefined();
    expect(credentials).toContain('okta-client');
  });

  test('is given a token to go on with where it is the one of this repository and is told by headers', () => {
    const byHeaders = 'inbound: claims-as-headers, claims: { sub: User }';
    const { agents, tokens } = compiled(agent(byHeaders));
    expect(agents[0]?.obo).toEqual({ issuer: 'gatehouse', actor: 'a', subjectClaims: [], lifetimeSeconds: 300 });
    expect(tokens).toBeDefined();
    expect(load(agent(byHeaders)).warnings).toEqual([]);
    const chosen = compiled(agent(`${byHeaders}, obo: { issuer: gatehouse, actor: bot }`));
    expect(chosen.agents[0]?.obo).toMatchObject({ actor: 'bot' });
    const arn = 'arn:aws:bedrock-agentcore:eu-central-1:111122223333:runtime/a-Ab12Cd34Ef';
    for (const runtime of ['source: other', `arn: "${arn}"`])
      expect(compiled(agent(byHeaders).replace('source: agent', runtime)).agents[0]).not.toHaveProperty('obo');
    // The token of the user, which this agent is told by, is one to go on with.
    expect(compiled(agent('inbound: jwt-passthrough')).agents[0]).not.toHaveProperty('obo');
  });

  test('says what it does to a collector, and nothing of what is said unless it has to', () => {
    const traces = (text: string) =>
      compiled(agent(`${OBO}, traces: { endpoint: https://c.example${text} }`)).agents[0]?.traces;
    expect(traces('')).toEqual({ endpoint: 'https://c.example', content: false });
    expect(traces(', content: true')).toEqual({ endpoint: 'https://c.example', content: true });
    expect(compiled(agent(OBO)).agents[0]).not.toHaveProperty('traces');
  });

  test('speaks A2A at a path of its own, which is never /invoke', () => {
    const { agents } = compiled(agent(`${OBO}, protocol: a2a`).replace('source: agent', 'source: other'));
    expect(agents[0]).toMatchObject({ path: '/a2a/a', isDefault: false });
  });

  test('of two, none is the default unless it says so', () => {
    const two = `${agent(OBO)}  b: { runtime: { source: agent }, model: fast, ${OBO} }\n`;
    expect(compiled(two).agents.map(({ isDefault }) => isDefault)).toEqual([false, false]);
  });
});

describe("the claims of the gateway's own tokens", () => {
  const forAgent = (claims: string) => problemsOf(agent(`inbound: obo, obo: { issuer: gatehouse, ${claims} }`));
  const forClient = (claims: string) =>
    problemsOf(
      `${SMALL}tokens: { clients: { desk: { authentication: { secret: openai-api-key }, audiences: [x], ${claims} } } }\n`,
    );
  const both = [
    ['an agent', 'agents.a.obo', forAgent],
    ['a client', 'tokens.clients.desk', forClient],
  ] as const;

  test.each(both)('are none that only the gateway says, by whatever path: for %s', (_what, place, problems) => {
    expect(problems('subjectClaims: [email, org.sub]').join('\n')).toContain(
      `${place}.subjectClaims[1]: becomes sub, a claim that the gateway itself sets, or by which others judge a token: leave it out, or have its issuer put it under another name`,
    );
    expect(problems('subjectClaims: [act.*]').join('\n')).toContain('becomes act,');
    expect(problems('subjectClaims: ["*"]').join('\n')).toContain('names no claim');
  });

  test.each(both)('have one name each: for %s', (_what, place, problems) => {
    expect(problems('subjectClaims: [team, org.team]').join('\n')).toContain(
      `${place}.subjectClaims[1]: becomes team, as ${place}.subjectClaims[0] does: leave it out`,
    );
    expect(problems('subjectClaims: [org.team, "https://acme.example/team", team.lead]')).toEqual([]);
  });

  test('are not both the subject and the actor: where the one has none it would be the other', () => {
    expect(forClient('subjectClaims: [org.team], actorClaims: [team]').join('\n')).toContain(
      'tokens.clients.desk.actorClaims[0]: becomes team, as tokens.clients.desk.subjectClaims[0] does',
    );
  });

  test.each(['groups', 'realm_access.roles', 'org.*.groups'])(
    "say what the subject may do, so the actor's %s are none",
    (claim) => {
      expect(forClient(`actorClaims: ["${claim}"]`).join('\n')).toContain("the actor's are not theirs");
      expect(forClient(`subjectClaims: ["${claim}"]`)).toEqual([]);
    },
  );
});

describe('an issuer of actor tokens', () => {
  const issuer = (text: string) =>
    problemsOf(`${SMALL}tokens: { actorIssuers: { spire: { audiences: [x], ${text} } } }\n`);

  test.each([
    ['kind: spiffe, issuer: "spiffe://acme.com"', 'needs jwksUri, the address of the trust domain’s bundle'],
    [
      'kind: kubernetes, issuer: "spiffe://acme.com", jwksUri: https://a.example/keys',
      'tokens.actorIssuers.spire.issuer: expected an https address: only spiffe has trust domains',
    ],
    ['kind: spiffe, issuer: "spiffe://acme.com/agents", jwksUri: https://a.example/keys', 'expected an https:// URL'],
  ])('%s is refused: %s', (text, message) => {
    expect(issuer(text).join('\n')).toContain(message);
  });

  test('is a trust domain, or what SVIDs have as iss', () => {
    expect(issuer('kind: spiffe, issuer: "spiffe://acme.com", jwksUri: https://a.example/keys')).toEqual([]);
    expect(issuer('kind: spiffe, issuer: https://spire.acme.com')).toEqual([]);
  });
});

describe("the gateway's own tokens", () => {
  test('are made for servers that take them, and the client that asks for them may ask for nothing else', () => {
    const { tokens, mcp, credentials } = compiled(
      `${SMALL}mcp: { servers: { s: { url: https://s.example, credential: { exchange: gatehouse, audience: api://s } } }, routes: { /mcp: { servers: [s] } } }\n`,
    );
    expect(mcp.servers.s?.credential).toEqual({ type: 'own-token', audience: 'api://s', scopes: [] });
    expect(tokens?.clients).toEqual([expect.objectContaining({ name: 'gatehouse-mcp', audiences: ['api://s'] })]);
    expect(credentials).toEqual(['openai-api-key']);
  });

  test('need nothing where nobody asks for them', () => {
    expect(compiled(SMALL).tokens).toBeUndefined();
  });

  test('clients are known by a secret, by keys that ship, or by an actor', () => {
    const text = `${SMALL}tokens:
  actorIssuers: { k8s: { kind: kubernetes, issuer: https://k8s.example, audiences: [g] } }
  clients:
    a: { authentication: { secret: openai-api-key }, audiences: [x] }
    b: { authentication: { privateKeyJwt: { jwks: keys.json } }, audiences: [x] }
    c: { authentication: { actorToken: { issuer: k8s, subject: s } }, audiences: [x] }
`;
    const { config } = load(text.replace('{ privateKeyJwt: { jwks: keys.json } }', '{ secret: openai-api-key }'));
    const clients = { ...config.tokens?.clients };
    const b = { ...clients.b, authentication: { privateKeyJwt: { jwks: 'keys.json' } } };
    const own = { ...config, tokens: { ...config.tokens, clients: { ...clients, b } } } as typeof config;
    expect(() => compilePolicy(own)).toThrow('keys.json');
    const { tokens } = compilePolicy({ ...own, files: { 'keys.json': '{"keys":[]}' } });
    expect(tokens?.clients.map(({ authentication }) => authentication)).toEqual([
      { type: 'secret', credential: 'openai-api-key' },
      { type: 'private-key-jwt', jwks: { keys: [] } },
      { type: 'actor-token', issuer: 'k8s', subject: 's' },
    ]);
    expect(problemsOf(text.replace('issuer: k8s, subject', 'issuer: k9s, subject')).join('\n')).toContain(
      'no issuer k9s',
    );
  });
});

describe('a file with the keys of a client', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-keys-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const withKeys = (keys: string) => {
    writeFileSync(path.join(directory, 'keys.json'), keys);
    const text = `${SMALL}tokens: { clients: { b: { authentication: { privateKeyJwt: { jwks: keys.json } }, audiences: [x] } } }\n`;
    return loadGatewayConfig(text, { file: path.join(directory, 'gateway.yaml'), env: {} }).config;
  };

  test('ships with the policy', () => {
    const keys = { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] };
    const { tokens } = compilePolicy(withKeys(JSON.stringify(keys)));
    expect(tokens?.clients[0]?.authentication).toEqual({ type: 'private-key-jwt', jwks: keys });
  });

  test.each([
    ['no json', 'expected a JSON Web Key Set'],
    ['{"keys":[]}', 'with at least one key'],
    ['{"keys":[{"kty":"RSA","d":"c2VjcmV0"}]}', 'holds a private key'],
    ['{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', 'holds a private key'],
    ['{"keys":[{"kty":"what"}]}', 'expected public keys'],
  ])('is refused as %s', (keys, why) => {
    expect(() => withKeys(keys)).toThrow(why);
    expect(() => withKeys(keys)).toThrow(ConfigError);
    expect(() => withKeys(keys)).not.toThrow('c2VjcmV0');
  });
});

test('a file with keys that is not there is refused', () => {
  const text = `${SMALL}tokens: { clients: { b: { authentication: { privateKeyJwt: { jwks: nowhere.json } }, audiences: [x] } } }\n`;
  expect(problemsOf(text).join('\n')).toContain('nowhere.json');
});

test('an agent that nobody may call is warned of', () => {
  const { warnings } = load(agent(`${OBO}, authorization: { allow: [] }`));
  expect(warnings.join('\n')).toContain('/agents/a has no authorization rules');
});

test.each([
  ['issuer: https://okta.example', 'is the issuer of an identity provider'],
  [
    'actorIssuers: { k: { kind: oidc, issuer: https://okta.example/, audiences: [a] } }',
    'is the issuer of an identity',
  ],
  [
    'clients: { a: { authentication: { secret: openai-api-key }, audiences: [x], actorClaims: [groups] } }',
    "the actor's are not theirs",
  ],
])('tokens: { %s } is refused', (text, why) => {
  expect(problemsOf(`${SMALL}tokens: { ${text} }\n`).join('\n')).toContain(why);
});
