import { afterEach, describe, expect, test } from '@jest/globals';
import type { CompiledHttpServer } from '../../../config/compiled-mcp.ts';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { createSend, type Send, STALE_CONNECTION } from '../../../lambda/providers/send.ts';
import type { HttpTargetPorts } from '../../../lambda/targets/http-target.ts';
import type { Loopback } from '../../support/loopback.ts';
import { bodyOf, contextOf, methodsOf, targetAt } from './target-context.ts';
import { type Fake, fakeUpstream, result, rpcError } from './upstreams.ts';

type Answer = Parameters<typeof fakeUpstream>[0];

const open: Loopback[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const against = async (
  answer: Answer,
  server: Partial<CompiledHttpServer> = {},
  ports: Partial<HttpTargetPorts> = {},
) => {
  const upstream = await fakeUpstream(answer);
  open.push(upstream);
  return targetAt(upstream.url, { era: 'modern', ...server }, ports);
};

const call = ({ target }: Awaited<ReturnType<typeof against>>, name = 'x') =>
  target.request('tools/call', { name }, contextOf());

/** As for a client that reads what servers say about their use. */
const list = ({ target }: Awaited<ReturnType<typeof against>>) => {
  target.wantWords?.();
  return target.list('tools/list', contextOf());
};

const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });

describe('pages without end', () => {
  test('G9: a cursor that comes again ends the list, and it says that it is partial', async () => {
    const watched = await against(({ id }) => result(id, { tools: [tool('a')], nextCursor: 'again' }));
    expect(await list(watched)).toMatchObject({ items: [tool('a'), tool('a')], partial: 'repeated cursor' });
    expect(watched.sent.filter(({ headers }) => headers['mcp-method'] === 'tools/list')).toHaveLength(2);
  });

  test('G9: 64 pages are the most', async () => {
    let page = 0;
    const watched = await against(({ id }) => result(id, { tools: [tool(`t${page}`)], nextCursor: `c${++page}` }));
    const { items, partial } = await list(watched);
    expect([items.length, partial]).toEqual([64, 'too many pages']);
  });

  test('G9: 10,000 items are the most', async () => {
    let page = 0;
    const tools = Array.from({ length: 6_000 }, (_, i) => tool(`t${i}`));
    const { items, partial } = await list(await against(({ id }) => result(id, { tools, nextCursor: `c${++page}` })));
    expect([items.length, partial]).toEqual([10_000, 'too many items']);
  });

  test('the shortest time that any page may be kept is that of the list', async () => {
    const watched = await against(({ id, params }) =>
      result(
        id,
        params.cursor === undefined ? { tools: [], nextCursor: '1', ttlMs: 9_000 } : { tools: [], ttlMs: 100 },
      ),
    );
    expect((await list(watched)).ttlMs).toBe(100);
  });
});

