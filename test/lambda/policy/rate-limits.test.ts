import { describe, expect, test } from '@jest/globals';
import { type CelVariables, compileCel } from '../../../config/cel.ts';
import { type Call, noFacts } from '../../../lambda/core/call.ts';
import { ANONYMOUS, type Principal } from '../../../lambda/core/principal.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import type { Demand, LimitCounter } from '../../../lambda/policy/limit-counter.ts';
import { type PreparedLimit, rateLimits } from '../../../lambda/policy/rate-limits.ts';
import { memoryLimitCounter } from '../../../local/memory/limit-counter.ts';

const callBy = (principal: Partial<Principal> = {}, headers: Record<string, string> = {}): Call => ({
  id: 'call-1',
  principal: { ...ANONYMOUS, id: 'jane', ...principal },
  token: undefined,
  request: { method: 'POST', path: '/v1', headers, ip: '192.0.2.1' },
  route: '/v1',
  signal: new AbortController().signal,
  facts: noFacts(),
});

const variables = (call: Call): CelVariables => ({
  principal: { ...call.principal, actor: { sub: '', issuer: '' } },
  request: call.request,
  route: call.route,
  llm: { model: 'm', provider: 'p', stream: false, route: call.route, surface: 'chat' },
  mcp: { method: '', tool: { target: '', name: '', arguments: null, annotations: null }, resource: '', prompt: '' },
  agent: { name: '' },
});

const limit = (name: string, per: readonly string[], requests = 2, windowSeconds = 60): PreparedLimit => ({
  name,
  per: per.map((source) => compileCel(source, { result: 'any' })),
  requests,
  windowSeconds,
});

const time = { now: 1_800_000_000_000 };
const clock = () => time.now;
const stage = (
  limits: readonly PreparedLimit[],
  counter: LimitCounter = memoryLimitCounter(clock),
  failure: 'closed' | 'open' = 'closed',
) => rateLimits<Call, string>(counter, limits, failure, clock, variables);
const next = async () => 'served';

/** What the stage asks of its counter for one call. */
const demandsOf = async (limits: readonly PreparedLimit[], call: Call): Promise<readonly Demand[]> => {
  let asked: readonly Demand[] = [];
  const spy: LimitCounter = {
    take(demands) {
      asked = demands;
      return memoryLimitCounter(clock).take(demands);
    },
  };
  await stage(limits, spy)(call, next);
  return asked;
};

describe('a call within its limits', () => {
  test('is served and told where the tightest limit stands', async () => {
    const run = stage([limit('day', ['principal.id'], 1000, 86_400), limit('minute', ['principal.id'], 3)]);
    await run(callBy(), next);
    time.now += 12_345;
    const call = callBy();
    expect(await run(call, next)).toBe('served');
    expect(call.facts.responseHeaders).toEqual({
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': '48',
    });
    expect(call.facts.decisions).toEqual([{ stage: 'rate-limits', result: 'allow' }]);
  });

  test('without limits is served and nothing is counted or said', async () => {
    const call = callBy();
    const broken: LimitCounter = { take: () => Promise.reject(new Error('asked')) };
    expect(await stage([], broken)(call, next)).toBe('served');
    expect(call.facts).toEqual(noFacts());
  });
});

describe('a call over its limit', () => {
  test('is refused with the limit, the time to wait and headers, and goes no further', async () => {
    const run = stage([limit('roomy', ['principal.id'], 10), limit('calls-per-user', ['principal.id'], 1)]);
    await run(callBy(), next);
    time.now += 500;
    const call = callBy();
    let served = false;
    const refused = run(call, async () => {
      served = true;
      return '';
    });
    await expect(refused).rejects.toMatchObject({
      code: 'rate_limited',
      detail: { limit: 'calls-per-user' },
      retryAfterSeconds: 60,
    });
    expect(served).toBe(false);
    expect(call.facts.responseHeaders).toEqual({
      'x-ratelimit-limit-requests': '1',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '60',
    });
    expect(call.facts.decisions).toEqual([{ stage: 'rate-limits', result: 'deny', rule: 'calls-per-user' }]);
  });

  test('leaves other callers alone', async () => {
    const run = stage([limit('calls', ['principal.id'], 1)]);
    await run(callBy(), next);
    await expect(run(callBy(), next)).rejects.toThrow(Refusal);
    expect(await run(callBy({ id: 'joe' }), next)).toBe('served');
  });
});

