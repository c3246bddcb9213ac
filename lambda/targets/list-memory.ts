import type { Listed } from './target.ts';

export type RememberedList = Listed & { readonly readAtMs: number };

/** Of JSON text, for all lists of one process. Parsed it takes several times as much. */
const MAX_CHARS = 48 * 1024 * 1024;

/** The lists that this process knows. Those not asked for longest go first. */
export const createListMemory = () => {
  const lists = new Map<string, { readonly list: RememberedList; readonly chars: number }>();
  let total = 0;

  const drop = (key: string): void => {
    total -= lists.get(key)?.chars ?? 0;
    lists.delete(key);
  };

  return {
    get(key: string): RememberedList | undefined {
      const found = lists.get(key);
      if (found === undefined) return undefined;
      lists.delete(key);
      lists.set(key, found);
      return found.list;
    },
    /** Answers what is known now: one that is older than that is not taken. */
    keep(key: string, list: RememberedList, chars: number): RememberedList {
      const before = lists.get(key)?.list;
      if (before !== undefined && before.readAtMs > list.readAtMs) return before;
      drop(key);
      lists.set(key, { list, chars });
      total += chars;
      for (const oldest of lists.keys()) {
        if (total <= MAX_CHARS || oldest === key) break;
        drop(oldest);
      }
      return list;
    },
  };
};
