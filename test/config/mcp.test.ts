import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import type { CompiledMcpRoute, CompiledMcpServer } from '../../config/compiled-mcp.ts';
import { hashDefinition } from '../../config/hash-definition.ts';
import { serverUrlNames } from '../../config/issuer-names.ts';
import { type LoadOptions, loadGatewayConfig } from '../../config/load.ts';
import { writeLockfile } from '../../config/pins.ts';
import { load, SMALL, shipped } from './problems.ts';

const DOCUMENT = `openapi: 3.1.0
info: { title: Notes, version: "1" }
security: [{ key: [] }]
paths:
  /notes:
    get: { operationId: list_notes, tags: [notes], responses: { "200": { description: all } } }
    post:
      operationId: add_note
      tags: [notes]
      security: [{ people: [notes:write] }]
      responses: { "200": { description: added } }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: X-Notes-Key }
    people: { type: oauth2, flows: {} }
`;

const DEFINITION = { name: 'send', description: 'Sends', inputSchema: { type: 'object' } };
const PIN = { sha256: hashDefinition(DEFINITION), definition: DEFINITION };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-mcp-'));
  mkdirSync(path.join(directory, 'policies'));
  writeFileSync(path.join(directory, 'policies/notes.yaml'), DOCUMENT);
  writeFileSync(path.join(directory, 'policies/lock.json'), writeLockfile({ a: { send: PIN }, b: { send: PIN } }));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const policy = (servers: string, route: string): string =>
  `${SMALL}mcp: { servers: { ${servers} }, routes: { /mcp: { ${route} } } }\n`;

const compile = (text: string, options: Partial<LoadOptions> = {}) =>
  compilePolicy(loadGatewayConfig(text, { file: path.join(directory, 'gateway.yaml'), env: {}, ...options }).config);

const A = 'a: { url: https://a.example/mcp }';

const route = (text: string): CompiledMcpRoute | undefined =>
  compile(policy(`${A}, b: { url: https://b.example/mcp }`, text)).mcp.routes[0];

const server = (text: string): CompiledMcpServer | undefined =>
  compile(policy(`a: { ${text} }`, 'servers: [a]')).mcp.servers.a;

describe('a policy without tools', () => {
  test('has no servers and no routes', () => {
    expect(compile(SMALL).mcp).toEqual({ servers: {}, routes: [] });
  });
});

describe('a server', () => {
  test('has defaults for everything but its address', () => {
    expect(server('url: https://a.example/mcp/')).toEqual({
      type: 'http',
      name: 'a',
      url: 'https://a.example/mcp/',
      era: 'auto',
      trusted: false,
      onFailure: 'skip',
      credential: { type: 'none' },
      timeouts: { connectMs: 5_000, firstByteMs: 30_000, totalMs: 60_000 },
      concurrency: 16,
      catalogTtlMs: 300_000,
      privateHost: false,
    });
  });

  test('is what the policy says', () => {
    expect(
      server(
        'url: https://a.example, era: modern, trusted: true, onFailure: fail, timeouts: { total: 2m }, concurrency: 1, catalogTtl: 0s',
      ),
    ).toMatchObject({
      era: 'modern',
      trusted: true,
      onFailure: 'fail',
      timeouts: { connectMs: 5_000, totalMs: 120_000 },
      concurrency: 1,
      catalogTtlMs: 0,
    });
  });

  test.each([
    ['https://mcp.slack.example/mcp', false],
    ['https://internal.example', false],
    ['https://169.254.169.254', false],
    ['https://[fe80::1]', false],
    ['https://8.8.8.8', false],
    ['http://localhost:3003/mcp', true],
    ['http://127.0.0.1:3003', true],
    ['http://[::1]:3003', true],
    ['http://10.1.2.3', true],
    ['https://192.168.0.7', true],
    ['https://[fd00::1]', true],
    ['https://[::ffff:10.0.0.1]', true],
    ['https://tools.internal', true],
    ['https://tools.internal.', true],
    ['https://tools', true],
  ])('at %s is private: %s', (url, privateHost) => {
    expect(server(`url: "${url}"`)?.privateHost).toBe(privateHost);
  });

  test('is as private as the policy says, whatever its name', () => {
    expect(server('url: http://a.example, privateHost: true')?.privateHost).toBe(true);
    expect(server('url: https://a.internal, privateHost: false')?.privateHost).toBe(false);
  });
});

