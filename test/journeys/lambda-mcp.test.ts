import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGithub } from '../../local/mcp-servers/github/start-github.ts';
import type { RunningMcpServer } from '../../local/mcp-servers/start-mcp-server.ts';
import { type Deployed, deploy, handOn } from '../support/deployed.ts';
import type { Lambda } from '../support/lambda-runtime.ts';
import { type Loopback, listen } from '../support/loopback.ts';
import { restEvent } from '../support/rest-event.ts';

/** The MCP function as `cdk deploy` would upload it and Lambda would run it, in front of a real MCP server. */

const KEY = 'ghp-the-real-one';
const MODERN = '2026-07-28';
const BASE = 'https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod';

let deployed: Deployed;
let github: RunningMcpServer;
let mcp: Lambda;
/** Lists more than an item of DynamoDB can hold. */
let large: Loopback;
/** Where the name of a server on the internet leads to all of a sudden. */
let inside: net.Server;
let knocks = 0;

const REBOUND = 'mcp.rebound.example';

/** A resolver for whom that name is this machine. */
const REBIND = `import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
const resolve = dns.lookup;
dns.lookup = (name, options, done) => resolve(name === '${REBOUND}' ? '127.0.0.1' : name, options, done);
syncBuiltinESMExports();`;

const startLarge = (): Promise<Loopback> =>
  listen(async (request, response) => {
    const { id, method } = (await json(request)) as { readonly id: number; readonly method: string };
    const description = randomBytes(600_000).toString('base64');
    const result =
      method === 'server/discover'
        ? { supportedVersions: [MODERN], capabilities: {}, serverInfo: { name: 'large', version: '1' } }
        : { tools: [{ name: 'list_all', description, inputSchema: { type: 'object' } }] };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } }));
  });

const policyFor = (issuer: string, url: string): string => `
name: journey
identity:
  providers:
    okta: { kind: okta, issuer: "${issuer}", audiences: [api://default] }
credentials:
  github-token: {}
  anthropic-api-key: {}
defaults:
  authorization: { allow: ["principal.scopes.exists(s, s.startsWith('mcp:'))"] }
  rateLimits: [{ name: calls, per: [principal.id], requests: 3, every: minute }]
mcp:
  servers:
    github: { url: "${url}", credential: github-token }
    large: { url: "${large.url}/mcp" }
    rebound: { url: "https://${REBOUND}:${(inside.address() as AddressInfo).port}/mcp" }
  routes:
    /mcp:
      servers: [github]
      tools: { deny: ["*delete*"], allow: [{ scope: mcp:read, tools: ["list_*", "get_*"] }] }
    /others: { servers: [large, rebound], auth: none, authorization: { allow: ["true"] } }
`;

