import { beforeEach, describe, expect, test } from '@jest/globals';
import type { CompiledHealth, CompiledLlmProvider, ModelTarget } from '../../../config/compiled.ts';
import { type Call, noFacts } from '../../../lambda/core/call.ts';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { Refusal, type RefusalCode } from '../../../lambda/core/refusal.ts';
import { type Asking, askInOrder } from '../../../lambda/providers/ask-in-order.ts';
import { cachedProviderHealth } from '../../../lambda/providers/cached-provider-health.ts';
import type { ProviderHealth } from '../../../lambda/providers/provider-health.ts';
import { memoryProviderHealth } from '../../../local/memory/provider-health.ts';

const RULES: CompiledHealth = { unhealthy: 'response.code >= 500 || response.code == 429', evictForMs: 30_000 };
const A: ModelTarget = { provider: 'a', model: 'one' };
const B: ModelTarget = { provider: 'b', model: 'two' };
const C: ModelTarget = { provider: 'c', model: 'three' };
const START = 1_800_000_000_000;

const time = { now: START };
const clock = () => time.now;
let store: ProviderHealth;
beforeEach(() => {
  time.now = START;
  store = memoryProviderHealth(clock);
});

const provider = (name: string, health: CompiledHealth | undefined): CompiledLlmProvider => ({
  name,
  kind: 'openai',
  baseUrl: 'http://127.0.0.1:1/v1',
  timeouts: { connectMs: 1_000, firstByteMs: 60_000, idleMs: 60_000 },
  ...(health === undefined ? {} : { health }),
});

/** What a target does when it is asked: answers, or fails like this. */
type Does = 'ok' | RefusalCode | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };
type Script = Readonly<Record<string, Does | ((asking: Asking) => Does | Promise<Does>)>>;

interface Options {
  readonly targets?: readonly ModelTarget[];
  readonly rules?: CompiledHealth | undefined;
  readonly health?: ProviderHealth;
  readonly signal?: AbortSignal;
  readonly stream?: boolean;
}

/** Makes one call; answers who was asked, who answered, and what the record would say. */
const call = async (script: Script, options: Options = {}) => {
  const { targets = [A, B], rules = 'rules' in options ? options.rules : RULES, health = store } = options;
  const asked: string[] = [];
  const askings: Asking[] = [];
  const one: Call & { readonly stream: boolean } = {
    id: 'call',
    principal: ANONYMOUS,
    token: undefined,
    request: { method: 'POST', path: '/v1', headers: {}, ip: '' },
    route: '/v1',
    signal: options.signal ?? new AbortController().signal,
    facts: noFacts(),
    stream: options.stream ?? true,
  };
  const providers = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, provider(name, rules)]));
  const send = () => Promise.reject(new Error('nothing is sent in this test'));
  const ports = { send, credentials: { read: send }, clock, health };
  const result = await askInOrder(one, targets, providers, ports, async (asking) => {
    askings.push(asking);
    asked.push(asking.target.provider);
    const scripted = script[asking.target.provider] ?? 'ok';
    const does = typeof scripted === 'function' ? await scripted(asking) : scripted;
    if (does === 'ok') {
      asking.answered({ outcome: 'ok', status: 200 });
      return asking.target.provider;
    }
    if (typeof does === 'string') throw new Refusal(does);
    throw asking.provider.toRefusal(does.status, { error: { message: 'no' } }, does.headers ?? {});
  }).catch((thrown: unknown) => {
    if (thrown instanceof Refusal) return thrown.code;
    throw thrown;
  });
  const decisions = one.facts.decisions.map(({ stage, result: what, rule }) => [stage, what, rule].join(' ').trim());
  return { result, asked, askings, decisions, attempts: one.facts.attempts };
};

const evictionOf = async (target: ModelTarget) =>
  (await store.read([`${target.provider}/${target.model}`]))?.get(`${target.provider}/${target.model}`);

