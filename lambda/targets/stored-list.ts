import type { StoredCatalog } from './catalog-store.ts';
import type { RememberedList } from './list-memory.ts';
import { isRaw } from './raw.ts';
import { readJson } from './read-json.ts';
import { instructionsIn } from './server-instructions.ts';

/** A list as the store keeps it: JSON text, with numbers as the server wrote them. */
export const writeStoredList = ({ bytes: _, ...list }: RememberedList): string => JSON.stringify(list);

/** `undefined` for what is not there and for what some other version of this code may have written. */
export const readStoredList = (stored: StoredCatalog | undefined): RememberedList | undefined => {
  if (stored === undefined) return undefined;
  const { items, ttlMs, partial, readAtMs, instructions } = parse(stored.text);
  if (!Array.isArray(items) || !items.every(isRaw) || typeof readAtMs !== 'number') return undefined;
  return {
    items,
    bytes: stored.text.length,
    readAtMs,
    ...(typeof ttlMs === 'number' ? { ttlMs } : {}),
    ...(typeof partial === 'string' ? { partial } : {}),
    ...instructionsIn(instructions),
  };
};

const parse = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const json = readJson(text);
    return isRaw(json) ? json : {};
  } catch {
    return {};
  }
};
