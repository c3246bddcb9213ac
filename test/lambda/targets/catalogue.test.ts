import { describe, expect, test } from '@jest/globals';
import type { CompiledHttpServer, CompiledMcpRoute } from '../../../config/compiled-mcp.ts';
import { createAfterwards } from '../../../lambda/core/afterwards.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { type CatalogStore, writeAfterwards } from '../../../lambda/targets/catalog-store.ts';
import { createCatalogue } from '../../../lambda/targets/catalogue.ts';
import { exposeNamed } from '../../../lambda/targets/expose.ts';
import { createKeptLists } from '../../../lambda/targets/kept-lists.ts';
import { readJson } from '../../../lambda/targets/read-json.ts';
import { createResourceUris } from '../../../lambda/targets/resource-uris.ts';
import type { Listed, ListMethod, McpTarget, TargetContext } from '../../../lambda/targets/target.ts';
import { waitFor } from '../../../lambda/targets/within.ts';
import { memoryCatalogStore } from '../../../local/memory/catalog-store.ts';
import { contextOf, serverAt } from './target-context.ts';

type Lists = Partial<Record<ListMethod, Listed>>;

/** A server of which a test says what it lists. */
interface FakeTarget extends McpTarget {
  lists: Lists | ((context: TargetContext) => Promise<Lists>);
  asked: number;
}

const fakeTarget = (name: string, lists: FakeTarget['lists'], perUser = false): FakeTarget => {
  const target: FakeTarget = {
    name,
    perUser,
    lists,
    asked: 0,
    async list(method, context) {
      target.asked++;
      const all = typeof target.lists === 'function' ? await target.lists(context) : target.lists;
      return all[method] ?? { items: [] };
    },
    request: async () => ({}),
  };
  return target;
};

const tools = (...names: readonly string[]): Lists => ({
  'tools/list': { items: names.map((name) => ({ name, inputSchema: { type: 'object' } })) },
});

const dead = () => Promise.reject(new Refusal('upstream_unreachable'));

interface Options {
  readonly prefix?: CompiledMcpRoute['prefix'];
  readonly servers?: Readonly<Record<string, Partial<CompiledHttpServer>>>;
  readonly store?: ReturnType<typeof memoryCatalogStore>;
  readonly time?: { now: number };
}

const routeTo = (servers: readonly string[], prefix: CompiledMcpRoute['prefix'] = 'always') =>
  ({ servers, prefix }) as unknown as CompiledMcpRoute;

const started = (targets: readonly FakeTarget[], options: Options = {}) => {
  const time = options.time ?? { now: 1_800_000_000_000 };
  const clock = () => time.now;
  const store = options.store ?? memoryCatalogStore(clock);
  const servers = Object.fromEntries(
    targets.map(({ name }) => [name, serverAt('http://x/', { name, ...options.servers?.[name] })]),
  );
  const route = routeTo(
    targets.map(({ name }) => name),
    options.prefix,
  );
  const byName = new Map(targets.map((target) => [target.name, target]));
  const lists = createKeptLists(servers, { catalogStore: store, clock });
  return { time, store, catalogue: createCatalogue(route, byName, { lists, servers }) };
};

test('users who list in turns get the same arrays again', async () => {
  const lists = new Map(
    ['jane', 'joe'].map((name) => [name, { items: [{ name: `of-${name}`, inputSchema: { type: 'object' } }] }]),
  );
  const perUser = { ...fakeTarget('a', tools()), perUser: true };
  perUser.list = async (_method, { call }) => lists.get(call.principal.id) ?? { items: [] };
  const { catalogue } = started([perUser, fakeTarget('b', tools('x'))]);
  const as = (id: string) => {
    const context = contextOf();
    return { ...context, call: { ...context.call, principal: { ...context.call.principal, id } } };
  };
  const seen = async (id: string) => (await catalogue.tools(as(id))).tools;
  const [janes, joes] = [await seen('jane'), await seen('joe')];
  expect([namesOf(janes), namesOf(joes)]).toEqual([
    ['a__of-jane', 'b__x'],
    ['a__of-joe', 'b__x'],
  ]);
  expect([await seen('jane'), await seen('joe')].map((list, index) => list === [janes, joes][index])).toEqual([
    true,
    true,
  ]);
});

