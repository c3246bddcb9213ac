import { CelError } from './cel.ts';
import { CEL_PLACES } from './cel-places.ts';
import { checkActorIssuers } from './check-actor-issuers.ts';
import { checkAgentCore } from './check-agent-core.ts';
import { checkAgents } from './check-agents.ts';
import { checkClaims } from './check-claims.ts';
import { checkMcp } from './check-mcp.ts';
import { checkNames } from './check-names.ts';
import { checkRoutes } from './check-routes.ts';
import { type Finding, showPath } from './problem.ts';
import { isMap, select, selectText } from './select.ts';

const checkExpressions = (root: unknown): readonly Finding[] =>
  CEL_PLACES.flatMap(([place, compile]) =>
    selectText(root, place).flatMap(({ path, value }): Finding[] => {
      try {
        compile(value);
        return [];
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        return [{ path, at: 'value', message: `${showPath(path)}: CEL: ${error.message}`, offset: error.offset }];
      }
    }),
  );

const LIMITS = ['defaults', 'llm.routes.*', 'mcp.routes.*', 'agents.*'].map((route) => `${route}.rateLimits`);

const checkLimits = (root: unknown): readonly Finding[] =>
  LIMITS.flatMap((place) => [
    ...select(root, `${place}.*`).flatMap(({ path, value }): Finding[] =>
      isMap(value) && !('requests' in value) && !('tokens' in value)
        ? [{ path, at: 'value', message: `${showPath(path)}: expected requests or tokens, found neither` }]
        : [],
    ),
    ...select(root, place).flatMap(({ value, path }) =>
      checkTwice(
        Array.isArray(value)
          ? value.map((limit: unknown, index) => ({
              path: [...path, index, 'name'],
              value: isMap(limit) ? limit.name : undefined,
            }))
          : [],
      ),
    ),
  ]);

/** Values that may stand only once among `found`. */
const checkTwice = (
  found: readonly { readonly path: readonly (string | number)[]; readonly value: unknown }[],
): readonly Finding[] => {
  const seen = new Map<string, string>();
  return found.flatMap(({ path, value }): Finding[] => {
    if (typeof value !== 'string') return [];
    const first = seen.get(value);
    seen.set(value, first ?? showPath(path));
    return first === undefined
      ? []
      : [{ path, at: 'value', message: `${showPath(path)}: the same as ${first}, and it has to differ` }];
  });
};

const withoutSlash = (value: unknown): unknown => (typeof value === 'string' ? value.replace(/\/+$/, '') : value);

const checkIdentity = (root: unknown): readonly Finding[] => [
  ...checkTwice(
    select(root, 'identity.providers.*.issuer').map(({ path, value }) => ({ path, value: withoutSlash(value) })),
  ),
  ...checkTwice(
    selectText(root, 'identity.apiKeys.*.sha256').map(({ path, value }) => ({ path, value: value.toLowerCase() })),
  ),
];

const checkServerLists = (root: unknown): readonly Finding[] =>
  select(root, 'mcp.routes.*.servers').flatMap(({ path, value }) =>
    checkTwice(
      Array.isArray(value) ? value.map((item: unknown, index) => ({ path: [...path, index], value: item })) : [],
    ),
  );

/** A weight is drawn among neighbours: alone it would say nothing. */
const checkWeights = (root: unknown): readonly Finding[] =>
  [...select(root, 'llm.models.*'), ...select(root, 'llm.models.*.targets')].flatMap(({ path, value }) => {
    const targets: readonly unknown[] = Array.isArray(value) ? value : [];
    const isWeighted = (index: number): boolean => {
      const target = targets[index];
      return isMap(target) && 'weight' in target;
    };
    return [...targets.keys()].flatMap((index): Finding[] => {
      if (!isWeighted(index) || isWeighted(index - 1) || isWeighted(index + 1)) return [];
      const at = [...path, index, 'weight'];
      return [{ path: at, at: 'key', message: `${showPath(at)}: no neighbour has a weight to draw against` }];
    });
  });

/** What no schema can say: names that point nowhere, expressions, routes that collide, limits without a limit. */
export const checkPolicy = (root: unknown): readonly Finding[] => [
  ...checkNames(root),
  ...checkExpressions(root),
  ...checkRoutes(root),
  ...checkLimits(root),
  ...checkIdentity(root),
  ...checkServerLists(root),
  ...checkMcp(root),
  ...checkAgents(root),
  ...checkAgentCore(root),
  ...checkActorIssuers(root),
  ...checkClaims(root),
  ...checkWeights(root),
];
