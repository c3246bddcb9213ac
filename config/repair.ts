import type { Finding, Path } from './problem.ts';
import { isMap, valueAt } from './select.ts';

export interface Repaired {
  readonly root: unknown;
  /** The findings that are no longer true of it. */
  readonly settled: readonly Finding[];
  /** Where something of the repaired policy stands in the one before. */
  original(path: Path): Path;
}

interface Rename {
  readonly finding: Finding;
  readonly parent: Path;
  readonly from: string;
  readonly to: string;
}

const startsWith = (path: Path, start: Path): boolean => start.every((part, index) => path[index] === part);

const rename = (root: unknown, { parent, from, to }: Rename): void => {
  const map = valueAt(root, parent);
  if (!isMap(map)) return;
  map[to] = map[from];
  delete map[from];
};

/**
 * The policy with misspelt keys as they were meant. It is never used, only looked at for further problems: without it, a
 * misspelt `providers` would also be a complaint about every name in it, and would hide what is wrong inside.
 */
export const repair = (root: unknown, findings: readonly Finding[]): Repaired | undefined => {
  const taken = new Set<string>();
  const renames = findings.flatMap((finding): Rename[] => {
    const { path, meant } = finding;
    const parent = path.slice(0, -1);
    const place = JSON.stringify([...parent, meant]);
    if (meant === undefined || taken.has(place) || valueAt(root, [...parent, meant]) !== undefined) return [];
    taken.add(place);
    return [{ finding, parent, from: String(path.at(-1)), to: meant }];
  });
  if (renames.length === 0) return undefined;

  const copy: unknown = structuredClone(root);
  // The deepest first, so that the paths of the others still hold.
  const deepestFirst = [...renames].sort((a, b) => b.parent.length - a.parent.length);
  for (const one of deepestFirst) rename(copy, one);
  return {
    root: copy,
    settled: renames.map(({ finding }) => finding),
    original: (path) =>
      [...deepestFirst]
        .reverse()
        .reduce<Path>(
          (before, { parent, from, to }) =>
            startsWith(before, [...parent, to]) ? [...parent, from, ...before.slice(parent.length + 1)] : before,
          path,
        ),
  };
};
