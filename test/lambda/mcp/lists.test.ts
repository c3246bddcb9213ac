import { afterEach, describe, expect, test } from '@jest/globals';
import type { CompiledMcpRoute } from '../../../config/compiled-mcp.ts';
import type { McpPorts } from '../../../lambda/mcp/ports.ts';
import { type McpGateway, startMcpGateway } from '../../support/mcp-gateway.ts';
import { ask, askLegacy } from '../../support/mcp-post.ts';
import { type RawAnswer, type RawMcpServer, startRawMcpServer, toolsList } from '../../support/raw-mcp-server.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.close();
});

const server = async (name: string, answers: Readonly<Record<string, RawAnswer>>): Promise<RawMcpServer> => {
  const started = await startRawMcpServer(name, answers);
  running.push(started);
  return started;
};

const gatewayFor = async (
  servers: readonly { readonly name: string; readonly url: string }[],
  route: Partial<CompiledMcpRoute> = {},
  ports: Partial<McpPorts> = {},
): Promise<McpGateway> => {
  const gateway = await startMcpGateway(
    servers.map(({ name, url }) => ({ name, url })),
    [route],
    ports,
  );
  running.push(gateway);
  return gateway;
};

const names = (items: readonly { name: string }[]): string[] => items.map(({ name }) => name);

const DEAD = { name: 'dead', url: 'http://127.0.0.1:9/mcp' };