describe('a target that fails', () => {
  test('is replaced in the same call, and left out of the next ones until its time is over', async () => {
    expect(await call({ a: { status: 529 } })).toMatchObject({ result: 'b', asked: ['a', 'b'] });
    expect(await evictionOf(A)).toEqual({ times: 1, sinceMs: START, untilMs: START + 30_000 });
    time.now += 29_999;
    expect(await call({})).toMatchObject({ result: 'b', asked: ['b'], decisions: ['health skip a/one'] });
    time.now += 1;
    expect(await call({})).toMatchObject({ result: 'a', asked: ['a'], decisions: [] });
  });

  test.each<[Does, boolean]>([
    [{ status: 500 }, true],
    [{ status: 503 }, true],
    [{ status: 529 }, true],
    [{ status: 429 }, true],
    ['upstream_unreachable', true],
    ['upstream_timeout', true],
    ['upstream_truncated', true],
    ['upstream_failed', true],
    [{ status: 401 }, false],
    [{ status: 404 }, false],
    ['credential_unavailable', false],
    ['unsupported_content', false],
  ])('with %j is left out: %s', async (does, leftOut) => {
    expect((await call({ a: does })).asked).toEqual(['a', 'b']);
    expect((await evictionOf(A)) !== undefined).toBe(leftOut);
  });

  test('for a fault of the caller is neither replaced nor left out, whatever the expression says', async () => {
    for (const status of [400, 413, 422]) {
      const { result, asked } = await call(
        { a: { status } },
        { rules: { ...RULES, unhealthy: 'response.code >= 400' } },
      );
      expect([typeof result, asked]).toEqual(['string', ['a']]);
    }
    expect(await evictionOf(A)).toBeUndefined();
  });

  test('by nothing but the caller’s leaving is not left out', async () => {
    const leaving = new AbortController();
    const gone = (): Does => {
      leaving.abort(new Refusal('caller_left'));
      return 'upstream_truncated';
    };
    expect((await call({ a: gone }, { signal: leaving.signal })).asked).toEqual(['a']);
    expect(await evictionOf(A)).toBeUndefined();
  });

  test('is judged by its code, 599 where there was no answer, by its headers, its name and its model', async () => {
    const judged = async (unhealthy: string, does: Does): Promise<boolean> => {
      store = memoryProviderHealth(clock);
      await call({ a: does }, { rules: { ...RULES, unhealthy } });
      return (await evictionOf(A)) !== undefined;
    };
    expect(await judged('response.code == 529', { status: 529 })).toBe(true);
    expect(await judged('response.code == 529', { status: 500 })).toBe(false);
    for (const code of ['upstream_unreachable', 'upstream_timeout', 'upstream_truncated'] as const) {
      expect(await judged('response.code == 599', code)).toBe(true);
    }
    expect(await judged('response.code == 429', 'upstream_limited')).toBe(true);
    const overloaded = { status: 500, headers: { 'x-why': 'load' } };
    expect(await judged("response.headers['x-why'] == 'load'", overloaded)).toBe(true);
    expect(await judged("response.headers['x-why'] == 'rest'", overloaded)).toBe(false);
    expect(await judged("llm.provider == 'a' && llm.model == 'one'", { status: 500 })).toBe(true);
    expect(await judged("llm.provider == 'b'", { status: 500 })).toBe(false);
  });

  test('while the expression fails too is judged as is usual', async () => {
    const rules = { ...RULES, unhealthy: "response.headers['x-missing'] == 'y'" };
    await call({ a: { status: 404 } }, { rules });
    expect(await evictionOf(A)).toBeUndefined();
    await call({ a: { status: 500 } }, { rules });
    expect((await evictionOf(A))?.times).toBe(1);
  });

  test('does not take other models of its provider with it', async () => {
    await call({ a: { status: 429 } });
    expect((await call({}, { targets: [{ provider: 'a', model: 'other' }, B] })).asked).toEqual(['a']);
  });

  test('without rules of the policy is replaced and never left out, and nothing is asked of the store', async () => {
    const forbidden = () => Promise.reject(new Error('asked'));
    const health = { read: forbidden, evict: forbidden, startTry: forbidden, endTry: forbidden, clear: forbidden };
    for (let i = 0; i < 2; i++) {
      const { asked } = await call({ a: { status: 500 } }, { rules: undefined, health });
      expect(asked).toEqual(['a', 'b']);
    }
  });

  test('although it answered can be left out by what it answered', async () => {
    const { result } = await call({}, { rules: { ...RULES, unhealthy: 'response.code == 200' } });
    expect(result).toBe('a');
    expect((await evictionOf(A))?.times).toBe(1);
  });
});

