/** What tokens cost, in whole micro-dollars (10⁻⁶ USD) for a million of them: $3 is 3,000,000. */
export interface TokenRates {
  readonly input: number;
  /** Absent: the model writes nothing (embeddings), or what it writes is not sold by the token. */
  readonly output?: number;
  /** Absent: at the price of `input`. */
  readonly cacheRead?: number;
  /** Kept for 5 minutes. Absent: at the price of `input`. */
  readonly cacheWrite?: number;
  /** Kept for an hour. Absent: at the price of `cacheWrite`. */
  readonly cacheWrite1h?: number;
}

/** The rates of one model, or of a family whose names are alike. */
export interface CompiledPrice extends TokenRates {
  /** Globs over the model's name in lower case: `*` is anything, `#` one digit. */
  readonly match: readonly string[];
  /** Names that `match` would take and that are something else. */
  readonly not?: readonly string[];
  /** ISO 8601 date (UTC) from which these rates hold; absent: from the beginning. Later rates stand first. */
  readonly from?: string;
  /** Rates for the whole call when more than `above` tokens went in, cached ones included; rising. */
  readonly tiers?: readonly (TokenRates & { readonly above: number })[];
}

/** Provider's name in the policy → rates; the first that matches holds. */
export type PricesByProvider = Readonly<Record<string, readonly CompiledPrice[]>>;

/** A price list as it was at one time. */
export interface PriceList {
  /** As the record says it: `genai-prices 0.1.8`. */
  readonly version: string;
  readonly providers: PricesByProvider;
}

export interface CompiledPrices {
  /** What the policy says itself: holds before any list. */
  readonly policy: PricesByProvider;
  /** In the order in which they are asked: the list, then its dated copy. */
  readonly lists: readonly PriceList[];
}
