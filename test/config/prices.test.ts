import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { calcPrice, findProvider, type MatchLogic } from '@pydantic/genai-prices';
import { compilePolicy } from '../../config/compile.ts';
import type { CompiledPrice } from '../../config/compiled-prices.ts';
import { coversModel } from '../../config/model-glob.ts';
import { priceRows } from '../../config/price-rows.ts';
import { droppedSince, FALLBACK_IDS, MAX_PRICE_BYTES, PRICE_LIST_VERSION } from '../../config/prices.ts';
import { findPrice, microUsdOf } from '../../lambda/llm/price.ts';
import { load, problemsOf, shipped } from './problems.ts';

const policyOf = (llm: string) =>
  load(`name: prices\ncredentials: { key: {} }\ndefaults: { authorization: { allow: ["true"] } }
identity: { providers: { okta: { kind: okta, issuer: https://okta.example, audiences: [a] } } }\nllm:\n${llm}`);
const pricesOf = (llm: string) => compilePolicy(policyOf(llm).config).prices;
const namesOf = (rows: readonly CompiledPrice[] | undefined) => (rows ?? []).flatMap(({ match }) => match);

const textsOf = (logic: MatchLogic): string[] => {
  if ('or' in logic) return logic.or.flatMap(textsOf);
  if ('and' in logic) return logic.and.flatMap(textsOf);
  return 'regex' in logic ? [] : Object.values(logic);
};

describe('the price list', () => {
  const usageOf = (output: number) => ({ input: 299_000, cacheRead: 1_000, cacheWrite: 0, output, reasoning: 0 });
  const theirs = { input_tokens: 300_000, cache_read_tokens: 1_000, output_tokens: 1_000 };

  test.each(FALLBACK_IDS)('of %s gives the same price in our form, for names it knows and names like them', (id) => {
    const models = findProvider({ providerId: id })?.models ?? [];
    const rows = priceRows({ ...findProvider({ providerId: id }), models } as Parameters<typeof priceRows>[0]);
    const prices = { policy: {}, lists: [{ version: 'list', providers: { it: rows } }] };
    const names = models.flatMap(({ id: name, match }) => [name, ...textsOf(match)]);
    const differing: string[] = [];
    let compared = 0;
    for (const name of new Set(names.flatMap((one) => [one, `${one}-20260101`, `${one}-preview-tts`, `eu.${one}`]))) {
      for (const date of ['2025-01-01', '2026-11-20', '2027-02-01']) {
        const at = new Date(`${date}T12:00:00Z`);
        // The library looks for Claude at Google, too: our kind gemini has none.
        const expected = calcPrice(theirs, name, { providerId: id, timestamp: at });
        if (expected === null || expected.provider.id !== id || expected.total_price === 0) continue;
        if (id === 'google' && name.includes('claude')) continue;
        const found = findPrice(prices, 'it', [name], at.getTime());
        // The library also reads 20260101 as 2026-01-01: such a name has no price with us, and never another's.
        if (found === undefined && name.endsWith('-20260101')) continue;
        // Without a price for what is written the list says 0, and we say that nobody knows.
        const output = found?.price.output === undefined ? 0 : 1_000;
        const microUsd = found === undefined ? undefined : microUsdOf(found.price, usageOf(output));
        compared += 1;
        if (microUsd !== Math.ceil(Number((expected.total_price * 1e6).toFixed(6)))) differing.push(`${name} ${date}`);
      }
    }
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(30);
  });

  test('is the version that package.json pins, and so is its dated copy', () => {
    const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    const copy = JSON.parse(readFileSync('config/prices-fallback.json', 'utf8'));
    expect(devDependencies['@pydantic/genai-prices']).toBe(PRICE_LIST_VERSION);
    expect(copy).toMatchObject({
      source: `genai-prices ${PRICE_LIST_VERSION}`,
      date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    });
    expect(Object.keys(copy.providers)).toEqual(FALLBACK_IDS);
  });

  test('a model that the list has dropped keeps the price of the copy; one that it still has does not', () => {
    const listed = [{ match: ['new*'], input: 1 }];
    const copied = [
      { match: ['new*'], input: 2 },
      { match: ['old'], input: 3 },
    ];
    expect(droppedSince(listed, copied)).toEqual([{ match: ['old'], input: 3 }]);
  });

  test('prices that change at a date are all there, and prices that change by the hour are the dearest', () => {
    const at = (rows: readonly CompiledPrice[], name: string, date: string) =>
      rows.find((row) => (row.from ?? '') <= date && coversModel(row, name));
    const hourly = {
      id: 'test',
      name: 'Test',
      api_pattern: '',
      models: [
        {
          id: 'm',
          match: { equals: 'm' },
          prices: [
            { prices: { input_mtok: 1 } },
            {
              prices: { input_mtok: 3 },
              constraint: { type: 'time_of_date' as const, start_time: '01:00:00Z', end_time: '02:00:00Z' },
            },
            {
              prices: { input_mtok: 2 },
              constraint: { type: 'time_of_date' as const, start_time: '02:00:00Z', end_time: '03:00:00Z' },
            },
          ],
        },
        {
          id: 'n',
          match: { equals: 'n' },
          prices: [
            { prices: { input_mtok: 1 } },
            { prices: { input_mtok: 0.5 }, constraint: { type: 'start_date' as const, start_date: '2026-06-01' } },
          ],
        },
      ],
    };
    const rows = priceRows(hourly);
    expect(at(rows, 'm', '2026-01-01')?.input).toBe(3_000_000);
    expect(at(rows, 'n', '2026-05-31')?.input).toBe(1_000_000);
    expect(at(rows, 'n', '2026-06-01')?.input).toBe(500_000);
  });
});

