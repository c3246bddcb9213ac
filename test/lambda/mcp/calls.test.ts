import { afterEach, describe, expect, test } from '@jest/globals';
import type { CompiledMcpRoute } from '../../../config/compiled-mcp.ts';
import { hashDefinition } from '../../../config/hash-definition.ts';
import { systemClock } from '../../../lambda/core/clock.ts';
import { ANONYMOUS, type Principal } from '../../../lambda/core/principal.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import type { McpPorts } from '../../../lambda/mcp/ports.ts';
import { memoryLimitCounter } from '../../../local/memory/limit-counter.ts';
import { type McpGateway, startMcpGateway } from '../../support/mcp-gateway.ts';
import { ask, askLegacy, post } from '../../support/mcp-post.ts';
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
  servers: readonly (RawMcpServer & { trusted?: boolean })[],
  route: Partial<CompiledMcpRoute> = {},
  ports: Partial<McpPorts> = {},
): Promise<McpGateway> => {
  const gateway = await startMcpGateway(
    servers.map(({ name, url, trusted = false }) => ({ name, url, trusted })),
    [route],
    ports,
  );
  running.push(gateway);
  return gateway;
};

const said =
  (words: string): RawAnswer =>
  () =>
    `{"resultType":"complete","content":[{"type":"text","text":"${words}"}]}`;

/** Callers by their token: its words are their scopes. */
const byScopes: Partial<McpPorts> = {
  identify: async (authorization) => {
    if (authorization === undefined) throw new Refusal('token_missing');
    const scopes = authorization.slice('Bearer '.length).split('+');
    return {
      principal: { ...ANONYMOUS, id: authorization, sub: 'jane', scopes } satisfies Principal,
      token: undefined,
    };
  },
};
const as = (scopes: string) => ({ headers: { authorization: `Bearer ${scopes}` } });

const lastRecord = (gateway: McpGateway) => gateway.records().at(-1);

test('G6: a route with another prefix has the same pins and the same rules', async () => {
  const tools = ['read', 'write', 'drop', 'fresh'].map((name) => ({ name, inputSchema: { type: 'object' } }));
  const up = await server('up', { 'tools/list': toolsList(...tools), 'tools/call': said('ok') });
  const pinned = tools.slice(0, 3).map((tool) => [tool.name, { sha256: hashDefinition(tool), definition: tool }]);
  const shared: Partial<CompiledMcpRoute> = {
    pinning: { mode: 'enforce', pins: { up: Object.fromEntries(pinned) } },
    tools: {
      deny: ['drop'],
      allow: [{ tools: ['read', 'fresh'] }, { when: "mcp.tool.name == 'write' && mcp.tool.target == 'up'" }],
    },
  };
  const gateway = await startMcpGateway(
    [{ name: 'up', url: up.url }],
    [
      { ...shared, path: '/always', prefix: 'always' },
      { ...shared, path: '/never', prefix: 'never' },
    ],
  );
  running.push(gateway);
  for (const [path, names] of [
    ['/always', ['up__read', 'up__write']],
    ['/never', ['read', 'write']],
  ] as const) {
    const listed = await ask(`${gateway.origin}${path}`, 'tools/list');
    expect(listed.json.result.tools.map(({ name }: { name: string }) => name)).toEqual(names);
    for (const name of names) {
      expect((await ask(`${gateway.origin}${path}`, 'tools/call', { name })).json.result.isError).toBeUndefined();
      expect(lastRecord(gateway)).toMatchObject({ 'mcp.target': 'up', 'mcp.tool': name.replace('up__', '') });
    }
  }
});

