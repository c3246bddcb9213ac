const SCOPE = /^[\x21\x23-\x3D\x3F-\x5B\x5D-\x7E]+$/;

/** `a > b > c` as a list; `undefined` if it is none. */
export const readScopeChain = (chain: string): readonly string[] | undefined => {
  const scopes = chain.split('>').map((scope) => scope.trim());
  return scopes.length >= 2 && scopes.every((scope) => SCOPE.test(scope)) ? scopes : undefined;
};

type Below = ReadonlyMap<string, ReadonlySet<string>>;

const belowEach = (chains: readonly (readonly string[])[]): Below => {
  const below = new Map<string, Set<string>>();
  const of = (scope: string): Set<string> => {
    const known = below.get(scope) ?? new Set<string>();
    below.set(scope, known);
    return known;
  };
  for (const chain of chains)
    for (const [index, scope] of chain.entries()) {
      const next = chain[index + 1];
      if (next === undefined) of(scope);
      else of(scope).add(next);
    }
  return below;
};

/** Everything below a scope, itself first. */
const reachable = (scope: string, below: Below): readonly string[] => {
  const found = new Set([scope]);
  for (const one of found) for (const next of below.get(one) ?? []) found.add(next);
  return [...found];
};

/** Scope → every scope that it includes, itself among them. Takes chains that `readScopeChain` has read. */
export const includedScopes = (chains: readonly (readonly string[])[]): Readonly<Record<string, readonly string[]>> => {
  const below = belowEach(chains);
  return Object.fromEntries([...below.keys()].map((scope) => [scope, reachable(scope, below)]));
};

/** The index of the first chain with which scopes include each other, and one of those; `undefined` where none do. */
export const findCircle = (
  chains: readonly (readonly string[])[],
): { readonly index: number; readonly scope: string } | undefined => {
  for (const index of chains.keys()) {
    const below = belowEach(chains.slice(0, index + 1));
    const scope = chains[index]?.find((one) =>
      [...(below.get(one) ?? [])].some((next) => reachable(next, below).includes(one)),
    );
    if (scope !== undefined) return { index, scope };
  }
  return undefined;
};
