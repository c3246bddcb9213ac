import { compileCel, compileHealthCel } from './cel.ts';

const ROUTES = ['defaults', 'llm.routes.*', 'mcp.routes.*', 'agents.*'];

type Compile = (source: string) => unknown;

const bool: Compile = (source) => compileCel(source, { result: 'bool' });
const any: Compile = (source) => compileCel(source, { result: 'any' });

const authorizationOf = (place: string): readonly (readonly [string, Compile])[] => [
  [`${place}.authorization.allow.*`, bool],
  [`${place}.authorization.deny.*`, bool],
  [`${place}.authorization.require.*`, bool],
];

/** Where CEL stands in the policy, and what it has to compile as there. */
export const CEL_PLACES: readonly (readonly [place: string, compile: Compile])[] = [
  ...ROUTES.flatMap((route): (readonly [string, Compile])[] => [
    ...authorizationOf(route),
    [`${route}.rateLimits.*.per.*`, any],
    [`${route}.budgets.*.per.*`, any],
  ]),
  ...authorizationOf('llm.models.*'),
  ['llm.models.*.*.when', bool],
  ['llm.models.*.targets.*.when', bool],
  ['llm.health.unhealthy', compileHealthCel],
  ['mcp.routes.*.tools.allow.*.when', bool],
  ['decisions.*.object', any],
  ['telemetry.labels.*', any],
];
