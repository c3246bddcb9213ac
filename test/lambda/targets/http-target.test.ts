import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANONYMOUS, type Principal } from '../../../lambda/core/principal.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { bodyOf, contextOf, methodsOf, targetAt } from './target-context.ts';
import { legacyUpstream, modernUpstream, type Upstream } from './upstreams.ts';

const upstreams: { modern?: Upstream; both?: Upstream; legacy?: Awaited<ReturnType<typeof legacyUpstream>> } = {};
beforeAll(async () => {
  upstreams.modern = await modernUpstream();
  upstreams.both = await modernUpstream('stateless');
  upstreams.legacy = await legacyUpstream();
});
afterAll(async () => {
  await Promise.all(Object.values(upstreams).map((one) => one.close()));
});

const of = (name: keyof typeof upstreams): Upstream => {
  const upstream = upstreams[name];
  if (upstream === undefined) throw new Error('not started');
  return upstream;
};

const NAMES = ['echo', 'count', 'wait', 'fail', 'ask'];

describe.each(['modern', 'legacy', 'both'] as const)('a %s server', (name) => {
  test('G9: lists every page', async () => {
    const { target } = targetAt(of(name).url);
    const { items, partial } = await target.list('tools/list', contextOf());
    expect(items.map((item) => item.name)).toEqual(NAMES);
    expect(partial).toBeUndefined();
  });

  test('a list that it does not have is empty', async () => {
    const { target } = targetAt(of(name).url);
    for (const method of ['prompts/list', 'resources/list', 'resources/templates/list'] as const)
      expect((await target.list(method, contextOf())).items).toEqual([]);
  });

  test('G18: a call without arguments reaches it as one with none, and the result comes back as it is', async () => {
    const { target } = targetAt(of(name).url);
    const result = await target.request('tools/call', { name: 'echo' }, contextOf());
    expect(result.content).toEqual([{ type: 'text', text: '{}' }]);
    expect(of(name).calls.at(-1)).toMatchObject({ name: 'echo', arguments: {} });
  });

  test('G26: progress comes through forwards only, and without the token of this hop', async () => {
    const { target } = targetAt(of(name).url);
    const seen: unknown[] = [];
    const params = { name: 'count', arguments: {}, _meta: { progressToken: 'of-the-client' } };
    await target.request('tools/call', params, contextOf('jane', { progress: (one) => seen.push(one) }));
    expect(seen).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3 })));
  });

  test('G27: a caller who leaves ends the call there too', async () => {
    const { target } = targetAt(of(name).url);
    const before = of(name).cancelled.length;
    const caller = new AbortController();
    const asked = target.request('tools/call', { name: 'wait' }, contextOf('jane', { signal: caller.signal }));
    const started = of(name).calls.length;
    while (of(name).calls.length === started) await new Promise((resolve) => setTimeout(resolve, 5));
    caller.abort(new Refusal('caller_left'));
    await expect(asked).rejects.toMatchObject({ code: 'caller_left' });
    while (of(name).cancelled.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test('an era that is found once is not asked for again', async () => {
    const { target, sent } = targetAt(of(name).url);
    for (let i = 0; i < 3; i++) await target.request('tools/call', { name: 'echo' }, contextOf());
    expect(methodsOf(sent).filter((method) => method === 'server/discover')).toHaveLength(1);
  });
});

describe('a server of 2026-07-28', () => {
  test('is asked with one POST that says in headers what it says in its body', async () => {
    const { target, sent } = targetAt(of('modern').url, { era: 'modern' });
    const trace = { traceparent: '00-1-2-01' };
    const params = {
      name: 'echo',
      arguments: { a: 1 },
      _meta: { 'vendor/x': 1, progressToken: 7, 'io.modelcontextprotocol/clientInfo': { name: 'someone' } },
    };
    await target.request('tools/call', params, contextOf('jane', { trace, capabilities: { elicitation: {} } }));
    expect(sent).toHaveLength(1);
    expect(sent[0]?.headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
    });
    expect(bodyOf(sent[0]).params).toEqual({
      name: 'echo',
      arguments: { a: 1 },
      _meta: {
        'vendor/x': 1,
        traceparent: '00-1-2-01',
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
        'io.modelcontextprotocol/clientInfo': { name: 'gatehouse', version: '0.1.0' },
      },
    });
  });

  test('K3: is told of no more than this request of the client declared, and of nothing for a list', async () => {
    const { target, sent } = targetAt(of('modern').url, { era: 'modern' });
    await target.list('tools/list', contextOf('jane', { capabilities: { sampling: {} } }));
    expect(bodyOf(sent[0]).params._meta['io.modelcontextprotocol/clientCapabilities']).toEqual({});
  });
});