describe('a credential', () => {
  const identity = (kind: string, issuer: string, more = ''): string =>
    SMALL.replace(/okta: \{.*?\] \}/, `p: { kind: ${kind}, issuer: "${issuer}", audiences: [a]${more} }`);
  const of = (credential: string, text = identity('okta', 'https://okta.example/oauth2/default')) =>
    compile(
      `${text}mcp: { servers: { a: { url: https://a.example, credential: ${credential} } }, routes: { /mcp: { servers: [a] } } }\n`,
    );
  const credentialOf = (credential: string, text?: string) => of(credential, text).mcp.servers.a?.credential;

  test('that is a name is a bearer token', () => {
    expect(credentialOf('openai-api-key')).toEqual({
      type: 'static',
      credential: 'openai-api-key',
      header: 'authorization',
      scheme: 'Bearer',
    });
  });

  test.each([
    ['{ secret: openai-api-key }', 'authorization', 'Bearer'],
    ['{ secret: openai-api-key, header: X-Api-Key }', 'x-api-key', ''],
    ['{ secret: openai-api-key, header: X-Api-Key, scheme: Token }', 'x-api-key', 'Token'],
    ['{ secret: openai-api-key, header: Authorization }', 'authorization', 'Bearer'],
    ['{ secret: openai-api-key, scheme: "" }', 'authorization', ''],
  ])('%s stands in %s after %j', (credential, header, scheme) => {
    expect(credentialOf(credential)).toEqual({ type: 'static', credential: 'openai-api-key', header, scheme });
  });

  test.each([
    ['okta', 'https://okta.example/oauth2/default', 'https://okta.example/oauth2/default/v1/token', 'token-exchange'],
    ['auth0', 'https://acme.eu.auth0.com/', 'https://acme.eu.auth0.com/oauth/token', 'token-exchange'],
    [
      'keycloak',
      'https://kc.example/realms/acme',
      'https://kc.example/realms/acme/protocol/openid-connect/token',
      'token-exchange',
    ],
    [
      'entra',
      'https://login.microsoftonline.com/1234-5/v2.0',
      'https://login.microsoftonline.com/1234-5/oauth2/v2.0/token',
      'jwt-bearer',
    ],
    [
      'entra',
      'https://sts.windows.net/1234-5/',
      'https://login.microsoftonline.com/1234-5/oauth2/v2.0/token',
      'jwt-bearer',
    ],
  ])('of an exchange at %s, %s, comes from %s', (kind, issuer, tokenUrl, grant) => {
    expect(credentialOf('{ exchange: p, audience: api://a }', identity(kind, issuer))).toEqual({
      type: 'exchange',
      tokenUrl,
      audience: 'api://a',
      scopes: [],
      client: 'p-client',
      grant,
    });
  });

  test('comes from where the identity provider says, if it does', () => {
    const text = identity('oidc', 'https://i.example', ', tokenUrl: https://i.example/t');
    expect(credentialOf('{ exchange: p, audience: x }', text)).toMatchObject({ tokenUrl: 'https://i.example/t' });
  });

  test('of the gateway itself may do without an audience', () => {
    expect(credentialOf('{ clientCredentials: p, scopes: [s], client: openai-api-key }')).toEqual({
      type: 'client-credentials',
      tokenUrl: 'https://okta.example/oauth2/default/v1/token',
      scopes: ['s'],
      client: 'openai-api-key',
    });
  });

  test('of a client needs no declaration, so that the deployment makes a place for it', () => {
    expect(of('{ exchange: p, audience: x }').credentials).toEqual(['openai-api-key', 'p-client']);
    expect(of('openai-api-key').credentials).toEqual(['openai-api-key']);
  });

  test('for listing may be another', () => {
    const { a } = compile(policy('a: { url: https://a.example, listCredential: openai-api-key }', 'servers: [a]')).mcp
      .servers;
    expect(a).toMatchObject({ credential: { type: 'none' }, listCredential: { credential: 'openai-api-key' } });
  });
});