describe('answers that are none', () => {
  const html: Fake = { headers: { 'content-type': 'text/html' }, body: '<h1>Welcome</h1>' };
  const rows: readonly (readonly [string, Answer, string])[] = [
    ['a web page', () => html, 'upstream_failed'],
    ['a redirect', () => ({ status: 307, headers: { location: 'http://127.0.0.1:1/' } }), 'upstream_failed'],
    ['an answer to another request', ({ id }) => result((id ?? 0) + 1, {}), 'upstream_failed'],
    [
      'an answer whose id is text',
      ({ id }) => ({ body: { jsonrpc: '2.0', id: String(id), result: {} } }),
      'upstream_failed',
    ],
    ['neither result nor error', ({ id }) => ({ body: { jsonrpc: '2.0', id } }), 'upstream_failed'],
    ['broken JSON', () => ({ body: '{"jsonrpc":"2.0","id":1,' }), 'upstream_failed'],
    [
      'bytes that are not UTF-8',
      () => (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(Buffer.from([0x22, 0xff, 0x22]));
      },
      'upstream_failed',
    ],
    ['more than 16 MB', ({ id }) => result(id, { text: 'x'.repeat(17 * 1024 * 1024) }), 'upstream_failed'],
    [
      'a depth bomb',
      ({ id }) => ({ body: `{"jsonrpc":"2.0","id":${id},"result":{"a":${'['.repeat(500)}${']'.repeat(500)}}}` }),
      'upstream_failed',
    ],
    [
      'a stream that ends before the answer',
      () => ({ headers: { 'content-type': 'text/event-stream' }, body: ': hello\n\n' }),
      'upstream_truncated',
    ],
    ['a connection that breaks', () => (response) => void response.destroy(), 'upstream_unreachable'],
    [
      '401',
      () => ({ status: 401, headers: { 'www-authenticate': 'Bearer resource_metadata="http://evil.example"' } }),
      'upstream_auth',
    ],
    ['403', ({ id }) => rpcError(id, -32000, 403), 'upstream_auth'],
    ['429', () => ({ status: 429, headers: { 'retry-after': '7' } }), 'upstream_limited'],
    ['500', ({ id }) => rpcError(id, -32603, 500), 'upstream_failed'],
    ['503', () => ({ status: 503 }), 'upstream_busy'],
  ];

  test.each(rows)('%s is refused, and the call not made again', async (_, answer, code) => {
    const watched = await against(answer);
    const refusal = await call(watched).catch((thrown) => thrown);
    expect(refusal).toMatchObject({ name: 'Refusal', code });
    expect(methodsOf(watched.sent)).toEqual(['tools/call']);
    expect(JSON.stringify([refusal.detail, refusal.say])).not.toMatch(/evil|Welcome|127\.0\.0\.1:1/);
  });

  test('how long a server that limits us wants to be left alone is told', async () => {
    const watched = await against(() => ({ status: 429, headers: { 'retry-after': '7' } }));
    await expect(call(watched)).rejects.toMatchObject({ retryAfterSeconds: 7 });
  });

  test('a stream without end is cut at 16 MB', async () => {
    const watched = await against(() => (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const line = `: ${'x'.repeat(64 * 1024)}\n`;
      const more = (): void => {
        while (!response.destroyed && response.write(line));
      };
      response.on('drain', more);
      more();
    });
    await expect(call(watched)).rejects.toMatchObject({
      code: 'upstream_failed',
      detail: { reason: 'answer too large' },
    });
  });

  test('an error of the server comes back as one, with its words apart', async () => {
    const watched = await against(({ id }) => rpcError(id, -32602, 200, { secret: 1 }));
    await expect(call(watched)).rejects.toMatchObject({ name: 'TargetError', code: -32602, says: 'no', target: 'up' });
  });

  test('only calls, prompts and resources may ask back', async () => {
    const watched = await against(({ id }) => result(id, { resultType: 'input_required', requestState: 's' }));
    expect(await call(watched)).toMatchObject({ resultType: 'input_required', requestState: 's' });
    await expect(list(watched)).rejects.toMatchObject({ code: 'upstream_failed' });
  });
});

describe('bytes', () => {
  test('G19, G20: numbers keep all their digits and members that nobody knows stay', async () => {
    const value =
      '{"content":[{"type":"text","text":"é","x-c":1}],"big":9007199254740993,"small":0.1234567890123456789,"huge":1e400,"x-unknown":{"b":1,"a":[]}}';
    const watched = await against(({ id }) => ({ body: `{"jsonrpc":"2.0","id":${id},"result":${value}}` }));
    expect(JSON.stringify(await call(watched))).toBe(value);
  });

  test('a batch, as 2025-03-26 allowed, is searched for the answer', async () => {
    const watched = await against(({ id }) => ({
      body: [
        { jsonrpc: '2.0', method: 'notifications/message', params: {} },
        { jsonrpc: '2.0', id, result: { ok: 1 } },
      ],
    }));
    expect(await call(watched)).toEqual({ ok: 1 });
  });
});