describe('a server of 2025', () => {
  test('G35: each principal has a session of its own, and keeps it', async () => {
    const { target, sent } = targetAt(of('legacy').url, { era: 'legacy' });
    for (const who of ['jane', 'joe', 'jane', 'joe'])
      await target.request('tools/call', { name: 'echo' }, contextOf(who));
    const sessions = of('legacy')
      .calls.slice(-4)
      .map(({ session }) => session);
    expect(sessions[0]).toBe(sessions[2]);
    expect(sessions[1]).toBe(sessions[3]);
    expect(sessions[0]).not.toBe(sessions[1]);
    expect(methodsOf(sent).filter((method) => method === 'initialize')).toHaveLength(2);
  });

  test('an agent, and a token of less, have sessions apart from those of the person', async () => {
    const { target } = targetAt(of('legacy').url, { era: 'legacy' });
    const own = contextOf('jane');
    const as = (more: Partial<Principal>) => ({ call: { ...own.call, principal: { ...own.call.principal, ...more } } });
    for (const changes of [{}, as({ clientId: 'bot' }), as({ scopes: ['x'] }), as({ actor: { sub: 'bot' } }), {}])
      await target.request('tools/call', { name: 'echo' }, contextOf('jane', changes));
    const sessions = of('legacy')
      .calls.slice(-5)
      .map(({ session }) => session);
    expect(new Set(sessions).size).toBe(4);
    expect(sessions[0]).toBe(sessions[4]);
  });

  test('G35: callers without a token never share a session', async () => {
    const { target } = targetAt(of('legacy').url, { era: 'legacy' });
    for (let i = 0; i < 2; i++) await target.request('tools/call', { name: 'echo' }, contextOf(ANONYMOUS.id));
    const [one, other] = of('legacy')
      .calls.slice(-2)
      .map(({ session }) => session);
    expect(one).not.toBe(other);
  });

  test('G35: what serves a caller without a token once is ended afterwards, and a kept one is not', async () => {
    const ended = (from: typeof sent): number => from.filter(({ method }) => method === 'DELETE').length;
    const { target, sent } = targetAt(of('legacy').url, { era: 'legacy' });
    await target.request('tools/call', { name: 'echo' }, contextOf('jane'));
    for (let i = 0; i < 2; i++) await target.request('tools/call', { name: 'echo' }, contextOf(ANONYMOUS.id));
    for (let tries = 0; tries < 100 && ended(sent) < 2; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const sessions = of('legacy')
      .calls.slice(-3)
      .map(({ session }) => session);
    expect(sent.filter(({ method }) => method === 'DELETE').map(({ headers }) => headers['mcp-session-id'])).toEqual(
      sessions.slice(1),
    );
  });

  test('many first calls of one principal open one session', async () => {
    const { target, sent } = targetAt(of('legacy').url, { era: 'legacy' });
    await Promise.all(Array.from({ length: 5 }, () => target.request('tools/call', { name: 'echo' }, contextOf())));
    expect(methodsOf(sent).filter((method) => method === 'initialize')).toHaveLength(1);
  });

  test('G35: a session that it has lost is opened again, once, and the call made once', async () => {
    const { target, sent } = targetAt(of('legacy').url, { era: 'legacy' });
    await target.request('tools/call', { name: 'echo' }, contextOf());
    upstreams.legacy?.forgetSessions();
    const before = of('legacy').calls.length;
    await target.request('tools/call', { name: 'echo' }, contextOf());
    expect(of('legacy').calls.length - before).toBe(1);
    expect(methodsOf(sent).filter((method) => method === 'initialize')).toHaveLength(2);
  });

  test('is answered when it asks back, so that it does not wait for ever', async () => {
    const { target } = targetAt(of('legacy').url, { era: 'legacy' });
    const { content } = await target.request('tools/call', { name: 'ask' }, contextOf());
    expect(content).toEqual([{ type: 'text', text: 'pong' }]);
  });

  test('is not told what only a server of 2026 could read', async () => {
    const { target, sent } = targetAt(of('legacy').url, { era: 'legacy' });
    const params = {
      name: 'echo',
      inputResponses: {},
      requestState: 's',
      _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
    };
    await target.request('tools/call', params, contextOf());
    expect(bodyOf(sent.at(-1)).params).toEqual({ name: 'echo', arguments: {} });
    expect(Object.keys(sent.at(-1)?.headers ?? {})).not.toContain('mcp-method');
  });
});
