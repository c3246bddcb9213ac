import type { CelOptions } from './cel.ts';

const ROUTES = ['defaults', 'llm.routes.*', 'mcp.routes.*', 'agents.*'];

const bool: CelOptions = { result: 'bool' };
const any: CelOptions = { result: 'any' };

/** Where CEL stands in the policy, and what it has to give there. */
export const CEL_PLACES: readonly (readonly [place: string, options: CelOptions])[] = [
  ...ROUTES.flatMap((route): (readonly [string, CelOptions])[] => [
    [`${route}.authorization.allow.*`, bool],
    [`${route}.authorization.deny.*`, bool],
    [`${route}.authorization.require.*`, bool],
    [`${route}.rateLimits.*.per.*`, any],
    [`${route}.budgets.*.per.*`, any],
  ]),
  ['llm.health.unhealthy', { result: 'bool', response: true }],
  ['mcp.routes.*.tools.allow.*.when', bool],
  ['decisions.*.object', any],
  ['telemetry.labels.*', any],
];
