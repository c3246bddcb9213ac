import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { problemsOf, SMALL } from './problems.ts';

const example = readFileSync(new URL('./gateway.example.yaml', import.meta.url), 'utf8');

test('of the whole policy only what is not built yet is refused, key by key', () => {
  expect(problemsOf(example)).toEqual([
    'gateway.yaml:12:7: not available yet: identity.providers.okta.provision',
    'gateway.yaml:43:67: not available yet: defaults.rateLimits[1].tokens',
    'gateway.yaml:44:3: not available yet: defaults.budgets',
    'gateway.yaml:47:3: not available yet: defaults.guardrails',
    'gateway.yaml:49:1: not available yet: guardrails',
    'gateway.yaml:79:9: not available yet: llm.routes./openai.guardrails',
    'gateway.yaml:82:36: not available yet: llm.routes./bedrock.guardrails',
    'gateway.yaml:89:47: not available yet: llm.routes./xai.rateLimits[1].tokens',
    'gateway.yaml:134:1: not available yet: decisions',
    'gateway.yaml:155:3: not available yet: telemetry.capture',
    'gateway.yaml:156:3: not available yet: telemetry.export',
    'gateway.yaml:159:3: not available yet: telemetry.labels',
    'gateway.yaml:162:3: not available yet: deployment.domain',
    'gateway.yaml:163:3: not available yet: deployment.waf',
    'gateway.yaml:164:3: not available yet: deployment.alarms',
  ]);
});

test('all of this is available', () => {
  const all = `
name: all
identity:
  providers:
    a: { kind: okta, issuer: https://a.example, audiences: [x], jwksUri: https://a.example/keys, algorithms: [RS256, EdDSA], clockSkew: 0s }
    b: { kind: auth0, issuer: https://b.example/, audiences: [x], claims: { sub: uid, clientId: azp, scopes: perms, roles: "https://b.example/roles", groups: g.h } }
    c: { kind: entra, issuer: https://c.example, audiences: [x], clients: { mcp: { id: i, redirectUris: [http://127.0.0.1/cb], credential: k } } }
    d: { kind: keycloak, issuer: https://d.example, audiences: [x] }
    e: { kind: oidc, issuer: http://127.0.0.1:3001, audiences: [x, y] }
  apiKeys:
    bot: { sha256: ${'0a'.repeat(32)}, scopes: [llm:call], roles: [r], groups: [g], claims: { team: t, n: 3 } }
credentials: { k: {} }
defaults:
  auth: optional
  authorization: { allow: ["true"], deny: ["false"], require: ["true"], default: deny }
  rateLimits: [{ name: l, per: [principal.id, claims.team], requests: 1, every: month }]
  limitsFailure: open
llm:
  tokenize: exact
  providers:
    a: { kind: openai, baseUrl: http://vllm.internal:8000/v1, credential: k, timeouts: { connect: 1s, firstByte: 2m, idle: 500ms } }
    b: { kind: anthropic }
    c: { kind: openai-compatible, baseUrl: http://10.0.0.1 }
    d: { kind: gemini, credential: k }
    e: { kind: bedrock, region: eu-central-1 }
  models:
    m: [a/x, b/y/z:1]
    n: [{ target: a/x, weight: 3, when: "claims.team == 't'" }, { target: b/y, weight: 1 }, d/z]
    o: { targets: [a/x, { target: e/y, when: "llm.stream" }], authorization: { require: ["true"] } }
  health: { unhealthy: "response.code >= 500 && llm.provider != 'a'", evictFor: 10s, firstByte: 5s }
  routes:
    /a: { provider: a, fallbacks: [b/y], auth: none, authorization: { default: allow }, rateLimits: [], limitsFailure: closed }
    /b: { models: [m, n, o, a/*, b/y] }
    /c: { provider: a, model: x }
mcp:
  servers:
    a: { url: https://a.example/mcp, credential: k, era: legacy, trusted: true, onFailure: fail, concurrency: 4, catalogTtl: 0s }
    b: { url: http://b.internal/mcp, credential: { secret: k, header: X-Key, scheme: "" }, timeouts: { connect: 1s, firstByte: 2s, total: 3s } }
    c: { url: http://c.example/mcp, privateHost: true, credential: { exchange: d, audience: x, scopes: [s], client: k }, listCredential: k }
    d: { url: https://d.example/mcp, credential: { clientCredentials: d, audience: x, scopes: [s], client: k }, listCredential: { clientCredentials: a } }
    e:
      openapi: policies/petstore.yaml
      baseUrl: https://e.example/
      include: { tags: [pets], operations: ["*pet*"], paths: ["/pets*"], methods: [get, post, delete], deprecated: true }
      exclude: { methods: [delete] }
      overrides: { create_pet: { title: t, description: d, hidden: false, scopes: [s], annotations: { destructiveHint: false } } }
      inlineDepth: 2
    f: { url: https://f.example/mcp, credential: { exchange: gatehouse, audience: x, scopes: [s] } }
  routes:
    /mcp:
      servers: [a, e]
      prefix: always
      tools: { deny: ["*delete*"], allow: [{ scope: s }, { tools: [x] }, { when: "tool.annotations.readOnlyHint" }] }
      scopeHierarchy: ["a > b > c"]
      stepUp: true
      search: true
      pinning: { mode: off }
      maxResultBytes: 1000
      authorizationServer: c
    /other/mcp: { servers: [b, c, d, f], auth: optional, authorization: { allow: ["true"] }, rateLimits: [{ name: l, per: [tool.target, tool.name], requests: 1, every: day }] }
agents:
  a: { runtime: { source: agent }, model: m, inbound: obo, obo: { issuer: gatehouse, actor: x, scopes: [s], subjectClaims: [email], lifetime: 5m } }
  b: { runtime: { source: agent }, inbound: jwt-passthrough, default: true, model: m, newSessions: { perSecond: 5 }, obo: { issuer: d, audience: x, client: k } }
  c:
    runtime: { arn: "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/c-0123456789", qualifier: PROD }
    inbound: claims-as-headers
    claims: { sub: User, scopes: Scopes, claims.team: Team }
    timeouts: { firstByte: 1m, idle: 30s }
    authorization: { allow: ["agent.name == 'c'"] }
    rateLimits: [{ name: l, per: [principal.id], requests: 1, every: minute }]
  d: { runtime: { source: other }, model: m, protocol: a2a, inbound: obo, obo: { issuer: gatehouse } }
tokens:
  issuer: https://gatehouse.example
  signingKey: 2
  actorIssuers:
    cluster: { kind: kubernetes, issuer: https://oidc.cluster.example, audiences: [gatehouse] }
    spire: { kind: spiffe, issuer: https://spire.example, audiences: [x], jwksUri: https://spire.example/keys, algorithms: [ES256] }
  clients:
    a: { authentication: { secret: k }, audiences: [x], scopes: [s], subjectClaims: [email], impersonation: true, oneUse: true, lifetime: 1m }
    b: { authentication: { privateKeyJwt: { jwksUri: https://b.example/keys } }, audiences: [x], mayAct: required }
    c: { authentication: { actorToken: { issuer: cluster, subject: "system:serviceaccount:agents:c" } }, audiences: [x], actorClaims: [email] }
`;
  expect(problemsOf(all)).toEqual([]);
});

test.each(['compute: lambda', 'waf: false'])(
  'deployment.%s is refused, even where it says what holds anyway',
  (text) => {
    expect(problemsOf(`${SMALL}deployment: { ${text} }\n`)).toEqual([
      expect.stringContaining('not available yet: deployment.'),
    ]);
  },
);