describe('credentials', () => {
  test('G23: after a 401 the credential is read once more, and then the server is believed', async () => {
    const reads: (boolean | undefined)[] = [];
    const auth = () => ({
      perUser: true,
      headers: async (_: unknown, options?: { readonly fresh?: boolean }) => {
        reads.push(options?.fresh);
        return { authorization: options?.fresh === true ? 'Bearer new' : 'Bearer old' };
      },
    });
    const credential = { type: 'static', credential: 'c', header: 'authorization', scheme: 'Bearer' } as const;
    const rotated = await against(
      ({ id }, request) => (request.headers.authorization === 'Bearer new' ? result(id, { ok: 1 }) : { status: 401 }),
      { credential },
      { auth },
    );
    expect(await call(rotated)).toMatchObject({ ok: 1 });
    expect(reads).toEqual([false, true]);

    const closed = await against(() => ({ status: 401 }), { credential }, { auth });
    await expect(call(closed)).rejects.toMatchObject({ code: 'upstream_auth' });
    expect(closed.sent).toHaveLength(2);
  });

  test('G40: without a credential nothing is sent', async () => {
    const auth = () => ({ perUser: true, headers: async () => Promise.reject(new Error('none')) });
    const watched = await against(({ id }) => result(id, {}), {}, { auth });
    await expect(call(watched)).rejects.toThrow('none');
    expect(watched.sent).toEqual([]);
  });

  test('G41: lists are asked for with the credential for listing', async () => {
    const auth: HttpTargetPorts['auth'] = ({ credential }) => ({
      perUser: credential.type === 'exchange',
      headers: async () => ({ authorization: `Bearer ${credential.type}` }),
    });
    const watched = await against(
      ({ id }) => result(id, { tools: [] }),
      {
        credential: { type: 'exchange', tokenUrl: '', audience: '', scopes: [], client: '', grant: 'token-exchange' },
        listCredential: { type: 'client-credentials', tokenUrl: '', scopes: [], client: '' },
      },
      { auth },
    );
    await list(watched);
    await call(watched);
    expect(
      Object.fromEntries(watched.sent.map(({ headers }) => [headers['mcp-method'], headers.authorization])),
    ).toEqual({
      'tools/list': 'Bearer client-credentials',
      'server/discover': 'Bearer client-credentials',
      'tools/call': 'Bearer exchange',
    });
    expect(watched.target.perUser).toBe(false);
  });

  test('G42: where the guard says no, nothing is sent', async () => {
    const guardUrl = () => Promise.reject(new Error('private'));
    const watched = await against(({ id }) => result(id, {}), {}, { guardUrl });
    await expect(call(watched)).rejects.toThrow('private');
    expect(watched.sent).toEqual([]);
  });
});

describe('G25: connections that close under a request', () => {
  /** Closes the first connection that is not a new one. */
  const closing = (): { readonly send: Send; readonly fresh: (true | undefined)[] } => {
    const fresh: (true | undefined)[] = [];
    const real = createSend();
    let isClosed = false;
    const send: Send = async (request, limits, signal) => {
      fresh.push(request.fresh);
      if (request.fresh !== true && !isClosed) {
        isClosed = true;
        throw new Refusal('upstream_unreachable', { reason: STALE_CONNECTION });
      }
      return real(request, limits, signal);
    };
    return { send, fresh };
  };

  test('what reads is asked once more, over a new one', async () => {
    const { send, fresh } = closing();
    expect(
      (await list(await against(({ id }) => result(id, { tools: [tool('a')] }), {}, { send }))).items,
    ).toHaveLength(1);
    // The list, what is said beside it, the list again.
    expect(fresh).toEqual([undefined, undefined, true]);
  });

  test('what acts is not asked again, and does not go over one that has been idle', async () => {
    const time = { now: 1_800_000_000_000 };
    const { send, fresh } = closing();
    const watched = await against(({ id }) => result(id, { ok: 1 }), {}, { send, clock: () => time.now });
    expect(await call(watched)).toMatchObject({ ok: 1 });
    time.now += 1_000;
    await expect(call(watched)).rejects.toMatchObject({ code: 'upstream_unreachable' });
    time.now += 3_001;
    expect(await call(watched)).toMatchObject({ ok: 1 });
    expect(fresh).toEqual([true, undefined, true]);
  });
});