test('nobody waits until a list is kept for others', async () => {
  const kept: string[] = [];
  const slow: CatalogStore = { ...memoryCatalogStore(() => 0), write: async (key) => void kept.push(key) };
  const afterwards = createAfterwards((error) => {
    throw error;
  });
  const { catalogue } = started([fakeTarget('a', tools('x'))], { store: writeAfterwards(slow, afterwards) });
  expect((await catalogue.tools(contextOf())).tools).toHaveLength(1);
  expect(kept).toEqual([]);
  await afterwards.settle();
  expect(kept).toEqual([expect.stringContaining('tools/list of a#')]);
});

const namesOf = (list: readonly { readonly exposedName: string }[]) => list.map(({ exposedName }) => exposedName);

describe('a catalogue', () => {
  test('G10: is in the order of the policy, then by name, whatever the servers say', async () => {
    const { catalogue } = started([fakeTarget('b', tools('z', 'a')), fakeTarget('a', tools('m'))]);
    expect(namesOf((await catalogue.tools(contextOf())).tools)).toEqual(['b__a', 'b__z', 'a__m']);
  });

  test('T1: definitions are the very objects that the server sent', async () => {
    const definition = { name: 'a', inputSchema: {}, 'x-unknown': { deep: [1] } };
    const { catalogue } = started([fakeTarget('s', { 'tools/list': { items: [definition] } })]);
    expect((await catalogue.find('s__a', contextOf()))?.definition).toEqual(definition);
  });

  test('the same list is the same array', async () => {
    const { catalogue } = started([fakeTarget('s', tools('a'))]);
    expect((await catalogue.tools(contextOf())).tools).toBe((await catalogue.tools(contextOf('joe'))).tools);
  });

  test('one bad definition does not cost the list', async () => {
    const items = [
      { name: 'good', inputSchema: {} },
      { name: 'bad' },
      { inputSchema: {} },
      { name: 'good', inputSchema: {} },
    ];
    const { catalogue } = started([fakeTarget('s', { 'tools/list': { items } })]);
    const listed = await catalogue.tools(contextOf());
    expect(namesOf(listed.tools)).toEqual(['s__good']);
    expect(listed.degraded.map(({ reason }) => reason)).toEqual(['invalid definition', 'name listed twice']);
  });

  test('G8: prompts have the same names', async () => {
    const { catalogue } = started([fakeTarget('s', { 'prompts/list': { items: [{ name: 'p' }] } })]);
    expect(namesOf((await catalogue.prompts(contextOf())).prompts)).toEqual(['s__p']);
    expect(await catalogue.findPrompt('s__p', contextOf())).toMatchObject({ target: 's', name: 'p' });
  });
});

describe('finding a tool', () => {
  test('G4: exactly, case and all', async () => {
    const { catalogue } = started([fakeTarget('s', tools('getUser'))]);
    expect(await catalogue.find('s__getUser', contextOf())).toMatchObject({ target: 's', name: 'getUser' });
    for (const wrong of [
      's__getuser',
      'S__getUser',
      's__getUser ',
      'getUser',
      's__',
      '',
      '__proto__',
      'other__getUser',
    ])
      expect(await catalogue.find(wrong, contextOf())).toBeUndefined();
  });

  test('with a prefix only its own server matters, however dead another is', async () => {
    const other = fakeTarget('other', dead);
    const { catalogue } = started([other, fakeTarget('s', tools('a'))], { servers: { other: { onFailure: 'fail' } } });
    expect(await catalogue.find('s__a', contextOf())).toMatchObject({ target: 's' });
    expect(other.asked).toBe(0);
  });

  test('G2: a name that was cut so far that its server is lost is found all the same', async () => {
    const target = 'a'.repeat(63);
    const { catalogue } = started([fakeTarget(target, tools('get_user'))]);
    const [exposed = ''] = namesOf((await catalogue.tools(contextOf())).tools);
    expect(exposed).toHaveLength(64);
    expect(await catalogue.find(exposed, contextOf())).toMatchObject({ target, name: 'get_user' });
  });

  test('G32: an unknown one makes its server be asked again, but not each time', async () => {
    const server = fakeTarget('s', tools('a'));
    const { catalogue, time } = started([server]);
    await catalogue.tools(contextOf());
    server.lists = tools('a', 'new');
    expect(await catalogue.find('s__new', contextOf())).toBeUndefined();
    time.now += 10_000;
    expect(await catalogue.find('s__new', contextOf())).toMatchObject({ name: 'new' });
    for (let i = 0; i < 20; i++) await catalogue.find('s__none', contextOf());
    expect(server.asked).toBe(2);
  });

  test('G5: without a prefix a name of two servers is nobody’s, in lists and in calls, and is said to be', async () => {
    const { catalogue } = started([fakeTarget('s', tools('a', 'x')), fakeTarget('t', tools('b', 'x'))], {
      prefix: 'never',
    });
    const listed = await catalogue.tools(contextOf());
    expect(namesOf(listed.tools)).toEqual(['a', 'b']);
    expect(listed.degraded).toEqual(['s', 't'].map((target) => ({ target, reason: 'ambiguous name' })));
    await expect(catalogue.find('x', contextOf())).rejects.toMatchObject({
      name: 'AmbiguousName',
      candidates: [{ target: 's' }, { target: 't' }],
    });
    expect(await catalogue.find('b', contextOf())).toMatchObject({ target: 't' });
  });
});

