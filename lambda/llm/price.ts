import type { CompiledPrice, CompiledPrices, TokenRates } from '../../config/compiled-prices.ts';
import { coversModel } from '../../config/model-glob.ts';
import { promptTokens, type ServedBy, type Usage } from '../core/llm.ts';
import type { Cost, LlmFacts } from '../telemetry/record.ts';

export interface FoundPrice {
  readonly price: CompiledPrice;
  /** Where it comes from: `policy`, or the version of a list. */
  readonly version: string;
}

/**
 * The price of a model at a provider.
 *
 * Shape:  `models` are its names, the most exact first: what the provider says that it served, then what it was asked for.
 *         What the policy says for any of them holds before what a list says.
 * Errors: `undefined` where nobody knows. Never a price of 0 that nobody wrote.
 */
export const findPrice = (
  prices: CompiledPrices,
  provider: string,
  models: readonly string[],
  atMs: number,
): FoundPrice | undefined => {
  const date = new Date(atMs).toISOString().slice(0, 10);
  const known = knownOf(prices);
  const key = JSON.stringify([date, provider, models]);
  if (!known.has(key)) {
    // Callers choose names: what is remembered of them stays small.
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, search(prices, provider, models, date));
  }
  return known.get(key);
};

const MOST_KNOWN = 1_000;

/** What was found before: the same few models are asked for all day. */
const knownByPrices = new WeakMap<CompiledPrices, Map<string, FoundPrice | undefined>>();

const knownOf = (prices: CompiledPrices): Map<string, FoundPrice | undefined> => {
  const known = knownByPrices.get(prices) ?? new Map<string, FoundPrice | undefined>();
  knownByPrices.set(prices, known);
  return known;
};

const search = (
  prices: CompiledPrices,
  provider: string,
  models: readonly string[],
  date: string,
): FoundPrice | undefined => {
  const find = (rows: readonly CompiledPrice[] | undefined, model: string): CompiledPrice | undefined =>
    model === '' ? undefined : rows?.find((row) => (row.from ?? '') <= date && coversModel(row, model));
  for (const model of models) {
    const price = find(prices.policy[provider], model);
    if (price !== undefined) return { price, version: 'policy' };
  }
  for (const model of models) {
    for (const { version, providers } of prices.lists) {
      const price = find(providers[provider], model);
      if (price !== undefined) return { price, version };
    }
  }
  return undefined;
};

/** Rates are per million tokens. */
const MILLION = 1_000_000;

/**
 * What a call comes to.
 *
 * Units:  whole micro-dollars, rounded up: a call of a fraction of one is not free.
 * Errors: `undefined` when the model wrote and its writing has no price, or when usage is not a sum that can be counted.
 */
export const microUsdOf = (price: CompiledPrice, usage: Usage): number | undefined => {
  const { tiers = [] } = price;
  const rates: TokenRates = tiers.findLast(({ above }) => promptTokens(usage) > above) ?? price;
  const { input, output, cacheRead = input, cacheWrite = input, cacheWrite1h = cacheWrite } = rates;
  if (output === undefined && usage.output > 0) return undefined;
  const kept1h = Math.min(usage.cacheWrite1h ?? 0, usage.cacheWrite);
  const sum =
    usage.input * input +
    usage.cacheRead * cacheRead +
    (usage.cacheWrite - kept1h) * cacheWrite +
    kept1h * cacheWrite1h +
    usage.output * (output ?? 0);
  const microUsd = Math.ceil(sum / MILLION);
  return Number.isSafeInteger(microUsd) && microUsd >= 0 ? microUsd : undefined;
};

/** Both in one, for whoever has usage in hand. Units and errors as those. */
export const priceOf = (
  prices: CompiledPrices,
  provider: string,
  models: readonly string[],
  usage: Usage,
  atMs: number,
): Cost | undefined => {
  const found = findPrice(prices, provider, models, atMs);
  const microUsd = found === undefined ? undefined : microUsdOf(found.price, usage);
  return found === undefined || microUsd === undefined ? undefined : { microUsd, version: found.version };
};

/** The cost of an answer, to be noted once its usage is: at the prices of when the call came in. */
export const costOf = (
  prices: CompiledPrices,
  asked: ServedBy,
  llm: LlmFacts | undefined,
  startedMs: number,
): Pick<LlmFacts, 'cost'> => {
  if (llm?.usage === undefined) return {};
  const models = [llm.served?.model ?? '', asked.model];
  const cost = priceOf(prices, asked.provider, models, llm.usage, startedMs);
  return cost === undefined ? {} : { cost };
};

/** US dollars to six places: no exponent, whatever reads it. */
export const costHeader = (cost: Cost | undefined): Readonly<Record<string, string>> =>
  cost === undefined ? {} : { 'x-gatehouse-cost-usd': (cost.microUsd / MILLION).toFixed(6) };
