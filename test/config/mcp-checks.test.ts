import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashDefinition } from '../../config/hash-definition.ts';
import { ConfigError, type LoadOptions, loadGatewayConfig } from '../../config/load.ts';
import { writeLockfile } from '../../config/pins.ts';
import { SMALL } from './problems.ts';

let directory: string;
const write = (name: string, text: string): void => writeFileSync(path.join(directory, name), text);

const document = (...operations: readonly string[]): string =>
  `openapi: 3.1.0\ninfo: { title: t, version: "1" }\npaths:\n${operations
    .map((id) => `  /${id}: { get: { operationId: ${id}, responses: { "200": { description: ok } } } }\n`)
    .join('')}`;

const pinned = (name: string) => {
  const definition = { name, inputSchema: { type: 'object' } };
  return { sha256: hashDefinition(definition), definition };
};

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-checks-'));
  mkdirSync(path.join(directory, 'folder'));
  write('one.yaml', document('list', 'get_one'));
  write('two.yaml', document('other', 'list'));
  write(
    'broken.yaml',
    'openapi: 3.1.0\ninfo: {}\npaths: { /x: { get: { operationId: x, parameters: [{ $ref: "https://a.example/p" }] } } }\n',
  );
  write('no.yaml', 'just text');
  write('lock.json', writeLockfile({ a: { send: pinned('send') }, b: { send: pinned('send') } }));
  write('lock-list.json', writeLockfile({ b: { list: pinned('list') } }));
  write('corrupt.json', writeLockfile({ a: { send: pinned('send') } }).replace('object', 'array'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const read = (text: string, options: Partial<LoadOptions> = {}) =>
  loadGatewayConfig(text, { file: path.join(directory, 'gateway.yaml'), env: {}, ...options });

const problemsOf = (text: string, options: Partial<LoadOptions> = {}): readonly string[] => {
  try {
    read(text, options);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message);
    throw error;
  }
};

const A = 'a: { url: https://a.example/mcp }';
const B = 'b: { url: https://b.example/mcp }';
const ONE = 'one: { openapi: one.yaml, baseUrl: https://one.example }';

const withServers = (servers: string, route = 'servers: [a]'): string =>
  `${SMALL}mcp: { servers: { ${servers} }, routes: { /mcp: { ${route} } } }\n`;

const inServer = (text: string): readonly string[] => problemsOf(withServers(`a: { ${text} }`));
const inRoute = (text: string): readonly string[] =>
  problemsOf(withServers(`${A}, ${B}`, text.includes('servers:') ? text : `servers: [a], ${text}`));

test('a policy that is fine has no problem', () => {
  expect(problemsOf(withServers(`${A}, ${B}, ${ONE}`, 'servers: [a, b, one]'))).toEqual([]);
});

describe('a name that points nowhere', () => {
  test.each([
    ['credential: openai-key', 'no credential openai-key under credentials; did you mean openai-api-key?'],
    ['credential: { secret: openai-key }', 'mcp.servers.a.credential.secret: no credential openai-key'],
    [
      'credential: { exchange: octa, audience: x }',
      'no identity provider octa under identity.providers; did you mean okta?',
    ],
    ['credential: { exchange: okta, audience: x, client: y }', 'mcp.servers.a.credential.client: no credential y'],
    ['credential: { clientCredentials: octa }', 'no identity provider octa'],
    ['listCredential: openai-key', 'mcp.servers.a.listCredential: no credential openai-key'],
    ['listCredential: { clientCredentials: octa }', 'no identity provider octa'],
  ])('in a server: %s', (text, message) => {
    expect(inServer(`url: https://a.example, ${text}`)).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['servers: [aa]', 'no server aa under mcp.servers; did you mean a?'],
    ['authorizationServer: octa', 'no identity provider octa under identity.providers; did you mean okta?'],
  ])('in a route: %s', (text, message) => {
    expect(inRoute(text)).toEqual([expect.stringContaining(message)]);
  });
});

describe('the client that MCP clients are told to be', () => {
  const ENTRA = SMALL.replace('kind: okta', 'kind: entra');
  const inClients = (clients: string, base = SMALL): readonly string[] =>
    problemsOf(
      `${base.replace('kind: ', `${clients}kind: `)}mcp: { servers: { ${A} }, routes: { /mcp: { servers: [a], authorizationServer: okta } } }\n`,
    );
  const of = (text: string): string => `clients: { mcp: { id: agents, ${text} } }, `;

  test.each([
    ['on this machine', 'redirectUris: [http://127.0.0.1/callback, "http://[::1]/callback"]'],
    ['on the web and in an app', 'redirectUris: [https://vscode.dev/redirect, cursor://anysphere.cursor/callback]'],
  ])('may get its answers %s', (_where, text) => {
    expect(inClients(of(text))).toEqual([]);
  });

  test.each(['http://evil.example/cb', 'https://a.example/#x', 'javascript:alert(1)', 'https://user:pw@a.example/'])(
    'may not get them at %s',
    (uri) => {
      expect(inClients(of(`redirectUris: ["${uri}"]`))).toEqual([
        expect.stringContaining('expected an https:// URI without a fragment'),
      ]);
    },
  );

  test('has an id, somewhere to go and nothing that is secret', () => {
    expect(inClients('clients: { mcp: { redirectUris: [https://a.example/] } }, ')).toHaveLength(1);
    expect(inClients('clients: { mcp: { id: agents } }, ')).toHaveLength(1);
    expect(inClients(of('redirectUris: [https://a.example/], clientSecret: x'))).toHaveLength(1);
    expect(inClients('clients: {}, ')).toHaveLength(1);
  });

  test('has to be there for Entra, which registers nobody', () => {
    expect(inClients('', ENTRA)).toEqual([expect.stringContaining('write clients: { mcp: { id, redirectUris } }')]);
    expect(inClients(of('redirectUris: [https://a.example/]'), ENTRA)).toEqual([]);
    expect(inClients('')).toEqual([]);
  });

  test('proves itself at Entra only, with a credential that is there', () => {
    const withCredential = (name: string): string => of(`redirectUris: [https://a.example/], credential: ${name}`);
    expect(inClients(withCredential('openai-api-key'), ENTRA)).toEqual([]);
    expect(inClients(withCredential('openai-key'), ENTRA)).toEqual([
      expect.stringContaining('clients.mcp.credential: no credential openai-key'),
    ]);
    expect(inClients(withCredential('openai-api-key'))).toEqual([expect.stringContaining('a public client')]);
  });
});

describe('a server', () => {
  test.each([['a__b'], ['a_b'], ['A'], ['a--b'], ['a-'], ['-a'], ['x'.repeat(33)]])(
    'is not called %s: its name is the prefix of its tools',
    (name) => {
      expect(problemsOf(withServers(`${name}: { url: https://a.example }`, `servers: [${name}]`))).toContainEqual(
        expect.stringContaining('in mcp.servers: expected a name of at most 32 lower-case letters and digits'),
      );
    },
  );

  test('may be called so', () => {
    expect(problemsOf(withServers('a1-b2-3c: { url: https://a.example }', 'servers: [a1-b2-3c]'))).toEqual([]);
  });

  test.each([
    ['url: http://a.example/mcp', 'mcp.servers.a.url: expected https, or privateHost: true'],
    ['url: http://10.0.0.1/mcp, privateHost: false', 'expected https'],
    ['openapi: one.yaml, baseUrl: http://a.example', 'mcp.servers.a.baseUrl: expected https'],
    ['url: "https://user:hunter2@a.example"', 'expected an http:// or https:// URL'],
    ['url: "file:///etc/passwd"', 'expected an http:// or https:// URL'],
    ['url: https://a.example, catalogTtl: 25h', 'expected a duration of at most 24h, found "25h"'],
    ['url: https://a.example, timeouts: { total: 1h }', 'expected a duration of at most 15m'],
    [
      'url: https://a.example, timeouts: { totl: 1m }',
      'unknown key totl in mcp.servers.a.timeouts; did you mean total?',
    ],
    ['url: https://a.example, openapi: one.yaml', 'openapi does not go with the other keys in mcp.servers.a'],
    [
      'url: https://a.example, credential: { secret: openai-api-key, audience: x }',
      'audience does not go with the other keys',
    ],
    ['url: https://a.example, era: modrn', 'found "modrn"; did you mean modern?'],
    ['url: https://a.example, concurrency: 0', 'expected a whole number, 1 or more, found 0'],
    ['url: https://a.example, trustd: true', 'unknown key trustd in mcp.servers.a; did you mean trusted?'],
    ['url: https://a.example, credential: { secret: openai-api-key, header: "x y" }', 'expected the name of a header'],
    ['url: https://a.example, credential: { exchange: okta }', 'missing key audience in mcp.servers.a.credential'],
    ['url: https://a.example, credential: { exchnge: okta, audience: x }', 'unknown key exchnge'],
    ['url: https://a.example, listCredential: { exchange: okta, audience: x }', 'mcp.servers.a.listCredential'],
  ])('that says %s', (text, message) => {
    expect(inServer(text)).toContainEqual(expect.stringContaining(message));
  });

  test('never shows a secret that stands where a name should', () => {
    const problems = inServer('url: https://a.example, credential: { secret: sk-proj-Abc123Def456Ghi789 }').join('\n');
    expect(problems).toContain('looks like a secret');
    expect(problems).not.toContain('Abc123');
  });

  test.each(['credential', 'listCredential'])('has no %s from the environment', (key) => {
    const problems = problemsOf(withServers(`a: { url: https://a.example, ${key}: "\${TOKEN}" }`), {
      env: { TOKEN: 'hunter2' },
    });
    expect(problems).toEqual([expect.stringContaining('credentials are only named here')]);
  });

  test('is not called through an identity provider that exchanges nobody knows where', () => {
    const text = withServers('a: { url: https://a.example, credential: { exchange: okta, audience: x } }');
    expect(problemsOf(text.replace('kind: okta', 'kind: oidc'))).toEqual([
      'mcp.servers.a.credential.exchange: nothing says where okta exchanges tokens: write tokenUrl under identity.providers.okta',
    ]);
    expect(problemsOf(text.replace('kind: okta', 'kind: oidc, tokenUrl: https://okta.example/t'))).toEqual([]);
    expect(problemsOf(text.replace('kind: okta', 'kind: entra'))).toEqual([expect.stringContaining('write tokenUrl')]);
  });
});

describe('a route', () => {
  test.each([
    ['tools: { allow: [{}] }', 'mcp.routes./mcp.tools.allow[0]: expected scope, tools or when, found nothing'],
    ['tools: { allow: [] }', 'expected a list with at least one entry'],
    ['tools: { allow: [{ scope: "a b" }] }', 'a scope: one word without spaces'],
    ['tools: { allow: [{ when: "mcp.tool.nam == \'x\'" }] }', 'CEL: unknown field nam; did you mean name?'],
    ['tools: { allow: [{ when: "mcp.tool.name" }] }', 'must be true or false, and is string'],
    ['tools: { deny: ["_"] }', 'mcp.routes./mcp.tools.deny[0]: expected letters or digits'],
    ['tools: { deny: ["*_*"] }', 'expected letters or digits'],
    ['tools: { dny: [x] }', 'unknown key dny in mcp.routes./mcp.tools; did you mean deny?'],
    ['scopeHierarchy: ["mcp:admin"]', 'mcp.routes./mcp.scopeHierarchy[0]: expected scopes with > between'],
    ['scopeHierarchy: ["a > "]', 'expected scopes with > between'],
    ['scopeHierarchy: ["a > b c"]', 'expected scopes with > between'],
    ['scopeHierarchy: ["a > b", "b > c > a"]', 'mcp.routes./mcp.scopeHierarchy[1]: goes in a circle: b would include'],
    ['search: true, prefix: never', 'mcp.routes./mcp.search: needs prefix: always'],
    ['scopeHierarchy: ["a > a"]', 'goes in a circle: a would include itself'],
    ['servers: [a, b, a]', 'mcp.routes./mcp.servers[2]: the same as mcp.routes./mcp.servers[0]'],
    ['servers: []', 'expected a list with at least one entry'],
    ['prefix: conditional', 'expected one of always, never, found "conditional"'],
    ['maxResultBytes: 0', 'expected a whole number, 1 or more'],
    ['pinning: { mode: enforce }', 'missing key lockfile in mcp.routes./mcp.pinning'],
    ['pinning: { mode: enfroce, lockfile: lock.json }', 'found "enfroce"; did you mean enforce?'],
    ['guardrails: [x]', 'not available yet: mcp.routes./mcp.guardrails'],
    ['rateLimits: [{ name: l, per: [route], tokens: 1, every: day }]', 'not available yet'],
  ])('that says %s', (text, message) => {
    expect(inRoute(text)).toContainEqual(expect.stringContaining(message));
  });

  test('may deny everything', () => {
    expect(inRoute('tools: { deny: ["*"] }')).toEqual([]);
  });

  test('is not beside itself', () => {
    const text = `${SMALL}mcp: { servers: { ${A} }, routes: { /mcp: { servers: [a] }, /mcp/x: { servers: [a] } } }\n`;
    expect(problemsOf(text)).toEqual([expect.stringContaining('the route /mcp/x collides with mcp.routes./mcp')]);
  });
});

describe('a file that the policy names', () => {
  const api = (file: string, more = ''): string => `openapi: ${file}, baseUrl: https://a.example${more}`;

  test.each([
    ['none.yaml', 'mcp.servers.a.openapi: no file none.yaml beside this one'],
    ['../one.yaml', 'mcp.servers.a.openapi: expected the path of a file beside this one, or below'],
    ['/etc/passwd', 'expected the path of a file beside this one, or below'],
    ['folder', 'no file folder beside this one'],
    ['no.yaml', 'mcp.servers.a.openapi: no.yaml: '],
    ['broken.yaml', 'mcp.servers.a.openapi: broken.yaml: '],
  ])('is not %s', (file, message) => {
    expect(inServer(api(file))).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    [
      'include: { operations: [lst] }',
      'mcp.servers.a.include.operations: no operation matches lst; did you mean list?',
    ],
    ['exclude: { tags: [x] }', 'mcp.servers.a.exclude.tags: no operation matches x'],
    [
      'overrides: { lst: { hidden: true } }',
      'mcp.servers.a.overrides.lst: no operation has this name; did you mean list?',
    ],
  ])('has nothing for %s', (text, message) => {
    expect(inServer(api('one.yaml', `, ${text}`))).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['corrupt.json', 'mcp.routes./mcp.pinning.lockfile: corrupt.json: '],
    ['one.yaml', 'one.yaml: is not JSON'],
    ['../lock.json', 'expected the path of a file beside this one, or below'],
  ])('is no lock file %s', (file, message) => {
    const text = `pinning: { mode: warn, lockfile: ${file} }`;
    expect(inRoute(text)).toEqual([expect.stringContaining(message)]);
    expect(problemsOf(withServers(A, `servers: [a], ${text}`), { lockfiles: 'ignore' })).toEqual([]);
  });
});

describe('servers without prefixes', () => {
  const two = 'two: { openapi: two.yaml, baseUrl: https://two.example }';

  test('do not have a tool of one name, by their documents', () => {
    const problem = 'mcp.routes./mcp.servers[1]: one and two both have the tool list: write prefix: always';
    expect(problemsOf(withServers(`${ONE}, ${two}`, 'servers: [one, two], prefix: never'))).toEqual([problem]);
    expect(problemsOf(withServers(`${ONE}, ${two}`, 'servers: [one, two]'))).toEqual([]);
  });

  test('nor by what was approved of them', () => {
    const text = (file: string): string =>
      `servers: [one, a, b], prefix: never, pinning: { mode: warn, lockfile: ${file} }`;
    expect(problemsOf(withServers(`${A}, ${B}, ${ONE}`, text('lock.json')))).toEqual([
      expect.stringContaining('mcp.routes./mcp.servers[2]: a and b both have the tool send'),
    ]);
    expect(problemsOf(withServers(`${A}, ${B}, ${ONE}`, text('lock-list.json')))).toEqual([
      expect.stringContaining('one and b both have the tool list'),
    ]);
  });
});

describe('warnings', () => {
  const warningsOf = (servers: string, route: string): readonly string[] =>
    read(withServers(servers, route)).warnings.map((line) => line.replace(/^.*?gateway\.yaml:\d+:\d+: /, ''));

  test.each([
    [
      'servers: [a], auth: none, tools: { allow: [{ scope: s, tools: [x] }] }',
      'the route /mcp is public, so nobody has the scope s there: the rule allows nothing',
    ],
    [
      'servers: [a], tools: { allow: [{ tools: [a__x] }] }',
      "a__x is matched on a tool's own name, without its server: see mcp.tool.target for that",
    ],
    [
      'servers: [a], authorization: { allow: [] }',
      'the route /mcp has no authorization rules, so every call is refused: write some, or default: allow',
    ],
  ])('%s', (route, warning) => {
    expect(warningsOf(A, route)).toEqual([warning]);
  });

  test('nobody is sent to a server as a user that nobody knows', () => {
    const servers = 'a: { url: https://a.example, credential: { exchange: okta, audience: x } }';
    expect(warningsOf(servers, 'servers: [a], auth: none')).toEqual([
      'the route /mcp is public, and a is called as the user: every call to it is refused',
    ]);
    expect(warningsOf(servers, 'servers: [a]')).toEqual([]);
  });

  test('what a document has that is no tool is told', () => {
    write(
      'old.yaml',
      document('list').replace('get: { operationId', 'put: { deprecated: true, responses: {} }, get: { operationId'),
    );
    expect(warningsOf('a: { openapi: old.yaml, baseUrl: https://a.example }', 'servers: [a]')).toEqual([
      expect.stringContaining('old.yaml: 1 deprecated operations are left out'),
    ]);
  });
});