describe('G7: finding a resource', () => {
  const lists = (uri: string, uriTemplate: string): Lists => ({
    'resources/list': { items: [{ uri, name: 'r' }] },
    'resources/templates/list': { items: [{ uriTemplate, name: 't' }] },
  });

  test('with a prefix its URI tells whose it is, listed or not', async () => {
    const { catalogue } = started([fakeTarget('s', lists('file:///a', 'x:{y}')), fakeTarget('t', {})]);
    expect((await catalogue.resources(contextOf())).resources).toMatchObject([
      { target: 's', exposedUri: 's+file:///a' },
    ]);
    expect((await catalogue.templates(contextOf())).templates).toMatchObject([{ uri: 'x:{y}', exposedUri: 's+x:{y}' }]);
    expect(await catalogue.findResource('t+file:///unlisted', contextOf())).toEqual({
      target: 't',
      uri: 'file:///unlisted',
    });
    expect(await catalogue.findResource('file:///a', contextOf())).toBeUndefined();
  });

  test('without one the lists tell, then the templates, and never a guess', async () => {
    const { catalogue } = started(
      [fakeTarget('s', lists('file:///a', 's:{y}')), fakeTarget('t', lists('file:///a', 't:{y}'))],
      {
        prefix: 'never',
      },
    );
    expect(await catalogue.findResource('t:1', contextOf())).toEqual({ target: 't', uri: 't:1' });
    expect(await catalogue.findResource('u:1', contextOf())).toBeUndefined();
    await expect(catalogue.findResource('file:///a', contextOf())).rejects.toMatchObject({ name: 'AmbiguousName' });
  });

  test('without one and with one server everything is its', async () => {
    const { catalogue } = started([fakeTarget('s', {})], { prefix: 'never' });
    expect(await catalogue.findResource('any:thing', contextOf())).toEqual({ target: 's', uri: 'any:thing' });
  });
});