beforeAll(async () => {
  large = await startLarge();
  inside = net.createServer((socket) => {
    knocks += 1;
    socket.destroy();
  });
  await once(inside.listen(0, '127.0.0.1'), 'listening');
  github = await startGithub({ port: 0, token: KEY }, () => Date.now());
  deployed = await deploy((issuer) => policyFor(issuer, github.url), {
    githubtoken: KEY,
    anthropicapikey: 'sk-ant-of-another-function',
    SigningKey: 'x'.repeat(64),
  });
  mcp = await deployed.start('MCP servers', {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(REBIND)}`,
  });
}, 60_000);
afterAll(async () => {
  await deployed.close();
  await github.close();
  await large.close();
  inside.close();
});

const call = async (token: string | undefined, method: string, params: Record<string, unknown> = {}, path = '/mcp') => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'journey', version: '1' },
  };
  const answer = await mcp.stream(
    restEvent({
      path,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': MODERN,
        'Mcp-Method': method,
        ...(typeof params.name === 'string' ? { 'Mcp-Name': params.name } : {}),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
      authorizer: token === undefined ? {} : handOn(await deployed.authorize(token)),
    }),
  );
  return { answer, body: JSON.parse(await answer.text()) };
};

const get = async (path: string, method = 'GET') => mcp.stream(restEvent({ method, path }));

describe('the bundle for MCP, as Lambda runs it', () => {
  test('lists what policy gives, and calls it with the key from the secret', async () => {
    const token = await deployed.tokenFor('jane', ['mcp:read']);
    const { answer, body } = await call(token, 'tools/list');
    expect(answer.status).toBe(200);
    expect(body.result.tools.map(({ name }: { name: string }) => name).sort()).toEqual([
      'github__get_issue',
      'github__list_issues',
      'github__list_repositories',
    ]);
    const called = await call(token, 'tools/call', {
      name: 'github__get_issue',
      arguments: { repository: 'acme/payments', number: 1 },
    });
    expect(called.body.result.structuredContent).toMatchObject({ issue: { number: 1 } });
    expect(github.calls().at(-1)).toMatchObject({ tool: 'get_issue', caller: { sub: 'acme-gateway' } });

    const record = JSON.parse(await mcp.logged(called.answer.headers.get('x-request-id') ?? 'no request id'));
    expect(record).toMatchObject({
      kind: 'call',
      gateway: 'journey',
      route: '/mcp',
      status: 200,
      outcome: 'ok',
      principal: { sub: 'jane@acme.example', clientId: 'agent' },
    });
    expect(mcp.log().join('\n')).not.toMatch(new RegExp(`${KEY}|${token}|sk-ant`));
  });

  test('a tool that is denied is unknown, and the server hears nothing', async () => {
    const before = github.calls().length;
    const { answer, body } = await call(await deployed.tokenFor('admin', ['mcp:read']), 'tools/call', {
      name: 'github__delete_repository',
      arguments: { repository: 'acme/payments' },
    });
    expect([answer.status, body.error.code]).toEqual([200, -32602]);
    expect(github.calls().length).toBe(before);
  });

  test('the fourth call of a minute is refused from what DynamoDB counted', async () => {
    const token = await deployed.tokenFor('busy', ['mcp:read']);
    const list = () => call(token, 'tools/call', { name: 'github__list_repositories', arguments: {} });
    for (let i = 0; i < 3; i += 1) expect((await list()).body.result.isError).not.toBe(true);
    const { answer } = await list();
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('another environment finds the catalog in the table and asks the server for no list', async () => {
    // The first environment has kept it, though its caller did not wait for that.
    const kept = (await deployed.items()).map(({ pk }) => pk?.S ?? '').filter((key) => key.startsWith('C#tools/list'));
    expect(kept).toEqual([expect.stringContaining('C#tools/list of github#')]);
    const other = await deployed.start('MCP servers');
    const before = deployed.dynamo.operations.length;
    const token = await deployed.tokenFor('late', ['mcp:read']);
    const own = mcp;
    mcp = other;
    try {
      const { body } = await call(token, 'tools/call', { name: 'github__list_repositories', arguments: {} });
      expect(body.result.structuredContent.repositories).toHaveLength(2);
    } finally {
      mcp = own;
    }
    const operations = deployed.dynamo.operations.slice(before);
    expect(operations).toContain('GetItem');
    // The window of the new caller; a list that had been asked for would have been kept too.
    expect(operations.filter((operation) => operation === 'PutItem')).toHaveLength(1);
  });

  test('a name on the internet that leads to this machine is not connected to, and the list says what it lacks', async () => {
    const { answer, body } = await call(undefined, 'tools/list', {}, '/others');
    expect(answer.status).toBe(200);
    expect(body.result.tools.map(({ name }: { name: string }) => name)).toEqual(['large__list_all']);
    expect(body.result._meta['gatehouse/degraded']).toEqual([{ target: 'rebound', reason: 'upstream_unreachable' }]);
    expect(knocks).toBe(0);
  });

  test('a list that the table can not hold is said to be asked for again and again', async () => {
    const { list, bytes, maxBytes } = JSON.parse(await mcp.logged('catalog-not-kept'));
    expect(list).toBe('tools/list of large');
    expect(bytes).toBeGreaterThan(maxBytes);
  });

  test('without the authorizer, and without a token, the function says 401 itself and where to get one', async () => {
    const { answer } = await call(undefined, 'tools/list');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain(
      `resource_metadata="${BASE}/.well-known/oauth-protected-resource/mcp"`,
    );
  });

  test('says of the route what clients dial, stage included, and who gives tokens for it', async () => {
    for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
      const answer = await get(path);
      expect([answer.status, JSON.parse(await answer.text())]).toMatchObject([
        200,
        { resource: `${BASE}/mcp`, authorization_servers: [deployed.issuer] },
      ]);
    }
    expect((await get('/.well-known/oauth-protected-resource/mcp', 'OPTIONS')).status).toBe(204);
  });

  test.each(['GET', 'DELETE'])('%s is not for this endpoint, and nobody has to say who they are', async (method) => {
    const answer = await get('/mcp', method);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
