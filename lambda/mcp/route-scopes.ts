import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';

/**
 * The scopes that a client should ask for to use a route, in the order of its rules.
 *
 * With step-up only those that include no other: the rest is asked for when it is needed (A5). Without it a client that does
 * not ask at once is never told, so all of them.
 */
export const routeScopes = ({ tools, scopeHierarchy, stepUp }: CompiledMcpRoute): readonly string[] => {
  const named = [...new Set((tools.allow ?? []).flatMap(({ scope }) => scope ?? []))].filter(
    (scope) => scope !== 'offline_access',
  );
  if (!stepUp) return named;
  const isIncludedIn = (scope: string, other: string): boolean =>
    other !== scope && (scopeHierarchy[scope]?.includes(other) ?? false);
  return named.filter((scope) => !named.some((other) => isIncludedIn(scope, other)));
};