describe('keeping lists', () => {
  test('G12: a list is asked for once while the policy and the server let it be kept', async () => {
    const server = fakeTarget('s', { 'tools/list': { ...tools('a')['tools/list'], items: [], ttlMs: 20_000 } });
    const { catalogue, time } = started([server]);
    expect((await catalogue.tools(contextOf())).ttlMs).toBe(20_000);
    time.now += 19_000;
    expect((await catalogue.tools(contextOf())).ttlMs).toBe(1_000);
    expect(server.asked).toBe(1);
    time.now += 1_000;
    await catalogue.tools(contextOf());
    expect(server.asked).toBe(2);
  });

  test('G12: a server that lets nothing be kept is listed each time, but not before every call', async () => {
    const server = fakeTarget('s', { 'tools/list': { items: [{ name: 'a', inputSchema: {} }], ttlMs: 0 } });
    const { catalogue } = started([server]);
    expect((await catalogue.tools(contextOf())).ttlMs).toBe(0);
    await catalogue.tools(contextOf());
    expect(server.asked).toBe(2);
    for (let i = 0; i < 5; i++) await catalogue.find('s__a', contextOf());
    expect(server.asked).toBe(2);
  });

  test('G13: what is listed as a user is that user’s, and of those scopes', async () => {
    const server = fakeTarget('s', async ({ call }) => tools(`of-${call.principal.id}`), true);
    const { catalogue } = started([server]);
    const names = async (who: string) => namesOf((await catalogue.tools(contextOf(who))).tools);
    expect([await names('jane'), await names('joe'), await names('jane')]).toEqual([
      ['s__of-jane'],
      ['s__of-joe'],
      ['s__of-jane'],
    ]);
    expect(server.asked).toBe(2);
    expect(await catalogue.find('s__of-joe', contextOf('jane'))).toBeUndefined();
    const narrow = contextOf('jane');
    await catalogue.tools({
      ...narrow,
      call: { ...narrow.call, principal: { ...narrow.call.principal, scopes: ['x'] } },
    });
    expect(server.asked).toBe(3);
  });

  test('many who ask at once are one request, and one who leaves takes nothing from the others', async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>();
    const server = fakeTarget('s', ({ signal }) => waitFor(go, signal).then(() => tools('a')));
    const { catalogue } = started([server]);
    const caller = new AbortController();
    const leaving = catalogue.tools(contextOf('joe', { signal: caller.signal }));
    const staying = Promise.all(Array.from({ length: 10 }, () => catalogue.tools(contextOf())));
    caller.abort(new Refusal('caller_left'));
    await expect(leaving).rejects.toMatchObject({ code: 'caller_left' });
    resolve();
    expect((await staying).every((listed) => listed.tools.length === 1 && listed.degraded.length === 0)).toBe(true);
    expect(server.asked).toBe(1);
  });

  test('another process finds in the store what one has asked for', async () => {
    const time = { now: 1_800_000_000_000 };
    const store = memoryCatalogStore(() => time.now);
    const [one, other] = [fakeTarget('s', tools('a')), fakeTarget('s', dead)];
    await started([one], { store, time }).catalogue.tools(contextOf());
    const cold = started([other], { store, time }).catalogue;
    expect(namesOf((await cold.tools(contextOf())).tools)).toEqual(['s__a']);
    expect(other.asked).toBe(0);
    const changed = started([other], { store, time, servers: { s: { url: 'http://y/' } } }).catalogue;
    await expect(changed.tools(contextOf())).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });
});

