import type { Afterwards } from '../core/afterwards.ts';

/** What was kept, and since when (milliseconds since the epoch). */
export interface StoredCatalog {
  readonly text: string;
  readonly storedAtMs: number;
}

/**
 * Keeps what servers listed, for all processes. An optimisation and never a gate: a store in trouble has nothing, and must not
 * keep a call waiting for longer than a moment. Must not be read under another key than it was written with: some of it is one
 * user's.
 */
export interface CatalogStore {
  /** Shape: `key` is at most 512 characters. `undefined`: not there, too old, or the store did not answer in time. */
  read(key: string): Promise<StoredCatalog | undefined>;
  /**
   * Keeps what `text` writes in place of what was there. It is written when it is needed, and comes to the same whenever that is.
   *
   * Units:  `keepSeconds` after which it is gone.
   * Errors: none. What the store can't take, because it is too large or the store in trouble, is not kept.
   */
  write(key: string, text: () => string, keepSeconds: number): Promise<void>;
}

/** A store whose writes are left for later: whoever asked for a list need not wait until it is kept for others. */
export const writeAfterwards = (store: CatalogStore, afterwards: Pick<Afterwards, 'do'>): CatalogStore => ({
  read: (key) => store.read(key),
  write: async (key, text, keepSeconds) => afterwards.do(() => store.write(key, text, keepSeconds)),
});
