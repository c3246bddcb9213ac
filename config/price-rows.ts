import type { ConditionalPrice, ModelInfo, ModelPrice, Provider } from '@pydantic/genai-prices';
import type { CompiledPrice, TokenRates } from './compiled-prices.ts';
import { toGlobs } from './price-globs.ts';

/** US dollars → whole micro-dollars. */
export const toMicroUsd = (usd: number): number => Math.round(usd * 1_000_000);

const KEYS = {
  input: 'input_mtok',
  output: 'output_mtok',
  cacheRead: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
  cacheWrite1h: 'cache_write_1h_mtok',
} as const;

/** The price of a call in which so many tokens went in: the list sells the whole call at the tier it falls into. */
const valueAbove = (price: ModelPrice[string], tokens: number): number | undefined =>
  typeof price === 'object'
    ? price.tiers.reduce((value, tier) => (tier.start <= tokens ? tier.price : value), price.base)
    : price;

const ratesAbove = (price: ModelPrice, tokens: number): TokenRates | undefined => {
  const rates = Object.entries(KEYS).flatMap(([name, key]) => {
    const usd = valueAbove(price[key], tokens);
    return usd === undefined ? [] : [[name, toMicroUsd(usd)] as const];
  });
  const { input, ...others } = Object.fromEntries(rates) as Partial<TokenRates>;
  return input === undefined ? undefined : { input, ...others };
};

const startsOf = (price: ModelPrice): number[] => {
  const starts = Object.values(KEYS).flatMap((key) => {
    const value = price[key];
    return typeof value === 'object' ? value.tiers.map(({ start }) => start) : [];
  });
  return [...new Set(starts)].sort((a, b) => a - b);
};

const rowsOf = (price: ModelPrice): (TokenRates & Pick<CompiledPrice, 'tiers'>) | undefined => {
  const base = ratesAbove(price, -1);
  if (base === undefined) return undefined;
  const tiers = startsOf(price).flatMap((above) => {
    const rates = ratesAbove(price, above);
    return rates === undefined ? [] : [{ above, ...rates }];
  });
  return { ...base, ...(tiers.length === 0 ? {} : { tiers }) };
};

const isHourly = ({ constraint }: ConditionalPrice): boolean => constraint?.type === 'time_of_date';

const inputOf = ({ prices }: ConditionalPrice): number => valueAbove(prices.input_mtok, -1) ?? 0;

/** Latest first. Rates that change with the hour hold all day at their dearest: a budget must not be short. */
const periodsOf = (prices: ModelInfo['prices']): readonly ConditionalPrice[] => {
  if (!Array.isArray(prices)) return [{ prices }];
  const [dearest] = prices.filter(isHourly).sort((a, b) => inputOf(b) - inputOf(a));
  return dearest === undefined ? prices.toReversed() : [{ prices: dearest.prices }];
};

const modelRows = ({ match, prices }: ModelInfo): readonly CompiledPrice[] => {
  const globs = toGlobs(match);
  if (globs === undefined) return [];
  return periodsOf(prices).flatMap(({ constraint, prices: price }): CompiledPrice[] => {
    const rates = rowsOf(price);
    if (rates === undefined) return [];
    return [
      {
        match: globs.match,
        ...(globs.not.length === 0 ? {} : { not: globs.not }),
        ...(constraint?.type === 'start_date' ? { from: constraint.start_date } : {}),
        ...rates,
      },
    ];
  });
};

/**
 * A provider of the price list as rows, in its order: the first that matches holds.
 *
 * Source: @pydantic/genai-prices (MIT). Only what is sold by the token of text; sound, images and searches are left out.
 */
export const priceRows = (provider: Provider): readonly CompiledPrice[] => provider.models.flatMap(modelRows);
