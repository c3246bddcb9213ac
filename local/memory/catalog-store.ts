import type { Clock } from '../../lambda/core/clock.ts';
import type { CatalogStore, StoredCatalog } from '../../lambda/targets/catalog-store.ts';

const MAX_ENTRIES = 1_000;

/** Catalogs of one process, for local use and tests. */
export const memoryCatalogStore = (clock: Clock): CatalogStore => {
  const entries = new Map<
    string,
    Omit<StoredCatalog, 'text'> & { readonly write: () => string; readonly untilMs: number }
  >();
  return {
    async read(key) {
      const found = entries.get(key);
      return found === undefined || found.untilMs <= clock()
        ? undefined
        : { text: found.write(), storedAtMs: found.storedAtMs };
    },
    async write(key, write, keepSeconds) {
      entries.delete(key);
      entries.set(key, { write, storedAtMs: clock(), untilMs: clock() + keepSeconds * 1000 });
      // A Map keeps the order of insertion: the first is the one written longest ago.
      for (const oldest of entries.keys().take(Math.max(0, entries.size - MAX_ENTRIES))) entries.delete(oldest);
    },
  };
};
