import type { CatalogTool } from '../core/mcp.ts';
import type { Degraded } from './collect-lists.ts';
import type { NamedItems } from './named-items.ts';
import { AmbiguousName } from './names.ts';

export interface Merged {
  readonly items: readonly CatalogTool[];
  readonly findings: readonly Degraded[];
}

/** A name that two servers have is nobody's, and is said to be missing (G5). */
export const mergeNames = (lists: readonly NamedItems[]): Merged => {
  const items = lists.flatMap((list) => list.items);
  const ambiguous = ambiguousOf(items);
  const findings = new Map<string, Degraded>();
  const add = (target: string, reason: string): void => void findings.set(`${target} ${reason}`, { target, reason });
  for (const list of lists) for (const reason of list.findings) add(list.target, reason);
  for (const item of ambiguous) add(item.target, 'ambiguous name');
  return {
    items: ambiguous.size === 0 ? items : items.filter((item) => !ambiguous.has(item)),
    findings: [...findings.values()],
  };
};

/** Hardly ever any, which a set of all names says at once. */
const ambiguousOf = (items: readonly CatalogTool[]): ReadonlySet<CatalogTool> => {
  if (new Set(items.map(nameOf)).size === items.length) return new Set();
  return new Set(
    Map.groupBy(items, nameOf)
      .values()
      .flatMap((same) => (same.length > 1 ? same : [])),
  );
};

const nameOf = ({ exposedName }: CatalogTool): string => exposedName;

/** Users of servers that list for each user: so many of them in turns. */
const MOST_MERGED = 16;

/** What is still the same lists is not put together again, and is the same array. */
export const createMergeOnce = (): ((lists: readonly NamedItems[]) => Merged) => {
  let known: (readonly [lists: readonly NamedItems[], merged: Merged])[] = [];
  return (lists) => {
    const found = known.find(
      ([others]) => others.length === lists.length && others.every((one, i) => one === lists[i]),
    );
    const merged = found?.[1] ?? mergeNames(lists);
    if (found === undefined || found !== known[0])
      known = [[lists, merged] as const, ...known.filter((one) => one !== found)].slice(0, MOST_MERGED);
    return merged;
  };
};

/** The one that has the name, if there is one. Errors: `AmbiguousName`. */
export const findName = (lists: readonly NamedItems[], exposed: string): CatalogTool | undefined => {
  const candidates = lists.flatMap((list) => list.find(exposed));
  if (candidates.length > 1) throw new AmbiguousName(candidates);
  return candidates[0];
};
