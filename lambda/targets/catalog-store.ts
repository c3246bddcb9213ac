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
   * Keeps what `write` gives, in place of what was there. It may be called later, more than once or never: it must hold what it
   * needs, and always give the same.
   *
   * Units:  `keepSeconds` after which it is gone.
   * Errors: none. What the store can't take, because it is too large or the store in trouble, is not kept.
   */
  write(key: string, write: () => string, keepSeconds: number): Promise<void>;
}

/**
 * A store whose writes are left for later: whoever asked for a list need not wait until it is kept for others. Of several
 * writes of one key the last one counts, however long an earlier one takes.
 */
export const writeAfterwards = (store: CatalogStore, afterwards: Pick<Afterwards, 'do'>): CatalogStore => {
  const waiting = new Map<string, { readonly write: () => string; readonly keepSeconds: number }>();
  const running = new Map<string, Promise<void>>();

  const writeLast = async (key: string): Promise<void> => {
    await running.get(key);
    const last = waiting.get(key);
    if (last === undefined) return;
    waiting.delete(key);
    const done = store.write(key, last.write, last.keepSeconds).finally(() => running.delete(key));
    running.set(key, done);
    await done;
  };

  return {
    read: (key) => store.read(key),
    async write(key, write, keepSeconds) {
      const isFirst = !waiting.has(key);
      waiting.set(key, { write, keepSeconds });
      if (isFirst) afterwards.do(() => writeLast(key));
    },
  };
};
