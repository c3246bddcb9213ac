/** What one call asks of one limit. */
export interface Demand {
  /** Whose counter: a hash of the first value under `per:`. Demands with one bucket and window are one write. */
  readonly bucket: string;
  /** Which counter in the bucket: the limit's name, and a hash of the further values under `per:`. */
  readonly name: string;
  /** How much this call takes: 1 for calls, an estimate for tokens. A whole number, 0 or more. */
  readonly amount: number;
  readonly limit: number;
  readonly windowSeconds: number;
}

/** Where one counter stands after a `take`. */
export interface LimitState {
  readonly used: number;
  /** When the window ends, in milliseconds since the epoch. */
  readonly resetsAtMs: number;
}

export interface Taken {
  /** Index into the demands of the first that had no room; absent when the call may go on. */
  readonly refusedBy?: number;
  /** One for each demand, in their order. */
  readonly states: readonly LimitState[];
}

/**
 * Counts what keys use in windows that start with a key's first call. All or nothing: when one demand has no room, none is
 * counted. Must not answer from a cache that another process can't see, except to refuse what was already refused.
 */
export interface LimitCounter {
  /**
   * Takes every demand, or none.
   *
   * Shape:  answers one state a demand, in order. At the edge of a limit concurrent takes never admit more than the limit.
   * Units:  `windowSeconds` in seconds; a window lives `windowSeconds` from the take that opened it.
   * Errors: `Refusal('limits_unavailable')` if the store does not answer in time. Never answers as if nothing was used.
   * Source: DynamoDB `UpdateItem` with a condition; docs/decisions/ says why windows start at the first call.
   */
  take(demands: readonly Demand[]): Promise<Taken>;
}