describe('an OpenAPI document', () => {
  const NOTES = 'openapi: policies/notes.yaml, baseUrl: https://notes.example/api/';

  test('is tools by the time the policy is compiled', () => {
    const notes = server(NOTES);
    expect(notes).toMatchObject({ type: 'openapi', baseUrl: 'https://notes.example/api', trusted: true });
    const tools = notes?.type === 'openapi' ? notes.tools : [];
    expect(tools.map(({ definition }) => definition.name)).toEqual(['list_notes', 'add_note']);
    expect(tools.map(({ scopes }) => scopes)).toEqual([[], ['notes:write']]);
  });

  test('says how its credential is sent, where the policy does not', () => {
    expect(server(`${NOTES}, credential: openai-api-key`)?.credential).toEqual({
      type: 'static',
      credential: 'openai-api-key',
      header: 'x-notes-key',
      scheme: '',
    });
    expect(server(`${NOTES}, credential: { secret: openai-api-key, header: Authorization }`)?.credential).toMatchObject(
      {
        header: 'authorization',
        scheme: 'Bearer',
      },
    );
  });

  test('is narrowed and corrected by the policy', () => {
    const notes = server(`${NOTES}, exclude: { methods: [post] }, overrides: { list_notes: { title: Notes } }`);
    expect(notes?.type === 'openapi' ? notes.tools.map(({ definition }) => definition) : []).toEqual([
      expect.objectContaining({ name: 'list_notes', title: 'Notes' }),
    ]);
  });

  test('is brought along by a policy that is built in code', () => {
    const config = {
      name: 'a',
      mcp: { servers: { n: { openapi: 'n.yaml', baseUrl: 'https://n.example' } } },
      files: { 'n.yaml': DOCUMENT },
    };
    expect(compilePolicy(config).mcp.servers.n).toMatchObject({ type: 'openapi' });
    expect(() => compilePolicy({ ...config, files: {} })).toThrow('has the text of n.yaml in files');
  });
});