describe('a tool call', () => {
  const ODD =
    '{"resultType":"complete","x-new":{"b":1,"a":[1.50,12345678901234567890]},"content":[{"type":"hologram","z":1},{"type":"text","text":"\\u00e9","x-c":null}],"structuredContent":{"n":9007199254740993}}';

  test('G20: passes what nobody here knows, digit for digit', async () => {
    const up = await server('up', { 'tools/list': toolsList('odd'), 'tools/call': () => ODD });
    const gateway = await gatewayFor([up]);
    const { text } = await ask(gateway.url, 'tools/call', { name: 'up__odd' });
    expect(text).toContain('"x-new":{"b":1,"a":[1.5,12345678901234567890]}');
    expect(text).toContain('"content":[{"type":"hologram","z":1},{"type":"text","text":"é","x-c":null}]');
    expect(text).toContain('"structuredContent":{"n":9007199254740993}');
  });

  test('G18, G19, G37: sends the arguments as they came, the name that the server knows, and nothing else of the caller', async () => {
    const up = await server('up', { 'tools/list': toolsList('odd'), 'tools/call': said('ok') });
    const gateway = await gatewayFor([up]);
    const big = '{"id":12345678901234567890,"__proto__":{"a":1}}';
    const meta =
      '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
    await post(
      gateway.url,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"up__odd","arguments":${big},"task":{"ttl":1},${meta}}}`,
      {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'up__odd',
        cookie: 'c=1',
        authorization: 'Bearer x',
      },
    );
    const [call] = up.calls();
    expect(call?.body).toContain(`"arguments":${big}`);
    expect(call?.params).toMatchObject({ name: 'odd' });
    expect(call?.params).not.toHaveProperty('task');
    expect(call?.headers).toMatchObject({ 'mcp-name': 'odd' });
    expect([call?.headers.cookie, call?.headers.authorization]).toEqual([undefined, undefined]);
    await ask(gateway.url, 'tools/call', { name: 'up__odd' });
    expect(up.calls()[1]?.body).toContain('"arguments":{}');
  });

  test('G22: a tool that is denied is answered as one that is not there', async () => {
    const up = await server('up', { 'tools/list': toolsList('delete_all', 'read'), 'tools/call': said('gone') });
    const gateway = await gatewayFor([up], { tools: { deny: ['delete*'] } });
    const denied = await ask(gateway.url, 'tools/call', { name: 'up__delete_all' });
    const unknown = await ask(gateway.url, 'tools/call', { name: 'up__nothing' });
    expect([denied.status, denied.text]).toEqual([unknown.status, unknown.text]);
    expect(up.calls()).toEqual([]);
    expect((await ask(gateway.url, 'tools/list')).json.result.tools.map(({ name }: { name: string }) => name)).toEqual([
      'up__read',
    ]);
    expect(gateway.records()[0]).toMatchObject({
      'mcp.method': 'tools/call',
      'mcp.target': 'up',
      'mcp.tool': 'delete_all',
      outcome: 'refused',
      reason: 'tool_not_found',
      scope_check: 'DENIED',
    });
  });

  const SCOPED: Partial<CompiledMcpRoute> = {
    auth: 'strict',
    tools: {
      deny: [],
      allow: [
        { scope: 'mcp:read', tools: ['read'] },
        { scope: 'mcp:write', tools: ['write'] },
      ],
    },
  };

  test('A4: with step-up, a missing scope is asked for before an answer begins; without it the tool is hidden', async () => {
    const up = await server('up', { 'tools/list': toolsList('read', 'write'), 'tools/call': said('ok') });
    const strict = await gatewayFor([up], SCOPED, byScopes);
    const stepping = await gatewayFor([up], { ...SCOPED, stepUp: true }, byScopes);
    const asked = await ask(stepping.url, 'tools/call', { name: 'up__write' }, as('mcp:read'));
    expect(asked.status).toBe(403);
    expect(asked.headers.get('www-authenticate')).toMatch(
      /^Bearer error="insufficient_scope", scope="mcp:read mcp:write"/,
    );
    expect(asked.json).toMatchObject({ id: 1, error: { data: { code: 'insufficient_scope' } } });
    const hidden = await ask(strict.url, 'tools/call', { name: 'up__write' }, as('mcp:read'));
    expect([hidden.status, hidden.json.error.code]).toEqual([200, -32602]);
    const listed = async (gateway: McpGateway) =>
      (await ask(gateway.url, 'tools/list', {}, as('mcp:read'))).json.result.tools.length;
    expect([await listed(strict), await listed(stepping)]).toEqual([1, 2]);
    expect(up.calls()).toEqual([]);
  });

  test('A2: without a token the answer is 401 with a challenge', async () => {
    const up = await server('up', { 'tools/list': toolsList('read') });
    const gateway = await gatewayFor([up], SCOPED, byScopes);
    const answer = await ask(gateway.url, 'tools/list');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(up.received).toEqual([]);
  });

  test('G36, G51: a server hears no id and no name of the client, and what a client calls itself opens nothing', async () => {
    const up = await server('up', { 'tools/list': toolsList('a', 'delete_a'), 'tools/call': said('ok') });
    const gateway = await gatewayFor([up], { tools: { deny: ['delete*'] } });
    const send = (name: string) =>
      fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 'an-id-of-the-client',
          method: 'tools/call',
          params: { name, _meta: { 'io.modelcontextprotocol/clientInfo': { name: 'root-console', version: '1' } } },
        }),
      }).then((response) => response.text());
    expect(await send('up__a')).toContain('"id":"an-id-of-the-client"');
    expect(await send('up__delete_a')).toContain('Unknown tool');
    expect(up.calls()).toHaveLength(1);
    expect(up.received.map(({ body }) => body).join()).not.toMatch(/an-id-of-the-client|root-console/);
  });

  test('G47: a limit for each tool counts calls of it, no lists, and 429 says when', async () => {
    const up = await server('up', { 'tools/list': toolsList('a', 'b'), 'tools/call': said('ok') });
    const rateLimits = [{ name: 'per-tool', per: ['mcp.tool.name'], requests: 2, windowSeconds: 60 }];
    const gateway = await gatewayFor([up], { rateLimits });
    for (let i = 0; i < 3; i++) await ask(gateway.url, 'tools/list');
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await ask(gateway.url, 'tools/call', { name: 'up__a' })).status);
    expect(statuses).toEqual([200, 200, 429]);
    const over = await ask(gateway.url, 'tools/call', { name: 'up__a' });
    expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(over.json.error).toMatchObject({ code: 429, data: { code: 'rate_limited' } });
    expect((await ask(gateway.url, 'tools/call', { name: 'up__b' })).status).toBe(200);
    expect(up.calls()).toHaveLength(3);
  });

  describe('G47: against a limit that needs no tool', () => {
    const perCaller = (requests: number) => ({
      rateLimits: [
        { name: 'per-caller', per: ['request.ip'], requests, windowSeconds: 60 },
        { name: 'per-tool', per: ['mcp.tool.name'], requests: 1, windowSeconds: 60 },
      ],
    });
    const statusesOf = async (times: number, one: () => ReturnType<typeof ask>): Promise<readonly number[]> => {
      const statuses = [];
      for (let i = 0; i < times; i++) statuses.push((await one()).status);
      return statuses;
    };

    test.each(['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'])(
      '%s counts, page by page, and not for a tool',
      async (method) => {
        const up = await server('up', { 'tools/list': toolsList('a'), 'tools/call': said('ok') });
        const gateway = await gatewayFor([up], perCaller(3));
        expect(await statusesOf(2, () => ask(gateway.url, method))).toEqual([200, 200]);
        expect((await ask(gateway.url, 'tools/call', { name: 'up__a' })).status).toBe(200);
        expect((await ask(gateway.url, method)).status).toBe(429);
      },
    );

    test('names that are tried out count, denied and unknown alike, down to what is left', async () => {
      const up = await server('up', { 'tools/list': toolsList('a', 'delete_a'), 'tools/call': said('ok') });
      const tried = async (name: string) => {
        const gateway = await gatewayFor([up], { ...perCaller(2), tools: { deny: ['delete*'] } });
        const answers = [];
        for (let i = 0; i < 3; i++) answers.push(await ask(gateway.url, 'tools/call', { name }));
        return answers.map(({ status, headers, json }) => ({
          status,
          left: headers.get('x-ratelimit-remaining-requests'),
          error: JSON.stringify(json.error).replaceAll(name, '<name>'),
        }));
      };
      const denied = await tried('up__delete_a');
      expect(denied.map(({ status, left }) => [status, left])).toEqual([
        [200, '1'],
        [200, '0'],
        [429, '0'],
      ]);
      expect(await tried('up__never_was')).toEqual(denied);
      expect(up.calls().filter(({ method }) => method === 'tools/call')).toEqual([]);
    });

    test('what is refused by one costs nothing of another', async () => {
      const up = await server('up', { 'tools/list': toolsList('a', 'b'), 'tools/call': said('ok') });
      const gateway = await gatewayFor([up], perCaller(2));
      const call = (name: string) => ask(gateway.url, 'tools/call', { name });
      expect(await statusesOf(3, () => call('up__a'))).toEqual([200, 429, 429]);
      expect((await call('up__b')).status).toBe(200);
    });

    test('one call asks the counter once, whatever becomes of it', async () => {
      const up = await server('up', { 'tools/list': toolsList('a'), 'tools/call': said('ok') });
      const counter = memoryLimitCounter(systemClock);
      const asked: number[] = [];
      const counting = {
        take: (demands: Parameters<typeof counter.take>[0]) => {
          asked.push(demands.length);
          return counter.take(demands);
        },
      };
      const gateway = await gatewayFor([up], perCaller(9), { counter: counting });
      for (const name of ['up__a', 'up__never_was']) await ask(gateway.url, 'tools/call', { name });
      await ask(gateway.url, 'tools/list');
      expect(asked).toEqual([2, 1, 1]);
    });

    test('a completion counts', async () => {
      const up = await server('up', {
        'tools/list': toolsList('a'),
        'prompts/list': () => '{"prompts":[{"name":"p"}]}',
        'completion/complete': () => '{"completion":{"values":["x"]}}',
      });
      const rateLimits = [{ name: 'per-caller', per: ['request.ip'], requests: 1, windowSeconds: 60 }];
      const gateway = await gatewayFor([up], { rateLimits });
      const complete = () =>
        ask(gateway.url, 'completion/complete', {
          ref: { type: 'ref/prompt', name: 'up__p' },
          argument: { name: 'a', value: '' },
        });
      expect(await statusesOf(2, complete)).toEqual([200, 429]);
    });
  });

  test('G22: a server that fails is a result that says so, and a failure in the record', async () => {
    const up = await server('up', { 'tools/list': toolsList('a'), 'tools/call': () => ({ status: 500 }) });
    const gateway = await gatewayFor([up]);
    const { status, json } = await ask(gateway.url, 'tools/call', { name: 'up__a' });
    expect([status, json.result.isError]).toEqual([200, true]);
    expect(json.result.content[0].text).toContain('up: upstream_failed');
    expect(lastRecord(gateway)).toMatchObject({ outcome: 'failed', reason: 'upstream_failed', 'mcp.is_error': true });
  });

  test("G22, G23: a server's codes are not taken for ours, and its 401 is not the client's", async () => {
    const errors = [
      '{"code":-32020,"message":"a\\u0000b"}',
      '{"code":-32042,"message":"x","data":{"url":"https://evil.example"}}',
      '{"code":-32002,"message":"x"}',
      '{"code":7,"message":"own"}',
    ];
    let next = 0;
    const up = await server('up', {
      'tools/list': toolsList('a'),
      'tools/call': () => (next < errors.length ? { error: errors[next++] ?? '' } : { status: 401 }),
    });
    const gateway = await gatewayFor([up]);
    const codes = [];
    for (const _ of errors) {
      const { text, json } = await ask(gateway.url, 'tools/call', { name: 'up__a' });
      codes.push(json.error.code);
      expect(text).not.toContain('evil');
    }
    expect(codes).toEqual([-32603, -32603, -32602, 7]);
    const refused = await ask(gateway.url, 'tools/call', { name: 'up__a' });
    expect([refused.status, refused.headers.get('www-authenticate'), refused.json.result.isError]).toEqual([
      200,
      null,
      true,
    ]);
  });

  test('G49: a result that is too large is cut, and says so to people and programs', async () => {
    const words = 'é'.repeat(5_000);
    const up = await server('up', { 'tools/list': toolsList('a'), 'tools/call': said(words) });
    const gateway = await gatewayFor([up], { maxResultBytes: 2_000 });
    const { json } = await ask(gateway.url, 'tools/call', { name: 'up__a' });
    const { content, isError, _meta } = json.result;
    expect(isError).toBe(true);
    expect(words.startsWith(content[0].text)).toBe(true);
    expect(content[0].text.length).toBeGreaterThan(500);
    expect(content.at(-1).text).toContain('cut off by the gateway');
    expect(_meta['gatehouse/truncated']).toMatchObject({ maxBytes: 2_000 });
    expect(Buffer.byteLength(JSON.stringify({ content, isError }))).toBeLessThanOrEqual(2_000);
    expect(lastRecord(gateway)?.['mcp.result_bytes']).toBeGreaterThan(10_000);
  });

  test('a bug is nobody’s business but ours (K7)', async () => {
    const up = await server('up', { 'tools/list': toolsList('a') });
    const bugs: unknown[] = [];
    const gateway = await gatewayFor(
      [up],
      {},
      {
        guards: {
          arguments: [
            async () => {
              throw new Error('boom');
            },
          ],
          result: [],
        },
        logBug: (_, error) => void bugs.push(error),
      },
    );
    const { status, text } = await ask(gateway.url, 'tools/call', { name: 'up__a' });
    expect(status).toBe(500);
    expect(text).not.toContain('boom');
    expect(bugs).toEqual([new Error('boom')]);
  });

  test('guards see what goes up and what comes back, and may change both', async () => {
    const up = await server('up', { 'tools/list': toolsList('a'), 'tools/call': said('secret') });
    const gateway = await gatewayFor(
      [up],
      {},
      {
        guards: {
          arguments: [async (_, sent) => ({ ...sent, card: '****' })],
          result: [async (_, result) => ({ ...result, content: [{ type: 'text', text: '[masked]' }] })],
        },
      },
    );
    const { json } = await ask(gateway.url, 'tools/call', { name: 'up__a', arguments: { card: '4111', to: 'x' } });
    expect(json.result.content).toEqual([{ type: 'text', text: '[masked]' }]);
    expect(up.calls()[0]?.params.arguments).toEqual({ card: '****', to: 'x' });
  });

  test('a guard of arguments makes none where there are none', async () => {
    const up = await server('up', {
      'tools/list': toolsList('a'),
      'prompts/list': () => '{"resultType":"complete","prompts":[{"name":"p"}]}',
      'resources/list': () => '{"resultType":"complete","resources":[{"uri":"file:///r","name":"r"}]}',
      'prompts/get': () => '{"resultType":"complete","messages":[]}',
      'resources/read': () => '{"resultType":"complete","contents":[]}',
    });
    const guards = { arguments: [async (_: unknown, sent: object) => ({ ...sent, seen: true })], result: [] };
    const gateway = await gatewayFor([up], {}, { guards });
    const [{ uri }] = (await ask(gateway.url, 'resources/list')).json.result.resources;
    await ask(gateway.url, 'resources/read', { uri });
    await ask(gateway.url, 'prompts/get', { name: 'up__p' });
    await ask(gateway.url, 'prompts/get', { name: 'up__p', arguments: {} });
    expect(up.calls().map(({ params }) => params.arguments)).toEqual([undefined, undefined, { seen: true }]);
  });

  describe('a completion', () => {
    const completing = async (values: readonly string[], ports: Partial<McpPorts>, maxResultBytes = 1_000) => {
      const up = await server('up', {
        'tools/list': toolsList('a'),
        'prompts/list': () => '{"resultType":"complete","prompts":[{"name":"p"}]}',
        'completion/complete': () => JSON.stringify({ resultType: 'complete', completion: { values } }),
      });
      const gateway = await gatewayFor([up], { maxResultBytes }, ports);
      const { json } = await ask(gateway.url, 'completion/complete', {
        ref: { type: 'ref/prompt', name: 'up__p' },
        argument: { name: 'card', value: '4111' },
        context: { arguments: { holder: 'Jane' } },
      });
      return { json, sent: up.calls()[0]?.params };
    };

    test('is guarded both ways', async () => {
      const { json, sent } = await completing(['4111 1111'], {
        guards: {
          arguments: [
            async (_, given) =>
              JSON.parse(JSON.stringify(given).replace('"4111"', '"****"').replace('"Jane"', '"[name]"')),
          ],
          result: [async (_, result) => ({ ...result, completion: { values: ['[masked]'] } })],
        },
      });
      expect(sent).toMatchObject({
        ref: { type: 'ref/prompt', name: 'p' },
        argument: { name: 'card', value: '****' },
        context: { arguments: { holder: '[name]' } },
      });
      expect(json.result.completion).toEqual({ values: ['[masked]'] });
    });

    test('that a guard stops reaches no server', async () => {
      const stop = async () => {
        throw new Refusal('not_allowed');
      };
      const { json, sent } = await completing(['x'], { guards: { arguments: [stop], result: [] } });
      expect([json.error.data.code, sent]).toEqual(['not_allowed', undefined]);
    });

    test('G49: that is too large is an error, and not half of one', async () => {
      const { json } = await completing(['x'.repeat(2_000)], {});
      expect(json.error.data.code).toBe('result_too_large');
      expect((await completing(['x'.repeat(100)], {})).json.result.completion.values).toHaveLength(1);
    });
  });

  test('G22: what a server says of its error hides nothing', async () => {
    const selectors = String.fromCodePoint(...[...'ignore'].map((letter) => 0xe00f0 + (letter.codePointAt(0) ?? 0)));
    const message = `no su\u200bch ${selectors}thing\u{e0069}\u{e0067}\u202e, ${'x'.repeat(5_000)}`;
    const error = JSON.stringify({ code: -32000, message });
    const up = await server('up', { 'tools/list': toolsList('a'), 'tools/call': () => ({ error }) });
    const gateway = await gatewayFor([up]);
    const { json } = await ask(gateway.url, 'tools/call', { name: 'up__a' });
    expect(json.error.message).toMatch(/^no such thing, x{1900,2000}$/);
  });

  test('G48: the trace goes up, from the envelope or from the headers', async () => {
    const up = await server('up', { 'tools/list': toolsList('a'), 'tools/call': said('ok') });
    const gateway = await gatewayFor([up]);
    const [one, two] = [
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ];
    await ask(gateway.url, 'tools/call', { name: 'up__a', _meta: { traceparent: one, 'acme/x': 1 } });
    await ask(gateway.url, 'tools/call', { name: 'up__a' }, { headers: { traceparent: two } });
    expect(up.calls().map(({ params }) => (params._meta as { traceparent: string }).traceparent)).toEqual([one, two]);
    expect(up.calls()[0]?.params._meta).toMatchObject({ 'acme/x': 1 });
  });
});

describe('pins', () => {
  test('T2: what was approved is what clients see; a changed tool is hidden from lists and calls, and reported', async () => {
    const approved = { name: 'a', description: 'good', inputSchema: { type: 'object' } };
    const up = await server('up', {
      'tools/list': toolsList({ ...approved, description: 'evil' }),
      'tools/call': said('ok'),
    });
    const pins = { up: { a: { sha256: hashDefinition(approved), definition: approved } } };
    const enforcing = await gatewayFor([up], { pinning: { mode: 'enforce', pins } });
    const warning = await gatewayFor([up], { pinning: { mode: 'warn', pins } });
    expect((await ask(enforcing.url, 'tools/list')).json.result.tools).toEqual([]);
    expect((await ask(enforcing.url, 'tools/call', { name: 'up__a' })).json.error.code).toBe(-32602);
    expect(enforcing.records().map((record) => record['mcp.pin_findings'])).toEqual([
      ['changed up/a (medium)'],
      ['changed up/a (medium)'],
    ]);
    expect(up.calls()).toEqual([]);
    expect((await ask(warning.url, 'tools/list')).json.result.tools[0].description).toBe('good');
    expect((await ask(warning.url, 'tools/call', { name: 'up__a' })).json.result.content[0].text).toBe('ok');
  });
});

describe('requests of several rounds', () => {
  const asksFor =
    (method: string): RawAnswer =>
    (params) =>
      params.inputResponses === undefined
        ? JSON.stringify({
            resultType: 'input_required',
            inputRequests: { q: { method, params: { message: 'Name?', mode: 'form' } } },
            requestState: 'inner-state',
          })
        : `{"resultType":"complete","content":[{"type":"text","text":"${params.requestState}"}]}`;
  const CAN = { capabilities: { elicitation: {}, sampling: {} } };

  test('G28: the server’s state travels sealed, for this caller, this tool and these arguments only', async () => {
    const up = {
      ...(await server('up', { 'tools/list': toolsList('a', 'b'), 'tools/call': asksFor('elicitation/create') })),
      trusted: true,
    };
    const other = await server('other', {});
    const gateway = await gatewayFor([up, other], { auth: 'strict' }, byScopes);
    const first = await ask(
      gateway.url,
      'tools/call',
      { name: 'up__a', arguments: { n: 1 } },
      { ...CAN, ...as('jane') },
    );
    const { inputRequests, requestState } = first.json.result;
    expect(inputRequests.q.params.message).toBe('up: Name?'); // G29: says who asks
    expect(Buffer.from(requestState, 'base64url').toString('latin1')).not.toContain('inner');
    const again = (name: string, n: number, who: string, state = requestState) =>
      ask(
        gateway.url,
        'tools/call',
        { name, arguments: { n }, inputResponses: { q: { action: 'accept' } }, requestState: state },
        { ...CAN, ...as(who) },
      );
    expect((await again('up__a', 1, 'jane')).json.result.content[0].text).toBe('inner-state');
    const before = up.calls().length;
    for (const wrong of [
      again('up__b', 1, 'jane'),
      again('up__a', 2, 'jane'),
      again('up__a', 1, 'john'),
      again('up__a', 1, 'jane', `${requestState}A`),
    ])
      expect((await wrong).json.error).toMatchObject({ code: -32602, data: { code: 'state_rejected' } });
    expect(up.calls()).toHaveLength(before);
  });

  test('G29, G30: a server that is not trusted is told that nobody can be asked, and is refused when it asks', async () => {
    const up = await server('up', { 'tools/list': toolsList('a'), 'tools/call': asksFor('sampling/createMessage') });
    const gateway = await gatewayFor([up]);
    const { json } = await ask(gateway.url, 'tools/call', { name: 'up__a' }, CAN);
    expect(json.result).toMatchObject({ resultType: 'complete', isError: true });
    expect(up.calls()[0]?.params._meta).toMatchObject({ 'io.modelcontextprotocol/clientCapabilities': {} });
  });

  test('what the client did not declare is not asked of it, nor is anything of a client of 2025', async () => {
    const up = {
      ...(await server('up', { 'tools/list': toolsList('a'), 'tools/call': asksFor('elicitation/create') })),
      trusted: true,
    };
    const gateway = await gatewayFor([up]);
    const modern = await ask(gateway.url, 'tools/call', { name: 'up__a' }, { capabilities: { sampling: {} } });
    const legacy = await askLegacy(gateway.url, 'tools/call', { name: 'up__a' });
    expect([modern.json.result.isError, legacy.json.result.isError]).toEqual([true, true]);
    expect(legacy.json.result).not.toHaveProperty('inputRequests');
  });
});

describe('a batch of 2025-03-26', () => {
  test('is answered message by message, each with a record of its own', async () => {
    const up = await server('up', { 'tools/list': toolsList('a'), 'tools/call': said('ok') });
    const gateway = await gatewayFor([up]);
    const { json } = await post(gateway.url, [
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 'x', method: 'tools/call', params: { name: 'up__a' } },
    ]);
    expect(json.map(({ id }: { id: unknown }) => id)).toEqual([1, 'x']);
    expect(
      gateway
        .records()
        .map((record) => record['mcp.method'])
        .sort(),
    ).toEqual(['batch', 'notifications/initialized', 'ping', 'tools/call']);
  });
});

describe('what a hostile caller or server tries', () => {
  const META =
    '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
  const pay = (gateway: McpGateway, to: string) =>
    post(
      gateway.url,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"up__pay","arguments":{"to":${to}},${META}}}`,
      { 'mcp-method': 'tools/call', 'mcp-name': 'up__pay', 'mcp-protocol-version': '2026-07-28' },
    );

  test('a rule about a number is about the number, however many digits it is written with', async () => {
    const up = await server('up', { 'tools/list': toolsList('pay'), 'tools/call': said('paid') });
    const rules = { allow: [], deny: ['mcp.tool.arguments.to == 42'], require: [], default: 'allow' as const };
    const gateway = await gatewayFor([up], { authorization: rules });
    expect((await pay(gateway, '41.00000000000000')).text).toContain('paid');
    for (const to of ['42', '42.0', '42.00000000000000', '42.00000000000000000001', '4.200000000000000000e1'])
      expect([to, (await pay(gateway, to)).text]).toEqual([to, expect.stringContaining('Unknown tool')]);
  });

  test('a mistake in the request says the same of a denied tool and of none', async () => {
    const up = await server('up', { 'tools/list': toolsList('delete_all'), 'tools/call': said('gone') });
    const gateway = await gatewayFor([up], { tools: { deny: ['delete_*'] } });
    const wrong = async (name: string) =>
      (await ask(gateway.url, 'tools/call', { name, inputResponses: 5 })).json.error.code;
    expect(await wrong('up__delete_all')).toBe(await wrong('up__no_such_tool'));
  });

  test('a tool whose words are no words costs only itself', async () => {
    const odd = '{"name":"odd","title":12345678901234567890,"inputSchema":{"type":"object"}}';
    const good = '{"name":"good","description":"finds things","inputSchema":{"type":"object"}}';
    const up = await server('up', { 'tools/list': () => `{"resultType":"complete","tools":[${odd},${good}]}` });
    const gateway = await gatewayFor([up], { search: true });
    const { text } = await ask(gateway.url, 'tools/call', { name: 'find_tools', arguments: { query: 'things' } });
    expect(text).toContain('up__good');
    expect(text).not.toContain('up__odd');
  });
});