describe('lists', () => {
  test('G9, G10, G12: are merged, in the order of the policy, private, and paged by our own cursors', async () => {
    const [b, a] = [
      await server('b', { 'tools/list': toolsList('z', 'y') }),
      await server('a', { 'tools/list': toolsList('x') }),
    ];
    const gateway = await gatewayFor([b, a], {}, { pageSize: 2 });
    const first = (await ask(gateway.url, 'tools/list')).json.result;
    expect(names(first.tools)).toEqual(['b__y', 'b__z']);
    expect(first).toMatchObject({ cacheScope: 'private', resultType: 'complete' });
    const second = (await ask(gateway.url, 'tools/list', { cursor: first.nextCursor })).json.result;
    expect(names(second.tools)).toEqual(['a__x']);
    expect(second).not.toHaveProperty('nextCursor');
    expect((await ask(gateway.url, 'prompts/list', { cursor: first.nextCursor })).json.error.code).toBe(-32602);
  });

  test('G33: a server that is down shortens the list, and both the list and the record say so', async () => {
    const up = await server('up', { 'tools/list': toolsList('a') });
    const gateway = await gatewayFor([DEAD, up]);
    const { result } = (await ask(gateway.url, 'tools/list')).json;
    expect(names(result.tools)).toEqual(['up__a']);
    expect(result._meta['gatehouse/degraded']).toEqual([{ target: 'dead', reason: 'upstream_unreachable' }]);
    expect(gateway.records()[0]).toMatchObject({ 'mcp.degraded': ['dead: upstream_unreachable'], 'mcp.listed': 1 });
  });

  test('G33: when all of them are down it is an error and not an empty list', async () => {
    const gateway = await gatewayFor([DEAD]);
    const { status, json } = await ask(gateway.url, 'tools/list');
    expect([status, json.error.code]).toEqual([200, -32603]);
    expect(gateway.records()[0]).toMatchObject({ outcome: 'failed', reason: 'upstream_unreachable' });
  });

  test('G14, G17: server/discover and initialize ask no server, and promise nothing that needs a session', async () => {
    const gateway = await gatewayFor([DEAD]);
    expect((await ask(gateway.url, 'server/discover')).json.result).toMatchObject({
      supportedVersions: ['2026-07-28'],
    });
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    const { result } = (await askLegacy(gateway.url, 'initialize', params)).json;
    expect(result).toMatchObject({ protocolVersion: '2025-06-18', serverInfo: { name: 'gatehouse' } });
    expect(JSON.stringify(result.capabilities)).not.toMatch(/listChanged|subscribe|logging/);
    expect(gateway.records()[1]?.['mcp.client']).toBe('c 1');
    const newer = await askLegacy(gateway.url, 'initialize', { ...params, protocolVersion: '2024-11-05' });
    expect(newer.json.result.protocolVersion).toBe('2025-11-25');
  });

  test('unknown members of a tool pass, its marks for headers do not (G50)', async () => {
    const schema = { type: 'object', properties: { r: { type: 'string', 'x-mcp-header': 'Region' } }, 'x-s': [1] };
    const up = await server('up', {
      'tools/list': toolsList({
        name: 'a',
        inputSchema: schema,
        annotations: { 'x-ann': 1 },
        execution: { taskSupport: 'no' },
      }),
    });
    const gateway = await gatewayFor([up]);
    expect((await ask(gateway.url, 'tools/list')).json.result.tools).toEqual([
      {
        name: 'up__a',
        inputSchema: { type: 'object', properties: { r: { type: 'string' } }, 'x-s': [1] },
        annotations: { 'x-ann': 1 },
        execution: { taskSupport: 'no' },
      },
    ]);
  });

  test('a text that only names such a mark passes as it is', async () => {
    const tool = {
      name: 'a',
      description: 'Sends x-mcp-header.',
      inputSchema: { type: 'object', properties: { 'x-mcp-header': {} } },
    };
    const gateway = await gatewayFor([await server('up', { 'tools/list': toolsList(tool) })]);
    expect((await ask(gateway.url, 'tools/list')).json.result.tools).toEqual([{ ...tool, name: 'up__a' }]);
  });

  test('a client of 2025 gets no member of a later version, and no schema that it would refuse the list for', async () => {
    const up = await server('up', {
      'tools/list': toolsList({ name: 'a', inputSchema: { type: 'object' }, outputSchema: { type: 'array' } }),
      'tools/call': () => '{"resultType":"complete","content":[],"structuredContent":[1]}',
    });
    const gateway = await gatewayFor([up]);
    const { result } = (await askLegacy(gateway.url, 'tools/list')).json;
    expect(result).toEqual({ tools: [{ name: 'up__a', inputSchema: { type: 'object' } }] });
    expect((await askLegacy(gateway.url, 'tools/call', { name: 'up__a' })).json.result).toEqual({ content: [] });
    expect((await ask(gateway.url, 'tools/call', { name: 'up__a' })).json.result.structuredContent).toEqual([1]);
  });
});

