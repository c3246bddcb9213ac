import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';

/** Which scopes include which. A scope that no hierarchy names includes itself. */
export interface ScopeHierarchy {
  /** Everything that these scopes amount to. */
  held(scopes: readonly string[]): ReadonlySet<string>;
  /** The same without those that others among them include. */
  reduced(scopes: readonly string[]): readonly string[];
  /** How much a scope gives: of two that would do, the one that gives less is asked for. */
  reach(scope: string): number;
}

export const createScopeHierarchy = (hierarchy: CompiledMcpRoute['scopeHierarchy']): ScopeHierarchy => {
  // Scopes are asked for as tokens have them, `constructor` among them.
  const included = new Map(Object.entries(hierarchy));
  const includedIn = (scope: string): readonly string[] => included.get(scope) ?? [scope];
  return {
    held: (scopes) => new Set(scopes.flatMap(includedIn)),
    reduced: (scopes) =>
      [...new Set(scopes)].filter(
        (scope, _, all) => !all.some((other) => other !== scope && includedIn(other).includes(scope)),
      ),
    reach: (scope) => includedIn(scope).length,
  };
};