describe('how long', () => {
  const left = async () => ((await evictionOf(A))?.untilMs ?? time.now) - time.now;

  test('doubles with each failure after its return, up to ten minutes', async () => {
    const lengths: number[] = [];
    for (let i = 0; i < 8; i++) {
      await call({ a: { status: 500 } });
      lengths.push(await left());
      time.now += lengths.at(-1) ?? 0;
    }
    expect(lengths).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000, 600_000]);
  });

  test('starts again after it was well', async () => {
    await call({ a: { status: 500 } });
    time.now += 30_000;
    await call({ a: { status: 500 } });
    time.now += 60_000;
    expect((await call({})).asked).toEqual(['a']);
    await call({ a: { status: 500 } });
    expect(await left()).toBe(30_000);
  });

  test('does not grow by many callers that meet the same failure', async () => {
    const together = Promise.withResolvers<Does>();
    const calls = Array.from({ length: 20 }, () => call({ a: () => together.promise }));
    await new Promise(setImmediate);
    together.resolve({ status: 500 });
    await Promise.all(calls);
    expect(await evictionOf(A)).toMatchObject({ times: 1, untilMs: START + 30_000 });
  });

  test('does not grow by a failure of before that comes late', async () => {
    const slow = Promise.withResolvers<Does>();
    const before = call({ a: () => slow.promise });
    await call({ a: { status: 500 } });
    time.now += 40_000;
    slow.resolve('upstream_timeout');
    await before;
    expect((await evictionOf(A))?.times).toBe(1);
  });

  test.each<[string, number, Readonly<Record<string, string>>, number]>([
    ['Retry-After in seconds', 429, { 'retry-after': '90' }, 90_000],
    ['Retry-After on an overload', 529, { 'retry-after': '90' }, 90_000],
    [
      'Retry-After as a date',
      503,
      { 'retry-after': 'Tue, 01 Dec 2026 00:02:00 GMT', date: 'Tue, 01 Dec 2026 00:00:00 GMT' },
      120_000,
    ],
    ['retry-after-ms', 429, { 'retry-after-ms': '45000' }, 45_000],
    ['one that is shorter than the policy’s', 429, { 'retry-after': '3' }, 30_000],
    ['OpenAI’s reset', 429, { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' }, 360_000],
    [
      'OpenAI’s reset on what is no limit',
      500,
      { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' },
      30_000,
    ],
    ['Retry-After before a reset', 429, { 'retry-after': '40', 'x-ratelimit-reset-tokens': '6m0s' }, 40_000],
    [
      'Anthropic’s reset',
      429,
      {
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-12-01T00:10:00Z',
        date: 'Tue, 01 Dec 2026 00:00:00 GMT',
      },
      600_000,
    ],
    ['a day: an hour is enough', 429, { 'retry-after': '86400' }, 3_600_000],
  ])('follows the provider: %s', async (_what, status, headers, ms) => {
    await call({ a: { status, headers } });
    expect(await left()).toBe(ms);
  });
});

describe('after its time', () => {
  beforeEach(async () => {
    await call({ a: { status: 500 } });
    time.now += 30_000;
  });

  test('one caller tries; the others keep away until it went well', async () => {
    const trying = Promise.withResolvers<Does>();
    const first = call({ a: () => trying.promise });
    await new Promise(setImmediate);
    const others = await Promise.all(Array.from({ length: 10 }, () => call({})));
    expect(others.every(({ asked }) => asked.join() === 'b')).toBe(true);
    expect(others[0]?.decisions).toEqual(['health skip a/one']);
    trying.resolve('ok');
    expect((await first).result).toBe('a');
    expect((await call({})).asked).toEqual(['a']);
    expect(await evictionOf(A)).toBeUndefined();
  });

  test('callers who arrive together agree on the one that tries', async () => {
    const trying = Promise.withResolvers<Does>();
    const calls = Array.from({ length: 10 }, () => call({ a: () => trying.promise }));
    await new Promise(setImmediate);
    trying.resolve('ok');
    const asked = (await Promise.all(calls)).map((one) => one.asked.join());
    expect(asked.filter((who) => who === 'a')).toHaveLength(1);
    expect(asked.filter((who) => who === 'b')).toHaveLength(9);
  });

  test('a try that fails keeps it out for longer, and its caller is answered by the next', async () => {
    expect(await call({ a: { status: 500 } })).toMatchObject({ result: 'b', asked: ['a', 'b'] });
    expect(await evictionOf(A)).toEqual({ times: 2, sinceMs: time.now, untilMs: time.now + 60_000 });
  });

  test.each<Does>([{ status: 400 }, 'context_length_exceeded'])(
    'a try that a fault of the caller ended, %j, counts as well: the provider was at home',
    async (does) => {
      await call({ a: does });
      expect(await evictionOf(A)).toBeUndefined();
    },
  );

  test('a try of which nothing came is left to the next caller at once', async () => {
    const leaving = new AbortController();
    const gone = (): Does => {
      leaving.abort(new Refusal('caller_left'));
      return 'caller_left';
    };
    await call({ a: gone }, { signal: leaving.signal });
    expect((await evictionOf(A))?.triedUntilMs).toBeUndefined();
    expect((await call({ a: 'unsupported_content' })).asked).toEqual(['a', 'b']);
    expect((await call({})).asked).toEqual(['a']);
  });

  test('a try of a caller that vanished is given to another after a minute', async () => {
    await store.startTry('a/one', time.now + 60_000, 1);
    time.now += 59_999;
    expect((await call({})).asked).toEqual(['b']);
    time.now += 1;
    expect((await call({})).asked).toEqual(['a']);
  });

  test('it is tried only by a call that comes to it', async () => {
    expect((await call({}, { targets: [B, A] })).asked).toEqual(['b']);
    expect((await evictionOf(A))?.triedUntilMs).toBeUndefined();
    expect((await call({ b: { status: 500 } }, { targets: [B, A] })).asked).toEqual(['b', 'a']);
  });
});

describe('when all are left out', () => {
  const all = { targets: [A, B, C] };

  beforeEach(async () => {
    await call({ b: { status: 500 } }, { targets: [B, C] });
    time.now += 1_000;
    await call({ a: { status: 500 } }, { targets: [A, C] });
    time.now += 1_000;
    await call({ c: { status: 500 } }, { targets: [C, A] }); // A is left out, so C alone was asked.
  });

  test('the one left out for longest is asked first, then the others', async () => {
    expect(await call({ b: { status: 500 }, a: { status: 500 } }, all)).toMatchObject({
      result: 'c',
      asked: ['b', 'a', 'c'],
      decisions: [],
    });
  });

  test('one that answers is well again', async () => {
    expect((await call({}, all)).asked).toEqual(['b']);
    expect(await evictionOf(B)).toBeUndefined();
    expect((await call({}, all)).asked).toEqual(['b']);
  });

  test('failing again makes nobody wait longer the next time: their time was not over', async () => {
    const down = { a: { status: 500 }, b: { status: 500 }, c: { status: 500 } };
    for (let i = 0; i < 5; i++) await call(down, all);
    for (const target of [A, B, C]) {
      expect(await evictionOf(target)).toMatchObject({ times: 1, untilMs: time.now + 30_000 });
    }
  });

  test('and the only one returning is being tried by somebody else, it is asked all the same', async () => {
    await store.startTry('a/one', time.now, 1);
    time.now += 30_000;
    await store.startTry('a/one', time.now + 60_000, 1);
    await store.startTry('b/two', time.now + 60_000, 1);
    expect((await call({}, { targets: [A, B] })).result).toBe('b');
  });
});

describe('a store in trouble', () => {
  const unavailable: ProviderHealth = {
    read: async () => undefined,
    evict: async () => 'unavailable',
    startTry: async () => 'unavailable',
    endTry: async () => 'unavailable',
    clear: async () => 'unavailable',
  };

  test('means that all are well, and the record says so once', async () => {
    for (let i = 0; i < 2; i++) {
      const { result, asked, decisions } = await call({ a: { status: 500 } }, { health: unavailable });
      expect([result, asked, decisions]).toEqual(['b', ['a', 'b'], ['health failed-open']]);
    }
  });

  test('when a try begins lets it begin', async () => {
    await call({ a: { status: 500 } });
    time.now += 30_000;
    const health = { ...unavailable, read: store.read };
    expect(await call({}, { health })).toMatchObject({ asked: ['a'], decisions: ['health failed-open'] });
  });

  test('with a bug in it is not waved through', async () => {
    const health = { ...unavailable, read: () => Promise.reject(new TypeError('a bug')) };
    await expect(call({}, { health })).rejects.toThrow('a bug');
    const later = { ...store, evict: () => Promise.reject(new TypeError('a bug')) };
    const slowly = async (): Promise<Does> => {
      await new Promise(setImmediate);
      return 'ok';
    };
    await expect(call({ a: { status: 500 }, b: slowly }, { health: later })).rejects.toThrow('a bug');
  });
});

describe('what it costs', () => {
  const counted = () => {
    const asked: string[] = [];
    const names = ['read', 'evict', 'startTry', 'endTry', 'clear'] as const;
    const health = Object.fromEntries(
      names.map((name) => [
        name,
        (...given: never[]) => {
          asked.push(name);
          return (store[name] as (...all: never[]) => unknown)(...given);
        },
      ]),
    ) as unknown as ProviderHealth;
    return { asked, health: cachedProviderHealth(health, clock) };
  };

  test('calls that go well read once in a few seconds and write nothing', async () => {
    const { asked, health } = counted();
    for (let i = 0; i < 100; i++) await call({}, { health });
    expect(asked).toEqual(['read']);
  });

  test('with one target there is nothing to decide: it is not read', async () => {
    const { asked, health } = counted();
    await call({}, { health, targets: [A] });
    expect(asked).toEqual([]);
    await call({ a: { status: 500 } }, { health, targets: [A] });
    expect(asked).toEqual(['evict']);
  });

  test('while somebody tries, the others ask the store for nothing but who is well', async () => {
    await store.evict('a/one', time.now, 1);
    await store.startTry('a/one', time.now + 60_000, 1);
    const { asked, health } = counted();
    for (let i = 0; i < 10; i++) expect((await call({}, { health })).asked).toEqual(['b']);
    expect(asked).toEqual(['read']);
  });

  test('the next target does not wait for the store to be told', async () => {
    const told = Promise.withResolvers<'written'>();
    const health: ProviderHealth = { ...store, evict: () => told.promise };
    const asked = Promise.withResolvers<void>();
    const calling = call(
      {
        a: { status: 500 },
        b: () => {
          asked.resolve();
          return 'ok';
        },
      },
      { health },
    );
    await asked.promise;
    told.resolve('written');
    expect((await calling).result).toBe('b');
  });
});

describe('patience', () => {
  const rules = { ...RULES, firstByteMs: 700 };
  const patienceOf = async (options: Options) =>
    (await call({ a: { status: 500 } }, { rules, ...options })).askings.map(
      ({ config }) => config.timeouts.firstByteMs,
    );

  test('for the first byte is the policy’s while others are left, and the provider’s for the last', async () => {
    expect(await patienceOf({})).toEqual([700, 60_000]);
    expect(await patienceOf({ targets: [B] })).toEqual([60_000]);
  });

  test('is not shortened for an answer that comes as a whole', async () => {
    expect(await patienceOf({ stream: false })).toEqual([60_000, 60_000]);
  });
});