describe('of the prices only those ship', () => {
  test('that a policy can reach: the target of an alias and its dated versions', () => {
    const { lists } = pricesOf(`
  providers: { openai: { kind: openai, credential: key }, anthropic: { kind: anthropic, credential: key } }
  models: { m: [openai/gpt-4o] }
  routes: { /v1: { models: [m] } }`);
    expect(lists.map(({ version }) => version)).toEqual([`genai-prices ${PRICE_LIST_VERSION}`]);
    expect(Object.keys(lists[0]?.providers ?? {})).toEqual(['openai']);
    const rows = lists[0]?.providers.openai ?? [];
    expect(rows.length).toBeLessThan(5);
    expect(namesOf(rows)).toContain('gpt-4o');
    expect(namesOf(rows)).not.toContain('gpt-4o-mini');
    expect(rows.some((row) => coversModel(row, 'gpt-4o-2024-05-13'))).toBe(true);
  });

  test.each([
    ['a fallback', '{ provider: anthropic, fallbacks: [openai/gpt-4o-mini] }', ['gpt-4o-mini'], ['gpt-4o']],
    ['the one model of a route', '{ provider: openai, model: gpt-4o-mini }', ['gpt-4o-mini'], ['gpt-4o']],
    ['all where callers name the model', '{ provider: openai }', ['gpt-4o-mini', 'gpt-4o', 'o3'], []],
    ['all where a glob names it', '{ models: [openai/*] }', ['gpt-4o-mini', 'gpt-4o', 'o3'], []],
  ])('%s', (_what, route, there, notThere) => {
    const { lists } = pricesOf(`
  providers: { openai: { kind: openai, credential: key }, anthropic: { kind: anthropic, credential: key } }
  routes: { /a: ${route} }`);
    const rows = lists[0]?.providers.openai ?? [];
    for (const model of there) expect([model, rows.some((row) => coversModel(row, model))]).toEqual([model, true]);
    for (const model of notThere) expect([model, rows.some((row) => coversModel(row, model))]).toEqual([model, false]);
  });

  test('of a provider that is compatible with OpenAI by its address; of an unknown one there are none', () => {
    const { lists } = pricesOf(`
  providers:
    xai: { kind: openai-compatible, baseUrl: https://api.x.ai/v1, credential: key }
    local: { kind: openai-compatible, baseUrl: http://vllm.internal:8000/v1 }
  routes: { /xai: { provider: xai }, /local: { provider: local } }`);
    expect(Object.keys(lists[0]?.providers ?? {})).toEqual(['xai']);
    expect(lists[0]?.providers.xai?.some((row) => coversModel(row, 'grok-4'))).toBe(true);
  });

  test('and not more than a cold start should read: what is cut off is said', () => {
    const router = `
  providers: { router: { kind: openai-compatible, baseUrl: https://openrouter.ai/api/v1, credential: key } }
  routes: { /router: { provider: router } }`;
    const rows = pricesOf(router).lists[0]?.providers.router ?? [];
    expect(rows.length).toBeGreaterThan(100);
    expect(Buffer.byteLength(JSON.stringify(rows))).toBeLessThanOrEqual(MAX_PRICE_BYTES);
    expect(Buffer.byteLength(JSON.stringify(compilePolicy(load(shipped).config).prices))).toBeLessThan(24 * 1024);
  });
});

describe('prices in the policy', () => {
  const WITH = (prices: string) => `
  providers: { openai: { kind: openai, credential: key, prices: ${prices} } }
  routes: { /openai: { provider: openai } }`;

  test('are US dollars a million tokens, and stand before the list; the most exact name first', () => {
    const { policy } = pricesOf(
      WITH(
        '{ "*": { input: 1 }, "GPT-4o*": { input: 2.5, output: 10, cacheRead: 0.3, cacheWrite: 0 }, gpt-4o: { input: 0 } }',
      ),
    );
    expect(policy).toEqual({
      openai: [
        { match: ['gpt-4o'], input: 0 },
        { match: ['gpt-4o*'], input: 2_500_000, output: 10_000_000, cacheRead: 300_000, cacheWrite: 0 },
        { match: ['*'], input: 1_000_000 },
      ],
    });
  });

  test('in another order are the same policy', () => {
    const version = (prices: string) => compilePolicy(policyOf(WITH(prices)).config).version;
    expect(version('{ a: { input: 1 }, "b*": { input: 2 } }')).toBe(version('{ "b*": { input: 2 }, a: { input: 1 } }'));
    expect(version('{ a: { input: 1 } }')).not.toBe(version('{ a: { input: 2 } }'));
  });

  test.each([
    ['{ a: { input: -1 } }', 'prices.a.input: expected an amount of 0 or more'],
    ['{ a: { output: 1 } }', 'prices.a'],
    ['{ a: { input: 1, cached: 1 } }', 'unknown key cached'],
    ['{ "a#": { input: 1 } }', 'in which * stands for anything'],
    ['{ a: 3 }', 'prices.a'],
  ])('%s will not do', (prices, message) => {
    const text = `name: prices\ncredentials: { key: {} }\nllm:\n${WITH(prices)}`;
    expect(problemsOf(text).join('\n')).toContain(message);
    expect(problemsOf(text)[0]).toMatch(/^gateway\.yaml:\d+:\d+: /);
  });
});
