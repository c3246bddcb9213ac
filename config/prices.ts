import { readFileSync } from 'node:fs';
import { findProvider, type Provider } from '@pydantic/genai-prices';
import type { CompiledLlm, CompiledLlmProvider } from './compiled.ts';
import type { CompiledPrice, CompiledPrices, PricesByProvider, TokenRates } from './compiled-prices.ts';
import { coversModel } from './model-glob.ts';
import { priceRows, toMicroUsd } from './price-rows.ts';

/** Of @pydantic/genai-prices; a test holds it to package.json. */
export const PRICE_LIST_VERSION = '0.1.8';

/** Rows of one provider that ship, as JSON: enough for 300 models, and the whole of them is read at every cold start. */
export const MAX_PRICE_BYTES = 48 * 1024;

/** Names of the price list for our kinds. Whoever is compatible with OpenAI is found by its address. */
const LIST_IDS: Readonly<Partial<Record<CompiledLlmProvider['kind'], string>>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'google',
  bedrock: 'aws',
};

/** The lists that are copied into prices-fallback.json. */
export const FALLBACK_IDS = ['anthropic', 'aws', 'google', 'openai', 'x-ai'] as const;

/** `config/prices-fallback.json`: what the list said at a date, for models that it has dropped since. */
export interface PriceFallback {
  readonly source: string;
  readonly date: string;
  readonly licence: string;
  readonly providers: Readonly<Record<string, readonly CompiledPrice[]>>;
}

const fallback: PriceFallback = JSON.parse(readFileSync(new URL('./prices-fallback.json', import.meta.url), 'utf8'));

export const listedProvider = (id: string): Provider | undefined => findProvider({ providerId: id });

const listFor = ({ kind, baseUrl }: CompiledLlmProvider): Provider | undefined => {
  const id = LIST_IDS[kind];
  return id === undefined ? findProvider({ providerApiUrl: baseUrl }) : listedProvider(id);
};

/** US dollars a million tokens, as the policy writes them, by model or glob. */
export type WrittenPrices = Readonly<
  Record<string, { readonly [Rate in keyof TokenRates]: Exclude<TokenRates[Rate], undefined> | undefined }>
>;

/** Whole names before those with a star, longer before shorter. */
const moreExact = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  Number(a.includes('*')) - Number(b.includes('*')) || b.length - a.length || (a < b ? -1 : 1);

const writtenRows = (prices: WrittenPrices): CompiledPrice[] =>
  Object.entries(prices)
    .sort(moreExact)
    .map(([model, rates]) => ({
      match: [model.toLowerCase()],
      ...(Object.fromEntries(
        Object.entries(rates).flatMap(([name, usd]) => (usd === undefined ? [] : [[name, toMicroUsd(usd)]])),
      ) as unknown as TokenRates),
    }));

/** What callers can have a provider serve: any model where a route leaves the name to them, else those that are named. */
type Reach = 'any' | ReadonlySet<string>;

const reachOf = ({ models, routes }: CompiledLlm, provider: string): Reach => {
  const prefix = `${provider}/`;
  const named = [
    ...Object.values(models).flatMap(({ targets }) => targets),
    ...routes.flatMap(({ fallbacks }) => fallbacks),
  ].flatMap((target) => (target.provider === provider ? [target.model] : []));
  const byRoute = routes.flatMap((route) => [
    ...(route.provider === provider ? [route.model ?? '*'] : []),
    ...(route.models ?? []).flatMap((model) => (model.startsWith(prefix) ? [model.slice(prefix.length)] : [])),
  ]);
  return byRoute.some((model) => model.includes('*'))
    ? 'any'
    : new Set([...named, ...byRoute].map((model) => model.toLowerCase()));
};

/** Providers answer with the dated name of what was asked: `gpt-4o-2024-05-13`, which may cost something else. */
const isDatedVersion = ({ match }: CompiledPrice, name: string): boolean =>
  match.some((glob) => glob.startsWith(`${name}-`) && /^[\d#]/.test(glob.slice(name.length + 1)));

const reached = (rows: readonly CompiledPrice[], reach: Reach): readonly CompiledPrice[] => {
  if (reach === 'any') return rows;
  const kept = new Set<CompiledPrice>();
  for (const name of reach) {
    for (const row of rows) if (isDatedVersion(row, name)) kept.add(row);
    for (const row of rows.filter((one) => coversModel(one, name))) {
      kept.add(row);
      if (row.from === undefined) break; // Whatever comes after it never has a say.
    }
  }
  return rows.filter((row) => kept.has(row));
};

/** Rows of the copy about models that the list has no more. */
export const droppedSince = (
  listed: readonly CompiledPrice[],
  copied: readonly CompiledPrice[],
): readonly CompiledPrice[] => {
  const known = new Set(listed.flatMap(({ match }) => match));
  return copied.filter(({ match }) => !match.some((glob) => known.has(glob)));
};

const within = (rows: readonly CompiledPrice[], maxBytes: number): readonly CompiledPrice[] => {
  let bytes = 2;
  const end = rows.findIndex((row) => {
    bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
    return bytes > maxBytes;
  });
  return end < 0 ? rows : rows.slice(0, end);
};

interface Found {
  readonly listed: readonly CompiledPrice[];
  readonly copied: readonly CompiledPrice[];
  /** How many rows the cap left out. */
  readonly omitted: number;
}

const find = (llm: CompiledLlm, provider: CompiledLlmProvider): Found => {
  const list = listFor(provider);
  if (list === undefined) return { listed: [], copied: [], omitted: 0 };
  const reach = reachOf(llm, provider.name);
  const all = priceRows(list);
  const wanted = reached(all, reach);
  const listed = within(wanted, MAX_PRICE_BYTES);
  return {
    listed,
    copied: reached(droppedSince(all, fallback.providers[list.id] ?? []), reach),
    omitted: wanted.length - listed.length,
  };
};

const byProvider = (rows: readonly (readonly [string, readonly CompiledPrice[]])[]): PricesByProvider =>
  Object.fromEntries(rows.filter(([, found]) => found.length > 0));

/**
 * The prices that calls under a policy can need, and no more. Shape: `written` is `prices` of each provider of the policy.
 */
export const compilePrices = (
  llm: CompiledLlm,
  written: Readonly<Record<string, WrittenPrices | undefined>>,
): CompiledPrices => {
  const providers = Object.values(llm.providers);
  const found = providers.map((provider) => [provider.name, find(llm, provider)] as const);
  return {
    policy: byProvider(providers.map(({ name }) => [name, writtenRows(written[name] ?? {})])),
    lists: [
      {
        version: `genai-prices ${PRICE_LIST_VERSION}`,
        providers: byProvider(found.map(([name, { listed }]) => [name, listed])),
      },
      {
        version: `${fallback.source} of ${fallback.date}`,
        providers: byProvider(found.map(([name, { copied }]) => [name, copied])),
      },
    ].filter(({ providers: rows }) => Object.keys(rows).length > 0),
  };
};

/** Providers whose list is longer than what may ship, and by how many models: those have no price. */
export const omittedPrices = (llm: CompiledLlm): readonly { readonly provider: string; readonly models: number }[] =>
  Object.values(llm.providers).flatMap((provider) => {
    const { omitted } = find(llm, provider);
    return omitted === 0 ? [] : [{ provider: provider.name, models: omitted }];
  });