describe('headers from arguments', () => {
  test('G37: what the schema marks is repeated in headers, coded where HTTP could not carry it', async () => {
    const watched = await against(({ id }) => result(id, {}));
    const definition = {
      inputSchema: {
        properties: {
          region: { type: 'string', 'x-mcp-header': 'Region' },
          count: { type: 'integer', 'x-mcp-header': 'Count' },
          nested: { properties: { city: { type: 'string', 'x-mcp-header': 'City' } } },
          absent: { type: 'string', 'x-mcp-header': 'Absent' },
          evil: { type: 'string', 'x-mcp-header': 'Evil\r\nX-Admin: 1' },
        },
      },
    };
    const given = { region: 'a\r\nX-Admin: 1', count: 3, nested: { city: 'Köln' }, evil: 'x', other: 'y' };
    await watched.target.request('tools/call', { name: 'tööl', arguments: given }, contextOf('jane', { definition }));
    const { headers = {} } = watched.sent[0] ?? {};
    const base64 = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;
    expect(Object.entries(headers).filter(([name]) => name.startsWith('mcp-'))).toEqual([
      ['mcp-protocol-version', '2026-07-28'],
      ['mcp-method', 'tools/call'],
      ['mcp-name', base64('tööl')],
      ['mcp-param-region', base64('a\r\nX-Admin: 1')],
      ['mcp-param-count', '3'],
      ['mcp-param-city', base64('Köln')],
    ]);
  });
});

describe('time and room', () => {
  const hang: Answer = () => () => {};

  test('G24: a server that says nothing is given up after the time to the first byte', async () => {
    const watched = await against(hang, { timeouts: { connectMs: 500, firstByteMs: 50, totalMs: 4_000 } });
    await expect(call(watched)).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  test('G24: one that keeps talking is given up after the whole time', async () => {
    const watched = await against(
      () => (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const timer = setInterval(() => response.write(': still there\n\n'), 10);
        response.on('close', () => clearInterval(timer));
      },
      { timeouts: { connectMs: 500, firstByteMs: 500, totalMs: 120 } },
    );
    await expect(call(watched)).rejects.toMatchObject({ code: 'upstream_timeout', detail: { reason: 'total' } });
  });

  test('G34: no more than so many at once, the next wait in line, and then no more may wait', async () => {
    const held: (() => void)[] = [];
    const watched = await against(
      ({ id }) =>
        (response) =>
          void held.push(() => {
            response.writeHead(200, { 'content-type': 'application/json' });
            response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { ok: 1 } }));
          }),
      { concurrency: 1 },
    );
    const asked = Array.from({ length: 6 }, () => call(watched));
    await expect(asked[5]).rejects.toMatchObject({ code: 'upstream_busy' });
    for (let done = 0; done < 5; done++) {
      while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      expect(held).toHaveLength(1);
      held.pop()?.();
      expect(await asked[done]).toEqual({ ok: 1 });
    }
  });

  test('G15: a server that never says what it is for does not keep its own list from its only place', async () => {
    const watched = await against(
      ({ id, method, params }) =>
        method === 'server/discover'
          ? () => {}
          : result(id, params.cursor === undefined ? { tools: [tool('a')], nextCursor: '1' } : { tools: [tool('b')] }),
      { concurrency: 1, timeouts: { connectMs: 500, firstByteMs: 3_000, totalMs: 3_000 } },
    );
    expect(await list(watched)).toMatchObject({ items: [tool('a'), tool('b')] });
  });

  test('G34: to find out which era a server is of takes a place, too', async () => {
    const timeouts = { connectMs: 500, firstByteMs: 300, totalMs: 300 };
    const watched = await against(hang, { era: 'auto', concurrency: 1, timeouts });
    const first = call(watched).catch(() => 'late');
    const caller = new AbortController();
    const listed = watched.target.list('tools/list', contextOf('joe', { signal: caller.signal }));
    while (watched.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    caller.abort(new Error('left'));
    await expect(listed).rejects.toThrow('left');
    expect(await first).toBe('late');
    expect(watched.sent).toHaveLength(1);
  });

  test('who leaves the line makes room in it and sends nothing', async () => {
    const watched = await against(hang, {
      concurrency: 1,
      timeouts: { connectMs: 500, firstByteMs: 300, totalMs: 300 },
    });
    const first = call(watched).catch(() => 'late');
    const caller = new AbortController();
    const second = watched.target.request('tools/call', { name: 'y' }, contextOf('joe', { signal: caller.signal }));
    caller.abort(new Error('left'));
    await expect(second).rejects.toThrow('left');
    expect(await first).toBe('late');
    expect(watched.sent).toHaveLength(1);
    await expect(call(watched)).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(watched.sent).toHaveLength(2);
  });
});

