import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { CompiledPrices } from '../../../config/compiled-prices.ts';
import { NO_USAGE } from '../../../lambda/core/llm.ts';
import { costHeader, costOf, findPrice, microUsdOf, priceOf } from '../../../lambda/llm/price.ts';

const AT = Date.UTC(2026, 10, 20);

const prices: CompiledPrices = {
  policy: { openai: [{ match: ['mine*'], input: 5_000_000, output: 6_000_000 }] },
  lists: [
    {
      version: 'list 2',
      providers: {
        openai: [
          { match: ['gpt-4o-2024-05-13'], input: 5_000_000, output: 15_000_000 },
          { match: ['gpt-4o', 'gpt-4o-*'], input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000 },
          { match: ['later'], from: '2026-11-21', input: 2, output: 2 },
          { match: ['later'], input: 1, output: 1 },
        ],
      },
    },
    { version: 'list 1', providers: { openai: [{ match: ['gpt-3'], input: 9_000_000, output: 9_000_000 }] } },
  ],
};

describe('a price', () => {
  test.each([
    ['of what was served, before what was asked for', ['gpt-4o-2024-05-13', 'gpt-4o'], 5_000_000, 'list 2'],
    ['of what was asked for, when nobody knows what was served', ['something', 'gpt-4o'], 2_500_000, 'list 2'],
    ['of the policy, before every list', ['gpt-4o', 'mine-1'], 5_000_000, 'policy'],
    ['of an older list, when the newer has none', ['gpt-3'], 9_000_000, 'list 1'],
    ['of today', ['later'], 1, 'list 2'],
  ])('is that %s', (_which, models, input, version) => {
    expect(findPrice(prices, 'openai', models, AT)).toMatchObject({ version, price: { input } });
  });

  test('changes at its date', () => {
    expect(findPrice(prices, 'openai', ['later'], AT + 86_400_000)?.price.input).toBe(2);
  });

  test('of an unknown model, an unknown provider or a nameless model is not 0 but unknown', () => {
    expect(findPrice(prices, 'openai', ['gpt-9'], AT)).toBeUndefined();
    expect(findPrice(prices, 'other', ['gpt-4o'], AT)).toBeUndefined();
    const any: CompiledPrices = { policy: { openai: [{ match: ['*'], input: 1 }] }, lists: [] };
    expect(findPrice(any, 'openai', [''], AT)).toBeUndefined();
    expect(priceOf(prices, 'openai', ['gpt-9'], NO_USAGE, AT)).toBeUndefined();
  });
});

describe('what a call comes to', () => {
  const claude = {
    match: ['claude'],
    input: 3_000_000,
    output: 15_000_000,
    cacheRead: 300_000,
    cacheWrite: 3_750_000,
    cacheWrite1h: 6_000_000,
    tiers: [{ above: 200_000, input: 6_000_000, output: 22_500_000, cacheRead: 600_000, cacheWrite: 7_500_000 }],
  };
  const usage = { input: 1_000, cacheRead: 10_000, cacheWrite: 2_000, output: 500, reasoning: 400 };

  test('R85: each kind of token at its own price, reasoning within the output and not once more', () => {
    expect(microUsdOf(claude, usage)).toBe(3_000 + 3_000 + 7_500 + 7_500);
  });

  test('R106: what is kept for an hour costs more than what is kept for five minutes', () => {
    expect(microUsdOf(claude, { ...usage, cacheWrite1h: 500 })).toBe(3_000 + 3_000 + 5_625 + 3_000 + 7_500);
    expect(microUsdOf(claude, { ...usage, cacheWrite1h: 9_999 })).toBe(3_000 + 3_000 + 12_000 + 7_500);
  });

  test.each([
    [200_000, 200_000 * 3],
    [200_001, 200_001 * 6],
  ])('the whole call at the tier of its %d prompt tokens', (input, microUsd) => {
    expect(microUsdOf(claude, { ...NO_USAGE, input })).toBe(microUsd);
  });

  test('cached tokens count towards the tier', () => {
    expect(microUsdOf(claude, { ...NO_USAGE, input: 1, cacheRead: 200_000 })).toBe(6 + 120_000);
  });

  test('cached tokens without a price of their own are paid like any other', () => {
    const plain = { match: ['m'], input: 2_000_000, output: 1 };
    expect(microUsdOf(plain, { ...NO_USAGE, input: 1, cacheRead: 1, cacheWrite: 1 })).toBe(6);
  });

  test('a fraction of a micro-dollar is one', () => {
    expect(microUsdOf({ match: ['m'], input: 20_000 }, { ...NO_USAGE, input: 1 })).toBe(1);
    expect(microUsdOf({ match: ['m'], input: 20_000 }, NO_USAGE)).toBe(0);
  });

  test('a model that writes and has no price for it has no price', () => {
    expect(microUsdOf({ match: ['m'], input: 20_000 }, { ...NO_USAGE, input: 1, output: 1 })).toBeUndefined();
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1_000_000, Number.MAX_SAFE_INTEGER])(
    'is unknown for a provider that reports %d tokens',
    (input) => {
      expect(microUsdOf(claude, { ...NO_USAGE, input })).toBeUndefined();
    },
  );

  test('is a whole number that never falls when more is used', () => {
    const count = fc.integer({ min: 0, max: 2_000_000 });
    const kinds = fc.record({
      input: count,
      cacheRead: count,
      cacheWrite: count,
      output: count,
      reasoning: fc.constant(0),
    });
    fc.assert(
      fc.property(kinds, fc.constantFrom('input' as const, 'cacheRead' as const, 'output' as const), (used, kind) => {
        const before = microUsdOf(claude, used) ?? -1;
        const after = microUsdOf(claude, { ...used, [kind]: used[kind] + 1 }) ?? -1;
        expect(Number.isSafeInteger(before)).toBe(true);
        expect(after).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});

test('the cost of an answer is noted once its usage is', () => {
  const asked = { provider: 'openai', model: 'gpt-4o' };
  const llm = { operation: 'chat', model: 'smart', stream: false };
  const usage = { ...NO_USAGE, input: 1_000, output: 100 };
  expect(costOf(prices, asked, undefined, AT)).toEqual({});
  expect(costOf(prices, asked, llm, AT)).toEqual({});
  expect(costOf(prices, asked, { ...llm, usage }, AT)).toEqual({ cost: { microUsd: 3_500, version: 'list 2' } });
  const served = { provider: 'openai', model: 'gpt-4o-2024-05-13' };
  expect(costOf(prices, asked, { ...llm, usage, served }, AT)).toEqual({
    cost: { microUsd: 6_500, version: 'list 2' },
  });
});

test('a header says dollars in plain digits', () => {
  expect(costHeader({ microUsd: 1, version: 'v' })).toEqual({ 'x-gatehouse-cost-usd': '0.000001' });
  expect(costHeader({ microUsd: 12_345_678, version: 'v' })).toEqual({ 'x-gatehouse-cost-usd': '12.345678' });
  expect(costHeader(undefined)).toEqual({});
});
