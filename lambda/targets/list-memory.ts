import type { Listed } from './target.ts';

export type RememberedList = Listed & { readonly readAtMs: number };

/** Of JSON, for all lists of one process. Parsed it takes several times as much. */
const MAX_BYTES = 48 * 1024 * 1024;

/** The lists that this process knows. Those not asked for longest go first. */
export const createListMemory = () => {
  const lists = new Map<string, RememberedList>();
  let total = 0;

  const drop = (key: string): void => {
    const list = lists.get(key);
    if (list === undefined) return;
    total -= sizeOf(key, list);
    lists.delete(key);
  };

  return {
    get(key: string): RememberedList | undefined {
      const found = lists.get(key);
      if (found === undefined) return undefined;
      lists.delete(key);
      lists.set(key, found);
      return found;
    },
    /** Answers what is known now: one that is older than that is not taken. */
    keep(key: string, list: RememberedList): RememberedList {
      const before = lists.get(key);
      if (before !== undefined && before.readAtMs > list.readAtMs) return before;
      drop(key);
      lists.set(key, list);
      total += sizeOf(key, list);
      for (const oldest of lists.keys()) {
        if (total <= MAX_BYTES || oldest === key) break;
        drop(oldest);
      }
      return list;
    },
  };
};

const sizeOf = (key: string, { bytes = 0, instructions = '' }: RememberedList): number =>
  key.length + bytes + instructions.length;