describe('eras', () => {
  test('K11: what was found is asked for again after a day', async () => {
    const time = { now: 1_800_000_000_000 };
    const legacy: Answer = ({ id, method }) =>
      method === 'initialize'
        ? result(id, { protocolVersion: '2025-06-18', capabilities: { tools: {} } })
        : method === 'server/discover'
          ? { status: 400, body: 'what?' }
          : result(id, { ok: 1 });
    const watched = await against(legacy, { era: 'auto' }, { clock: () => time.now });
    const discovered = () => methodsOf(watched.sent).filter((method) => method === 'server/discover').length;
    await call(watched);
    time.now += 23 * 3_600_000;
    await call(watched);
    expect(discovered()).toBe(1);
    time.now += 2 * 3_600_000;
    await call(watched);
    expect(discovered()).toBe(2);
  });

  test('a server that was upgraded meanwhile is noticed at once, and the call made once', async () => {
    let isNew = false;
    const calls: unknown[] = [];
    const changing: Answer = ({ id, method, params }) => {
      if (!isNew && method === 'server/discover') return rpcError(id, -32601);
      if (!isNew && method === 'initialize') return result(id, { protocolVersion: '2025-11-25', capabilities: {} });
      if (isNew && method === 'server/discover')
        return result(id, { supportedVersions: ['2026-07-28'], capabilities: {} });
      if (isNew && method === 'initialize') return rpcError(id, -32022, 400, { supported: ['2026-07-28'] });
      if (method === 'tools/call') calls.push(params.name);
      return result(id, { ok: 1 });
    };
    const time = { now: 1_800_000_000_000 };
    const watched = await against(changing, { era: 'auto' }, { clock: () => time.now });
    await call(watched, 'first');
    isNew = true;
    time.now += 600_000; // Its session is over.
    await call(watched, 'second');
    expect(calls).toEqual(['first', 'second']);
    expect(watched.sent.at(-1)?.headers['mcp-method']).toBe('tools/call');
  });

  test('a server that can not be reached is of no era', async () => {
    let isUp = false;
    const watched = await against(
      ({ id, method }) =>
        !isUp
          ? { status: 503 }
          : method === 'server/discover'
            ? result(id, { supportedVersions: ['2026-07-28'], capabilities: {} })
            : result(id, { ok: 1 }),
      { era: 'auto' },
    );
    await expect(call(watched)).rejects.toMatchObject({ code: 'upstream_busy' });
    isUp = true;
    expect(await call(watched)).toMatchObject({ ok: 1 });
  });

  test('G16: a version that is offered is taken if it is known, and refused if not', async () => {
    const offering =
      (protocolVersion: string): Answer =>
      ({ id, method }) =>
        method === 'initialize' ? result(id, { protocolVersion, capabilities: {} }) : result(id, { ok: 1 });
    const older = await against(offering('2025-03-26'), { era: 'legacy' });
    expect(await call(older)).toMatchObject({ ok: 1 });
    expect(Object.keys(older.sent.at(-1)?.headers ?? {})).not.toContain('mcp-protocol-version');
    const unknown = await against(offering('1999-01-01'), { era: 'legacy' });
    await expect(call(unknown)).rejects.toMatchObject({ code: 'upstream_failed' });
  });

  test('a server that answers 400 to a session that it has lost is given a new one, as one that answers 404', async () => {
    const opened: number[] = [];
    const watched = await against(
      ({ id, method }, request) => {
        const session = `s${opened.length}`;
        if (method === 'initialize') {
          opened.push(1);
          const body = { jsonrpc: '2.0', id, result: { protocolVersion: '2025-11-25', capabilities: {} } };
          return { headers: { 'mcp-session-id': `s${opened.length}` }, body };
        }
        if (method !== 'tools/call') return { status: 202 };
        return opened.length === 1
          ? rpcError(id, -32000, 400)
          : result(id, { in: request.headers['mcp-session-id'], session });
      },
      { era: 'legacy' },
    );
    expect(await call(watched)).toMatchObject({ in: 's2' });
    expect(opened).toHaveLength(2);
  });

  test('G35: a session that was idle for too long is ended when another is opened', async () => {
    const time = { now: 1_800_000_000_000 };
    let opened = 0;
    const watched = await against(
      ({ id, method }) => {
        if (method !== 'initialize') return method === 'tools/call' ? result(id, { ok: 1 }) : { status: 202 };
        opened += 1;
        const body = { jsonrpc: '2.0', id, result: { protocolVersion: '2025-11-25', capabilities: {} } };
        return { headers: { 'mcp-session-id': `s${opened}` }, body };
      },
      { era: 'legacy' },
      { clock: () => time.now },
    );
    const ended = () => watched.sent.filter(({ method }) => method === 'DELETE');
    await watched.target.request('tools/call', { name: 'x' }, contextOf('jane'));
    await watched.target.request('tools/call', { name: 'x' }, contextOf('joe'));
    expect(ended()).toEqual([]);
    time.now += 299_000;
    await watched.target.request('tools/call', { name: 'x' }, contextOf('joe'));
    time.now += 2_000; // Jane's is over, and joe's is not.
    await watched.target.request('tools/call', { name: 'x' }, contextOf('ann'));
    expect(ended().map(({ headers }) => headers['mcp-session-id'])).toEqual(['s1']);
  });

  test('a server that loses every session is given up', async () => {
    const watched = await against(
      ({ id, method }) =>
        method === 'initialize'
          ? {
              headers: { 'mcp-session-id': 's' },
              body: { jsonrpc: '2.0', id, result: { protocolVersion: '2025-11-25', capabilities: {} } },
            }
          : { status: method === 'tools/call' ? 404 : 202 },
      { era: 'legacy' },
    );
    await expect(call(watched)).rejects.toMatchObject({ code: 'upstream_failed' });
    expect(methodsOf(watched.sent).filter((method) => method === 'tools/call')).toHaveLength(2);
  });

  test('where a server keeps no sessions, callers without a token are introduced to it once', async () => {
    const watched = await against(
      ({ id, method }) =>
        method === 'initialize'
          ? result(id, { protocolVersion: '2025-11-25', capabilities: {} })
          : result(id, { ok: 1 }),
      { era: 'legacy' },
    );
    for (let i = 0; i < 3; i++) await watched.target.request('tools/call', { name: 'x' }, contextOf(ANONYMOUS.id));
    expect(methodsOf(watched.sent).filter((method) => method === 'initialize')).toHaveLength(1);
  });

  test('a session id that would break a header is refused', async () => {
    const watched = await against(
      ({ id }) => ({
        headers: { 'mcp-session-id': 'a b' },
        body: { jsonrpc: '2.0', id, result: { protocolVersion: '2025-11-25', capabilities: {} } },
      }),
      { era: 'legacy' },
    );
    await expect(call(watched)).rejects.toMatchObject({ detail: { reason: 'session id' } });
  });

  test('a server of 2025 that closes its stream is asked for the rest of it, and the call is not made again', async () => {
    const resumed: unknown[] = [];
    let asked: number | undefined;
    const watched = await against(
      ({ id, method }, request) => {
        const headers = { 'content-type': 'text/event-stream' };
        if (method === 'initialize') return result(id, { protocolVersion: '2025-11-25', capabilities: {} });
        if (method === 'GET') {
          resumed.push(request.headers['last-event-id']);
          return {
            headers,
            body: `id: e2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: asked, result: { ok: 1 } })}\n\n`,
          };
        }
        asked = id;
        return { headers, body: 'id: e1\nretry: 5\ndata: \n\n' };
      },
      { era: 'legacy' },
    );
    expect(await call(watched)).toEqual({ ok: 1 });
    expect(resumed).toEqual(['e1']);
    expect(methodsOf(watched.sent).filter((method) => method === 'tools/call')).toHaveLength(1);
    expect(bodyOf(watched.sent[0]).method).toBe('initialize');
  });
});