test('what a list is kept under begins with whose it is, for people, and says nothing else of anybody', async () => {
  const keys: string[] = [];
  const store = {
    ...memoryCatalogStore(() => 1_800_000_000_000),
    write: async (key: string) => void keys.push(key),
  };
  await started([fakeTarget('s', tools('a'), true)], { store }).catalogue.tools(contextOf('jane'));
  expect(keys).toEqual([expect.stringMatching(/^tools\/list of s#[0-9a-f]{64}#[0-9a-f]{64}$/)]);
});

describe('G33: a server in trouble', () => {
  test('shortens the list and is named', async () => {
    const { catalogue } = started([fakeTarget('down', dead), fakeTarget('s', tools('a'))]);
    const listed = await catalogue.tools(contextOf());
    expect(namesOf(listed.tools)).toEqual(['s__a']);
    expect(listed.degraded).toEqual([{ target: 'down', reason: 'upstream_unreachable' }]);
    expect(listed.ttlMs).toBeLessThanOrEqual(5_000);
  });

  test('fails the list where the policy says so', async () => {
    const { catalogue } = started([fakeTarget('down', dead), fakeTarget('s', tools('a'))], {
      servers: { down: { onFailure: 'fail' } },
    });
    await expect(catalogue.tools(contextOf())).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });

  test('all of them are an error, not an empty list', async () => {
    const { catalogue } = started([fakeTarget('a', dead), fakeTarget('b', dead)]);
    await expect(catalogue.tools(contextOf())).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });

  test('keeps its tools for an hour, marked as old, and is left alone for five seconds at a time', async () => {
    const server = fakeTarget('s', tools('a'));
    const { catalogue, time } = started([server]);
    await catalogue.tools(contextOf());
    server.lists = dead;
    time.now += 60_000;
    const stale = {
      tools: [{ name: 'a' }],
      degraded: [{ target: 's', reason: 'stale: upstream_unreachable' }],
      ttlMs: 0,
    };
    for (let i = 0; i < 5; i++) expect(await catalogue.tools(contextOf())).toMatchObject(stale);
    expect(server.asked).toBe(2);
    expect(await catalogue.find('s__a', contextOf())).toMatchObject({ name: 'a' });
    time.now += 3_600_000;
    await expect(catalogue.tools(contextOf())).rejects.toMatchObject({ code: 'upstream_unreachable' });
    server.lists = tools('b');
    time.now += 5_000;
    expect(namesOf((await catalogue.tools(contextOf())).tools)).toEqual(['s__b']);
  });

  test('has its tools in a process that never reached it, from what another one stored, even when that is old', async () => {
    const time = { now: 1_800_000_000_000 };
    const store = memoryCatalogStore(() => time.now);
    await started([fakeTarget('s', tools('a'))], { store, time }).catalogue.tools(contextOf());
    time.now += 3_000_000; // Past the catalogTtl of a minute, and less than an hour past it.
    const forLists = fakeTarget('s', dead);
    const { catalogue } = started([forLists], { store, time });
    for (let i = 0; i < 3; i++)
      expect(await catalogue.tools(contextOf())).toMatchObject({
        tools: [{ name: 'a' }],
        degraded: [{ target: 's', reason: 'stale: upstream_unreachable' }],
        ttlMs: 0,
      });
    expect(forLists.asked).toBe(1);
    const forCalls = started([fakeTarget('s', dead)], { store, time }).catalogue;
    expect(await forCalls.find('s__a', contextOf())).toMatchObject({ name: 'a' });
    time.now += 700_000;
    const late = started([fakeTarget('s', dead)], { store, time }).catalogue;
    await expect(late.tools(contextOf())).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });

  test('a list without end is named too', async () => {
    const { catalogue } = started([fakeTarget('s', { 'tools/list': { items: [], partial: 'too many pages' } })]);
    expect((await catalogue.tools(contextOf())).degraded).toEqual([{ target: 's', reason: 'partial: too many pages' }]);
  });

  test('a bug is no trouble of a server', async () => {
    const { catalogue } = started([
      fakeTarget('s', () => Promise.reject(new TypeError('bug'))),
      fakeTarget('t', tools('a')),
    ]);
    await expect(catalogue.tools(contextOf())).rejects.toThrow(TypeError);
  });
});

test('G50: marks for headers are not shown to clients, and all else is', async () => {
  const inputSchema = {
    type: 'object',
    properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, 'x-mcp-header': { type: 'string' } },
    'x-other': 1,
  };
  const definition = { name: 'a', title: 'A', inputSchema, annotations: { 'x-ann': 1 } };
  const { catalogue } = started([fakeTarget('s', { 'tools/list': { items: [definition] } })]);
  const tool = await catalogue.find('s__a', contextOf());
  if (tool === undefined) throw new Error('not found');
  expect(exposeNamed(tool, catalogue.urisOf('s'))).toEqual({
    name: 's__a',
    title: 'A',
    inputSchema: {
      type: 'object',
      properties: { region: { type: 'string' }, 'x-mcp-header': { type: 'string' } },
      'x-other': 1,
    },
    annotations: { 'x-ann': 1 },
  });
});

test('G19, G50: a number beside a mark keeps its digits', () => {
  const text = '{"type":"integer","x-mcp-header":"N","maximum":9007199254740993.5}';
  const definition = { name: 'a', inputSchema: { properties: { n: readJson(text) } } };
  const exposed = exposeNamed(
    { target: 's', name: 'a', exposedName: 's__a', definition, list: [definition] },
    createResourceUris('s', 'always'),
  );
  expect(JSON.stringify(exposed)).toBe(
    '{"name":"s__a","inputSchema":{"properties":{"n":{"type":"integer","maximum":9007199254740993.5}}}}',
  );
});

test('a warm catalogue of 20 servers with 100 tools each is ready in well under a millisecond', async () => {
  const names = Array.from({ length: 100 }, (_, i) => `tool_${i}`);
  const { catalogue } = started(Array.from({ length: 20 }, (_, i) => fakeTarget(`server-${i}`, tools(...names))));
  await catalogue.tools(contextOf());
  const startedMs = performance.now();
  for (let i = 0; i < 100; i++) expect((await catalogue.tools(contextOf())).tools).toHaveLength(2_000);
  expect((performance.now() - startedMs) / 100).toBeLessThan(10);
});
