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
   * Keeps `text` in place of what was there.
   *
   * Units:  `keepSeconds` after which it is gone.
   * Errors: none. What the store can't take, because it is too large or the store in trouble, is not kept.
   */
  write(key: string, text: string, keepSeconds: number): Promise<void>;
}
