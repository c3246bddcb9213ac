import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type McpGateway, startMcpGateway } from '../../support/mcp-gateway.ts';
import { ask, askLegacy, envelope, MODERN, mirrors, post } from '../../support/mcp-post.ts';
import { type RawMcpServer, startRawMcpServer, toolsList } from '../../support/raw-mcp-server.ts';

let up: RawMcpServer;
let gateway: McpGateway;
let before = 0;

beforeAll(async () => {
  up = await startRawMcpServer('up', {
    'tools/list': toolsList('echo'),
    'tools/call': () => '{"resultType":"complete","content":[]}',
  });
  gateway = await startMcpGateway([up]);
  await ask(gateway.url, 'tools/list');
});
afterAll(async () => {
  await gateway.close();
  await up.close();
});
beforeEach(() => {
  before = gateway.records().length;
});

const recorded = () => gateway.records().slice(before);

const modernBody = (method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id: 7, method, params: { ...params, _meta: envelope() } });
const call = modernBody('tools/call', { name: 'up__echo', arguments: {} });
const headers = mirrors('tools/call', 'up__echo');
const list = (version?: string) =>
  post(
    gateway.url,
    { jsonrpc: '2.0', id: 7, method: 'tools/list' },
    version === undefined ? {} : { 'mcp-protocol-version': version },
  );

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** What is sent; the status, the JSON-RPC code, the reason in the record. */
const CASES: readonly [string, () => ReturnType<typeof post>, number, number, string][] = [
  [
    'an Accept without JSON',
    () => post(gateway.url, call, { ...headers, accept: 'text/html' }),
    406,
    406,
    'not_acceptable',
  ],
  [
    'a 2025 client that takes no stream',
    () => post(gateway.url, { jsonrpc: '2.0', id: 7, method: 'tools/list' }, { accept: 'application/json' }),
    406,
    406,
    'not_acceptable',
  ],
  [
    'another content type',
    () => post(gateway.url, call, { ...headers, 'content-type': 'text/plain' }),
    415,
    415,
    'unsupported_media_type',
  ],
  ['text that is not JSON', () => post(gateway.url, '{', headers), 400, -32700, 'malformed_json'],
  ['JSON that is no message', () => post(gateway.url, '"tools/list"', headers), 400, -32600, 'invalid_request'],
  [
    'params that are a list',
    () => post(gateway.url, '{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}'),
    400,
    -32600,
    'invalid_request',
  ],
  [
    'null for an id',
    () => post(gateway.url, '{"jsonrpc":"2.0","id":null,"method":"ping"}'),
    400,
    -32600,
    'invalid_request',
  ],
  [
    'G52: 5 MB',
    () => post(gateway.url, modernBody('tools/call', { name: 'x'.repeat(5_000_000) }), headers),
    413,
    413,
    'body_too_large',
  ],
  [
    'G52: a depth bomb',
    () => post(gateway.url, call.replace('"arguments":{}', `"arguments":{"a":${deep(100)}}`), headers),
    400,
    -32700,
    'too_deep',
  ],
  [
    'a member that is there twice',
    () => post(gateway.url, call.replace('"name":', '"name":"up__other","n\\u0061me":'), headers),
    400,
    -32600,
    'repeated_name',
  ],
  [
    'an id that is there twice',
    () => post(gateway.url, call.replace('"id":7', '"id":7,"id":8'), headers),
    400,
    -32600,
    'repeated_name',
  ],
  ['an unknown version of 2025', () => list('2025-01-01'), 400, -32000, 'unsupported_version'],
  [
    'an unknown version of now',
    () => post(gateway.url, call.replace(MODERN, '2027-01-01'), { ...headers, 'mcp-protocol-version': '2027-01-01' }),
    400,
    -32022,
    'unsupported_version',
  ],
  [
    'a version that is none',
    () => post(gateway.url, call.replace(MODERN, 'new'), { ...headers, 'mcp-protocol-version': 'new' }),
    400,
    -32022,
    'unsupported_version',
  ],
  ['a version in the header alone', () => list(MODERN), 400, -32602, 'invalid_meta'],
  ['a version in the body alone', () => post(gateway.url, call), 400, -32020, 'header_mismatch'],
  [
    'another version in the header',
    () => post(gateway.url, call, { ...headers, 'mcp-protocol-version': '2025-11-25' }),
    400,
    -32020,
    'header_mismatch',
  ],
  [
    'another method in the header',
    () => post(gateway.url, call, mirrors('tools/list')),
    400,
    -32020,
    'header_mismatch',
  ],
  [
    'another tool in the header',
    () => post(gateway.url, call, mirrors('tools/call', 'up__other')),
    400,
    -32020,
    'header_mismatch',
  ],
  ['no tool in the header', () => post(gateway.url, call, mirrors('tools/call')), 400, -32020, 'header_mismatch'],
  [
    'a tool in broken base64',
    () => post(gateway.url, call, mirrors('tools/call', '=?base64?dXBf!!?=')),
    400,
    -32020,
    'header_mismatch',
  ],
  [
    'no capabilities',
    () => post(gateway.url, call.replace('clientCapabilities":{}', 'x":{}'), headers),
    400,
    -32602,
    'invalid_meta',
  ],
  ['an unknown method', () => ask(gateway.url, 'tools/destroy'), 404, -32601, 'method_not_found'],
  ['an unknown method of 2025', () => askLegacy(gateway.url, 'tools/destroy'), 200, -32601, 'method_not_found'],
  ['what only 2025 has', () => ask(gateway.url, 'ping'), 404, -32601, 'method_not_found'],
  ['a subscription', () => ask(gateway.url, 'subscriptions/listen'), 404, -32601, 'method_not_found'],
  ['a cursor that is none', () => ask(gateway.url, 'tools/list', { cursor: 'abc' }), 200, -32602, 'invalid_params'],
  [
    'a tool in the wrong case',
    () => ask(gateway.url, 'tools/call', { name: 'up__Echo' }),
    200,
    -32602,
    'tool_not_found',
  ],
  ['a tool without a name', () => ask(gateway.url, 'tools/call', { arguments: {} }), 200, -32602, 'invalid_params'],
  [
    'arguments that are a list',
    () => ask(gateway.url, 'tools/call', { name: 'up__echo', arguments: [] }),
    200,
    -32602,
    'invalid_params',
  ],
  [
    "somebody else's requestState",
    () => ask(gateway.url, 'tools/call', { name: 'up__echo', requestState: 'AAAA' }),
    200,
    -32602,
    'state_rejected',
  ],
  [
    'a resource of nobody',
    () => ask(gateway.url, 'resources/read', { uri: 'other+file:///a' }),
    200,
    -32602,
    'resource_not_found',
  ],
  [
    'a resource of nobody, in 2025',
    () => askLegacy(gateway.url, 'resources/read', { uri: 'file:///a' }),
    200,
    -32002,
    'resource_not_found',
  ],
  [
    'A3: a token in the query',
    () => post(`${gateway.url}?access_token=abc`, call, headers),
    400,
    -32600,
    'invalid_request',
  ],
  ['a batch where none may be', () => post(gateway.url, `[${call}]`, headers), 400, -32600, 'invalid_request'],
  ['an empty batch', () => post(gateway.url, '[]'), 400, -32600, 'invalid_request'],
  [
    'a batch with one id twice',
    () => post(gateway.url, '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":1,"method":"ping"}]'),
    400,
    -32600,
    'invalid_request',
  ],
  [
    'a response that nobody asked for',
    () => post(gateway.url, '{"jsonrpc":"2.0","id":1,"result":{}}', { 'mcp-protocol-version': MODERN }),
    400,
    -32600,
    'invalid_request',
  ],
  [
    'a page of another origin',
    () => post(gateway.url, call, { ...headers, origin: 'https://evil.example' }),
    403,
    403,
    'host_rejected',
  ],
  ['a path that nothing serves', () => post(`${gateway.url}/more`, call, headers), 404, 404, 'route_not_found'],
];

