/** A model of a provider that is left out for a while. Times in milliseconds since the epoch. */
export interface Eviction {
  /** How often in a row: 1 the first time. */
  readonly times: number;
  readonly sinceMs: number;
  /** From then on one caller may try it. */
  readonly untilMs: number;
  /** Until then somebody is trying it, or has forgotten to say what came of it. */
  readonly triedUntilMs?: number;
}

/** `overtaken`: somebody else has changed the same before. `unavailable`: the store did not answer in time. */
export type Written = 'written' | 'overtaken' | 'unavailable';

/**
 * Who is left out, shared by all processes. An optimisation and never a gate: a store in trouble is an answer here, not an
 * error, and must not keep a call waiting for longer than a moment.
 *
 * Shape:  `key` names a provider and a model, at most 512 characters. `times` says which eviction is meant: what it no longer
 *         is, is left alone.
 */
export interface ProviderHealth {
  /** The evictions among these keys, ended ones included until `FORGOTTEN_AFTER_MS`. `undefined`: the store did not answer. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, Eviction> | undefined>;
  /**
   * Evicts for the `times`th time in a row. However many callers fail at once, it counts once: of the same `times`, only the
   * longest stays.
   */
  evict(key: string, untilMs: number, times: number): Promise<Written>;
  /** Takes the one try after eviction `times` has ended, until `untilMs` at most. */
  startTry(key: string, untilMs: number, times: number): Promise<Written>;
  /** Gives the try back: nothing came of it. */
  endTry(key: string, times: number): Promise<Written>;
  /** It is well again. */
  clear(key: string, times: number): Promise<Written>;
}

/** An eviction that ended this long ago says nothing about the next failure. */
export const FORGOTTEN_AFTER_MS = 600_000;