describe('a route', () => {
  test('has defaults for everything but its servers', () => {
    expect(route('servers: [b, a]')).toEqual({
      path: '/mcp',
      auth: 'strict',
      authorization: { allow: ["'llm:call' in principal.scopes"], deny: [], require: [], default: 'deny' },
      rateLimits: [],
      limitsFailure: 'closed',
      servers: ['b', 'a'],
      prefix: 'always',
      tools: { deny: [] },
      scopeHierarchy: {},
      stepUp: false,
      pinning: { mode: 'off', pins: {} },
      search: false,
      maxResultBytes: 1_048_576,
      outputSchema: 'warn',
      scanResults: false,
    });
  });

  test('that is public inherits no rules about callers', () => {
    expect(route('servers: [a], auth: none')?.authorization).toEqual({
      allow: [],
      deny: [],
      require: [],
      default: 'allow',
    });
  });

  test('keeps its rules in their order', () => {
    expect(
      route('servers: [a], tools: { deny: ["*x*"], allow: [{ scope: s, tools: [t] }, { when: "true" }] }')?.tools,
    ).toEqual({ deny: ['*x*'], allow: [{ scope: 's', tools: ['t'] }, { when: 'true' }] });
  });

  test('has its hierarchy of scopes closed', () => {
    expect(
      route('servers: [a], scopeHierarchy: ["admin > write > read", "root>admin", "write > draft"]')?.scopeHierarchy,
    ).toEqual({
      admin: ['admin', 'write', 'read', 'draft'],
      write: ['write', 'read', 'draft'],
      read: ['read'],
      root: ['root', 'admin', 'write', 'read', 'draft'],
      draft: ['draft'],
    });
  });

  test('has the pins of its servers, and of no others', () => {
    const pinning = 'pinning: { mode: enforce, lockfile: policies/lock.json }';
    expect(route(`servers: [a], ${pinning}`)?.pinning).toEqual({ mode: 'enforce', pins: { a: { send: PIN } } });
    expect(route(`servers: [a], ${pinning.replace('enforce', 'off')}`)?.pinning).toEqual({ mode: 'off', pins: {} });
  });

  test.each([
    ['servers: [a], stepUp: true', A, 'clients get the 403 without the header that names the missing scopes'],
    [
      'servers: [a]',
      'a: { url: https://a.example, timeouts: { total: 10m } }',
      'a call that says nothing for 5 minutes',
    ],
  ])('warns of what AWS can not keep: %s, %s', (text, servers, warning) => {
    const { warnings } = loadGatewayConfig(policy(servers, text), {
      file: path.join(directory, 'gateway.yaml'),
      env: {},
    });
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });

  test('approves nothing before there is a lock file', () => {
    const text = policy(A, 'servers: [a], pinning: { mode: enforce, lockfile: policies/none.json }');
    const { config, warnings } = loadGatewayConfig(text, { file: path.join(directory, 'gateway.yaml'), env: {} });
    expect(compilePolicy(config).mcp.routes[0]?.pinning).toEqual({ mode: 'enforce', pins: {} });
    expect(warnings).toEqual([
      expect.stringContaining('no file policies/none.json yet, so every tool is hidden until npm run mcp:pins'),
    ]);
  });

  test('says the names of other keys of its own too', () => {
    expect(
      route(
        'servers: [a], prefix: never, stepUp: true, maxResultBytes: 9, outputSchema: strict, scanResults: true, authorizationServer: okta, auth: optional',
      ),
    ).toMatchObject({
      prefix: 'never',
      stepUp: true,
      maxResultBytes: 9,
      outputSchema: 'strict',
      scanResults: true,
      authorizationServer: 'okta',
      auth: 'optional',
    });
  });

  test('has the client of the authorization server that it names, and no other', () => {
    const clients = 'clients: { mcp: { id: agents, redirectUris: [http://127.0.0.1/cb] } }, ';
    const text = (route: string): string => policy(A, route).replace('kind: ', `${clients}kind: `);
    expect(compile(text('servers: [a], authorizationServer: okta')).mcp.clients).toEqual({
      okta: { clientId: 'agents', redirectUris: ['http://127.0.0.1/cb'] },
    });
    expect(compile(text('servers: [a]')).mcp.clients).toBeUndefined();
  });

  test('has its claims handed on by the authorizer', () => {
    const text = policy(
      A,
      `servers: [a], authorization: { deny: ["claims.x == 1"] }, tools: { allow: [{ when: "claims.y == 'z'" }] }, rateLimits: [{ name: l, per: [claims.team], requests: 1, every: day }]`,
    );
    expect(compile(text).claimsUsed).toEqual(['team', 'x', 'y']);
  });

  test('changes the version with whatever decides', () => {
    const version = (text: string): string => compile(policy(A, text)).version;
    expect(version('servers: [a], stepUp: true')).not.toBe(version('servers: [a]'));
  });
});

describe('the shipped policy', () => {
  const { config } = load(shipped);
  const { mcp } = compilePolicy(config);

  test('has a route for people and one for anybody', () => {
    expect(mcp.routes.map(({ path: at, auth, servers }) => ({ at, auth, servers }))).toEqual([
      { at: '/mcp', auth: 'strict', servers: ['slack', 'github', 'petstore'] },
      { at: '/public/mcp', auth: 'none', servers: ['petstore'] },
    ]);
  });

  test('calls slack as the user', () => {
    expect(mcp.servers.slack?.credential).toMatchObject({ type: 'own-token', audience: 'api://slack' });
  });

  test('takes the address of every server from the environment', () => {
    expect(serverUrlNames(shipped).map(({ server: name, envName }) => `${name} ${envName}`)).toEqual([
      'slack SLACK_MCP_URL',
      'github GITHUB_MCP_URL',
      'petstore PETSTORE_URL',
    ]);
  });

  test('is plain JSON when it is compiled', () => {
    expect(JSON.parse(JSON.stringify(mcp))).toEqual(mcp);
  });
});
