import { afterEach, describe, expect, test } from '@jest/globals';
import type { CompiledMcpRoute } from '../../../config/compiled-mcp.ts';
import { hashDefinition } from '../../../config/hash-definition.ts';
import type { McpPorts } from '../../../lambda/mcp/ports.ts';
import { type McpGateway, startMcpGateway } from '../../support/mcp-gateway.ts';
import { ask, askLegacy } from '../../support/mcp-post.ts';
import { startRawMcpServer, toolsList } from '../../support/raw-mcp-server.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.close();
});

const outputSchema = { type: 'object', properties: { total: { type: 'integer' } }, required: ['total'] };
const counting = { name: 'count', inputSchema: { type: 'object' }, outputSchema };

/** A gateway before a tool that answers with what it is told to. */
const answering = async (
  result: Record<string, unknown>,
  route: Partial<CompiledMcpRoute> = {},
  ports: Partial<McpPorts> = {},
  tool: Record<string, unknown> = counting,
): Promise<McpGateway> => {
  const server = await startRawMcpServer('up', {
    'tools/list': toolsList(tool),
    'tools/call': () => JSON.stringify({ resultType: 'complete', content: [], ...result }),
  });
  const gateway = await startMcpGateway([{ name: 'up', url: server.url }], [route], ports);
  running.push(server, gateway);
  return gateway;
};

const WRONG = { structuredContent: { total: 'a secret' } };
const call = async (gateway: McpGateway) => (await ask(gateway.url, 'tools/call', { name: 'up__count' })).json.result;
const violation = (gateway: McpGateway) => gateway.records().at(-1)?.['mcp.schema_violation'];

describe('G21: a result that is not as its tool says', () => {
  test('passes, and the record says where', async () => {
    const gateway = await answering(WRONG);
    expect(await call(gateway)).toMatchObject({ ...WRONG, resultType: 'complete' });
    expect(violation(gateway)).toBe('#/properties/total/type');
    expect(gateway.records().at(-1)).toMatchObject({ outcome: 'ok', 'mcp.is_error': false });
    expect(JSON.stringify(gateway.records())).not.toContain('secret');
  });

  test('is replaced on a strict route, for clients of both eras, by an error that holds nothing of it', async () => {
    const gateway = await answering(WRONG, { outputSchema: 'strict' });
    const legacy = (await askLegacy(gateway.url, 'tools/call', { name: 'up__count' })).json.result;
    for (const result of [await call(gateway), legacy]) {
      expect(result).toMatchObject({
        isError: true,
        _meta: { 'gatehouse/error': { code: 'upstream_failed', target: 'up' } },
      });
      expect(JSON.stringify(result)).not.toContain('secret');
    }
    expect(violation(gateway)).toBe('#/properties/total/type');
  });

  test('is nobody’s business where it is off', async () => {
    const gateway = await answering(WRONG, { outputSchema: 'off' });
    expect(await call(gateway)).toMatchObject(WRONG);
    expect(violation(gateway)).toBeUndefined();
  });

  test('is one without structured content, too', async () => {
    const gateway = await answering({}, { outputSchema: 'strict' });
    expect(await call(gateway)).toMatchObject({ isError: true });
    expect(violation(gateway)).toBe('no structuredContent');
  });

  test('is judged before what a guard makes of it', async () => {
    const guards = {
      arguments: [],
      result: [async () => ({ content: [], structuredContent: { total: '[removed]' } })],
    };
    const gateway = await answering({ structuredContent: { total: 3 } }, { outputSchema: 'strict' }, { guards });
    expect(await call(gateway)).toMatchObject({ structuredContent: { total: '[removed]' } });
    expect(violation(gateway)).toBeUndefined();
  });

  test('is judged by the schema that clients were told: the pinned one', async () => {
    const approved = { ...counting, outputSchema: { type: 'object', required: ['sum'] } };
    const pin = { sha256: hashDefinition(approved), definition: approved };
    const pinning = { mode: 'warn', pins: { up: { count: pin } } } as const;
    const gateway = await answering({ structuredContent: { total: 3 } }, { pinning });
    await call(gateway);
    expect(violation(gateway)).toBe('#/required');
  });

  test('goes by the digits that the server wrote', async () => {
    const server = await startRawMcpServer('up', {
      'tools/list': toolsList(counting),
      'tools/call': () => '{"resultType":"complete","content":[],"structuredContent":{"total":12345678901234567890}}',
    });
    const gateway = await startMcpGateway([{ name: 'up', url: server.url }], [{ outputSchema: 'strict' }]);
    running.push(server, gateway);
    const { text } = await ask(gateway.url, 'tools/call', { name: 'up__count' });
    expect(text).toContain('"total":12345678901234567890');
    expect(violation(gateway)).toBeUndefined();
  });
});

describe('G21: no schema is about', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['an error', { isError: true, content: [{ type: 'text', text: 'no' }] }, counting],
    ['a result that is as it says', { structuredContent: { total: 3 } }, counting],
    ['a tool without one', WRONG, { ...counting, outputSchema: undefined }],
    [
      'a schema that can not be judged by',
      WRONG,
      { ...counting, outputSchema: { type: 'object', $ref: 'https://a.example' } },
    ],
  ])('%s', async (_, result, tool) => {
    const gateway = await answering(result, { outputSchema: 'strict' }, {}, tool);
    expect(await call(gateway)).toMatchObject(result);
    expect(violation(gateway)).toBeUndefined();
  });

  test('a question back', async () => {
    const question = { resultType: 'input_required', inputRequests: { r: { method: 'roots/list', params: {} } } };
    const server = await startRawMcpServer('up', {
      'tools/list': toolsList(counting),
      'tools/call': () => JSON.stringify(question),
    });
    const gateway = await startMcpGateway(
      [{ name: 'up', url: server.url, trusted: true }],
      [{ outputSchema: 'strict' }],
    );
    running.push(server, gateway);
    const asked = await ask(gateway.url, 'tools/call', { name: 'up__count' }, { capabilities: { roots: {} } });
    expect(asked.json.result).toMatchObject(question);
    expect(violation(gateway)).toBeUndefined();
  });

  test('a result that was cut off', async () => {
    const long = { structuredContent: { total: 'x'.repeat(2_000) } };
    const gateway = await answering(long, { outputSchema: 'strict', maxResultBytes: 1_000 });
    expect(await call(gateway)).toMatchObject({ isError: true, _meta: { 'gatehouse/truncated': { maxBytes: 1_000 } } });
    expect(violation(gateway)).toBeUndefined();
  });
});