describe('bad input', () => {
  test.each(CASES)(
    '%s is refused with its code, in one record, and reaches nobody',
    async (_what, send, status, code, reason) => {
      const answer = await send();
      expect({ status: answer.status, code: answer.json?.error?.code }).toEqual({ status, code });
      expect(recorded().map(({ reason: said, status: of }) => [said, of])).toEqual([[reason, status]]);
      expect(up.calls()).toEqual([]);
      expect(answer.headers.get('x-request-id')).toBe(recorded()[0]?.id);
    },
  );

  test('an error about a request has the id of the request', async () => {
    expect((await post(gateway.url, call, mirrors('tools/list'))).json.id).toBe(7);
    expect((await post(gateway.url, '{', headers)).json.id).toBeNull();
  });

  test('an unknown version is answered with those that are served', async () => {
    const answer = await post(gateway.url, call.replace(MODERN, '2027-01-01'), {
      ...headers,
      'mcp-protocol-version': '2027-01-01',
    });
    expect(answer.json.error.data).toMatchObject({ supported: [MODERN], requested: '2027-01-01' });
  });

  test.each(['GET', 'DELETE', 'PUT'])('%s is told to post', async (method) => {
    const answer = await fetch(gateway.url, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect(recorded()).toHaveLength(1);
  });

  test('another host in the request is refused, whatever it points to', async () => {
    const { port } = new URL(gateway.url);
    const status = await new Promise((resolve) => {
      const sent = httpRequest(
        { port, host: '127.0.0.1', path: '/mcp', method: 'POST', headers: { host: `evil.example:${port}` } },
        (response) => resolve(response.resume().statusCode),
      );
      sent.end(call);
    });
    expect(status).toBe(403);
  });

  test('a notification is taken and answered with nothing', async () => {
    const answer = await post(gateway.url, { jsonrpc: '2.0', method: 'notifications/initialized' });
    expect([answer.status, answer.text]).toEqual([202, '']);
    expect(recorded()[0]).toMatchObject({ 'mcp.method': 'notifications/initialized', status: 202 });
  });
});
