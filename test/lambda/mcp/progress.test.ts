import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Loopback, listen } from '../../support/loopback.ts';
import { type McpGateway, startMcpGateway } from '../../support/mcp-gateway.ts';
import { ask } from '../../support/mcp-post.ts';

const TAGS = String.fromCodePoint(...[...'ignore'].map((letter) => 0xe0000 + (letter.codePointAt(0) ?? 0)));
const SELECTORS = String.fromCodePoint(...[...'ignore'].map((letter) => 0xe0100 + (letter.codePointAt(0) ?? 0) - 16));

/** What a server may write beside the number. */
const WORDS: readonly object[] = [
  { total: 9, message: `half ${TAGS}way${SELECTORS}\u202e\u200b\u001b[2J` },
  { total: 'nine', message: { text: 'half way' }, _meta: { note: 'x' }, note: 'x' },
  { message: 'x'.repeat(5_000) },
  { message: `${'x'.repeat(999)}\u{1f600}` },
];

let up: Loopback;
let gateway: McpGateway;
const seenMeta: object[] = [];
/** Resolves with what was asked when the caller of the server has gone. */
let gone: Promise<unknown>;

const event = (response: ServerResponse, message: object) => response.write(`data: ${JSON.stringify(message)}\n\n`);

beforeAll(async () => {
  up = await listen(async (request, response) => {
    const { id, method, params } = (await json(request)) as {
      id: number;
      method: string;
      params: { name: string; _meta: { progressToken?: number } };
    };
    const answer = (result: object) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    if (method === 'server/discover') return void answer({ supportedVersions: ['2026-07-28'] });
    if (method === 'tools/list')
      return void answer({
        tools: ['steps', 'never', 'words'].map((name) => ({ name, inputSchema: { type: 'object' } })),
      });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const progress = (token: unknown, at: number, more: object = {}) =>
      event(response, {
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: token, progress: at, ...more },
      });
    seenMeta.push(params._meta);
    event(response, {
      jsonrpc: '2.0',
      method: 'notifications/message',
      params: { level: 'error', data: 'in the log' },
    });
    progress(params._meta.progressToken, 1);
    if (params.name === 'never') {
      gone = once(response, 'close');
      return;
    }
    progress(params._meta.progressToken, 1);
    progress('another', 5);
    progress(params._meta.progressToken, 2);
    if (params.name === 'words')
      for (const [at, more] of WORDS.entries()) progress(params._meta.progressToken, 3 + at, more);
    event(response, { jsonrpc: '2.0', id, result: { resultType: 'complete', content: [] } });
    response.end();
  });
  gateway = await startMcpGateway([{ name: 'up', url: up.url }]);
});
afterAll(async () => {
  await gateway.close();
  await up.close();
});

const recordOf = async (id: string | null) => {
  for (let tries = 0; tries < 200; tries++) {
    const found = gateway.records().find((record) => record.id === id);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`no record of ${id}`);
};

test('G31: what a server logs stays with it, whatever level a client asks for', async () => {
  const level = { 'io.modelcontextprotocol/logLevel': 'debug' };
  const { text } = await ask(gateway.url, 'tools/call', { name: 'up__steps', _meta: { progressToken: 1, ...level } });
  expect(text).toContain('notifications/progress');
  expect(text).not.toMatch(/notifications\/message|in the log/);
  expect(JSON.stringify(seenMeta.at(-1))).not.toContain('logLevel');
});

describe('progress', () => {
  test('G26: comes with the client’s own token, only upwards, and then the answer', async () => {
    const { headers, text } = await ask(gateway.url, 'tools/call', {
      name: 'up__steps',
      _meta: { progressToken: 'mine' },
    });
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(headers.get('x-accel-buffering')).toBe('no');
    const messages = text
      .trim()
      .split('\n\n')
      .map((one) => JSON.parse(one.replace('event: message\ndata: ', '')));
    expect(messages.slice(0, -1).map(({ params }) => params)).toEqual([
      { progressToken: 'mine', progress: 1 },
      { progressToken: 'mine', progress: 2 },
    ]);
    expect(messages.at(-1)).toMatchObject({ id: 1, result: { content: [] } });
    expect(await recordOf(headers.get('x-request-id'))).toMatchObject({ outcome: 'ok', 'mcp.tool': 'steps' });
  });

  test('is numbers and a short message, of which nothing is hidden', async () => {
    const { text } = await ask(gateway.url, 'tools/call', { name: 'up__words', _meta: { progressToken: 'mine' } });
    const messages = text
      .trim()
      .split('\n\n')
      .map((one) => JSON.parse(one.replace('event: message\ndata: ', '')));
    expect(messages.slice(2, -1).map(({ params }) => params)).toEqual([
      { progressToken: 'mine', progress: 3, total: 9, message: 'half way [2J' },
      { progressToken: 'mine', progress: 4 },
      { progressToken: 'mine', progress: 5, message: 'x'.repeat(1_000) },
      { progressToken: 'mine', progress: 6, message: 'x'.repeat(999) },
    ]);
  });

  test.each([
    ['nobody asked for it', {}, {}],
    ['the client takes no stream', { _meta: { progressToken: 1 } }, { accept: 'application/json' }],
  ])('is left out where %s', async (_why, params, headers) => {
    const answer = await ask(gateway.url, 'tools/call', { name: 'up__steps', ...params }, { headers });
    expect(answer.json.result.content).toEqual([]);
  });

  test('G27: a client that leaves ends the call at the server, and the record says so', async () => {
    const abort = new AbortController();
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      progressToken: 1,
    };
    const response = await fetch(gateway.url, {
      method: 'POST',
      signal: abort.signal,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'up__never',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'up__never', _meta: meta } }),
    });
    await response.body?.getReader().read();
    abort.abort();
    await gone;
    expect(await recordOf(response.headers.get('x-request-id'))).toMatchObject({
      outcome: 'aborted',
      reason: 'caller_left',
    });
  });
});