describe('prompts and resources', () => {
  const DOCS: Readonly<Record<string, RawAnswer>> = {
    'resources/list': () =>
      '{"resultType":"complete","resources":[{"uri":"file:///a","name":"a","x":1},{"uri":"file:///b","name":"b"}]}',
    'resources/read': ({ uri }) =>
      `{"resultType":"complete","contents":[{"uri":"${uri}","text":"t"}],"ttlMs":5,"cacheScope":"public"}`,
    'prompts/list': () => '{"resultType":"complete","prompts":[{"name":"p","arguments":[{"name":"q"}]}]}',
    'prompts/get': () =>
      '{"resultType":"complete","messages":[{"role":"user","content":{"type":"resource_link","uri":"file:///a","name":"a"}}]}',
    'completion/complete': ({ ref }) =>
      `{"resultType":"complete","completion":{"values":["${(ref as { name: string }).name}"]}}`,
  };

  test('G7, G8: are named by their server both ways', async () => {
    const gateway = await gatewayFor([await server('docs', DOCS)]);
    const listed = (await ask(gateway.url, 'resources/list')).json.result.resources;
    expect(listed[0]).toEqual({ uri: 'docs+file:///a', name: 'a', x: 1 });
    const read = (await ask(gateway.url, 'resources/read', { uri: 'docs+file:///a' })).json.result;
    expect(read).toMatchObject({ contents: [{ uri: 'docs+file:///a', text: 't' }], ttlMs: 5, cacheScope: 'private' });
    const got = (await ask(gateway.url, 'prompts/get', { name: 'docs__p' })).json.result;
    expect(got.messages[0].content.uri).toBe('docs+file:///a');
    const params = { ref: { type: 'ref/prompt', name: 'docs__p' }, argument: { name: 'q', value: '' } };
    expect((await ask(gateway.url, 'completion/complete', params)).json.result.completion.values).toEqual(['p']);
    expect(
      gateway.records().map((record) => [record['mcp.method'], record['mcp.resource'] ?? record['mcp.prompt']]),
    ).toEqual([
      ['resources/list', undefined],
      ['resources/read', 'file:///a'],
      ['prompts/get', 'p'],
      ['completion/complete', 'p'],
    ]);
  });

  test('G11: what policy denies is neither listed nor read', async () => {
    const docs = await server('docs', DOCS);
    const deny = ["mcp.resource == 'file:///b'", "mcp.prompt == 'p'"];
    const gateway = await gatewayFor([docs], { authorization: { allow: [], require: [], default: 'allow', deny } });
    expect(names((await ask(gateway.url, 'resources/list')).json.result.resources)).toEqual(['a']);
    expect((await ask(gateway.url, 'prompts/list')).json.result.prompts).toEqual([]);
    const denied = await ask(gateway.url, 'resources/read', { uri: 'docs+file:///b' });
    const unknown = await ask(gateway.url, 'resources/read', { uri: 'nobody+file:///b' });
    expect(denied.text).toBe(unknown.text);
    expect((await ask(gateway.url, 'prompts/get', { name: 'docs__p' })).json.error.code).toBe(-32602);
    expect(docs.calls()).toEqual([]);
  });
});

describe('tool search', () => {
  test('G46: finds what the caller may use; the call inside is decided about and recorded as itself', async () => {
    const up = await server('up', {
      'tools/list': toolsList('create_issue', 'close_issue', 'delete_issue', 'weather'),
      'tools/call': () => '{"resultType":"complete","content":[]}',
    });
    const gateway = await gatewayFor([up], { search: true, tools: { deny: ['delete*'] } });
    expect(names((await ask(gateway.url, 'tools/list')).json.result.tools)).toEqual(['find_tools', 'call_tool']);
    const found = await ask(gateway.url, 'tools/call', { name: 'find_tools', arguments: { query: 'issues' } });
    expect(names(found.json.result.structuredContent.tools)).toEqual(['up__close_issue', 'up__create_issue']);
    const through = (name: string) =>
      ask(gateway.url, 'tools/call', { name: 'call_tool', arguments: { name, arguments: { title: 't' } } });
    expect((await through('up__create_issue')).json.result.content).toEqual([]);
    expect((await through('up__delete_issue')).json.error.code).toBe(-32602);
    expect((await through('call_tool')).json.error.code).toBe(-32602);
    expect(up.calls().map(({ params }) => [params.name, params.arguments])).toEqual([['create_issue', { title: 't' }]]);
    expect(gateway.records().map((record) => record['mcp.tool'])).toEqual([
      undefined,
      'find_tools',
      'create_issue',
      'delete_issue',
      undefined,
    ]);
  });

  test('G33: says which servers it could not look through', async () => {
    const up = await server('up', { 'tools/list': toolsList('weather') });
    const down = await server('down', { 'tools/list': () => ({ status: 500 }) });
    const gateway = await gatewayFor([up, down], { search: true });
    const { json } = await ask(gateway.url, 'tools/call', { name: 'find_tools', arguments: { query: 'issues' } });
    expect(json.result.structuredContent).toMatchObject({ tools: [], total: 1 });
    expect(json.result._meta).toMatchObject({
      'gatehouse/degraded': [{ target: 'down', reason: 'upstream_failed' }],
    });
  });
});