describe('a counter that can not answer', () => {
  const down: LimitCounter = { take: () => Promise.reject(new Refusal('limits_unavailable')) };
  const limits = [limit('calls', ['principal.id'])];

  test('refuses the call when limits fail closed', async () => {
    const call = callBy();
    await expect(stage(limits, down)(call, next)).rejects.toMatchObject({ code: 'limits_unavailable' });
    expect(call.facts.decisions).toEqual([{ stage: 'rate-limits', result: 'failed-closed' }]);
  });

  test('lets the call pass when they fail open, on the record', async () => {
    const call = callBy();
    expect(await stage(limits, down, 'open')(call, next)).toBe('served');
    expect(call.facts.decisions).toEqual([{ stage: 'rate-limits', result: 'failed-open' }]);
    expect(call.facts.responseHeaders).toEqual({});
  });

  test('is never waved through for a bug', async () => {
    const bug: LimitCounter = { take: () => Promise.reject(new TypeError('bug')) };
    await expect(stage(limits, bug, 'open')(callBy(), next)).rejects.toThrow(TypeError);
  });

  test('is not blamed for what happens further on', async () => {
    const later = async () => {
      throw new Refusal('limits_unavailable');
    };
    const call = callBy();
    await expect(stage(limits, undefined, 'open')(call, later)).rejects.toMatchObject({ code: 'limits_unavailable' });
    expect(call.facts.decisions).toEqual([{ stage: 'rate-limits', result: 'allow' }]);
  });
});

describe('keys', () => {
  test('limits with one first value share a bucket, whatever else they look at', async () => {
    const limits = [limit('a', ['principal.id']), limit('b', ['principal.id', 'llm.provider']), limit('c', ['route'])];
    const [a, b, c] = await demandsOf(limits, callBy());
    expect(a).toMatchObject({ name: 'a', amount: 1, limit: 2, windowSeconds: 60 });
    expect(b?.bucket).toBe(a?.bucket);
    expect(b?.name).toMatch(/^b#[\w-]{43}$/);
    expect(c?.bucket).not.toBe(a?.bucket);
  });

  test('hostile values are bounded and stay apart', async () => {
    const long = 'x'.repeat(10_000);
    const ids = [
      '',
      'unknown',
      'everyone',
      long,
      `${long}y`,
      '__proto__',
      'a#b',
      "'\u0000",
      '{"a":1}',
      '["principal.id"]',
    ];
    const buckets = await Promise.all(
      ids.map(async (id) => (await demandsOf([limit('calls', ['principal.id'])], callBy({ id })))[0]?.bucket ?? ''),
    );
    expect(new Set(buckets).size).toBe(ids.length);
    for (const bucket of buckets) expect(bucket).toMatch(/^[\w-]{43}$/);
  });

  test('values of two types are two keys, and the order of members makes none', async () => {
    const bucketFor = async (team: unknown) =>
      (await demandsOf([limit('calls', ['claims.team'])], callBy({ claims: { team } })))[0]?.bucket;
    const apart = [1, 1n, '1', '1n', true, 'true', ['a'], '["a"]', {}, { a: 1, b: 2 }, 'unknown'];
    expect(new Set(await Promise.all(apart.map(bucketFor))).size).toBe(apart.length);
    expect(await bucketFor({ b: 2, a: 1 })).toBe(await bucketFor({ a: 1, b: 2 }));
  });

  test('one value under two expressions is two keys', async () => {
    const [a, b] = await demandsOf(
      [limit('x', ['principal.sub']), limit('y', ['principal.clientId'])],
      callBy({ sub: 'gpt', clientId: 'gpt' }),
    );
    expect(a?.bucket).not.toBe(b?.bucket);
  });

  test('callers whose key is missing or null share one counter, and a team called unknown does not', async () => {
    const run = stage([limit('team', ['claims.team'], 2)]);
    await run(callBy({ id: 'a' }), next);
    await run(callBy({ id: 'b', claims: { team: null } }), next);
    await expect(run(callBy({ id: 'c', claims: { other: 1 } }), next)).rejects.toMatchObject({ code: 'rate_limited' });
    expect(await run(callBy({ claims: { team: 'unknown' } }), next)).toBe('served');
  });
});
