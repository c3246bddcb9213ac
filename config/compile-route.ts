import { compileCel } from './cel.ts';
import type { CompiledAuthorization, CompiledRateLimit, CompiledRoute } from './compiled.ts';
import type { GatewayConfig } from './schema.ts';

type RouteConfig = NonNullable<NonNullable<GatewayConfig['llm']>['routes']>[string];
type RoutePolicyConfig = Pick<RouteConfig, 'auth' | 'authorization' | 'rateLimits' | 'limitsFailure'>;
type RateLimitConfig = NonNullable<RouteConfig['rateLimits']>[number];

const WINDOW_SECONDS = { minute: 60, hour: 3_600, day: 86_400, month: 2_592_000 } as const;

export const mapValues = <From, To>(
  map: Readonly<Record<string, From>> | undefined,
  to: (value: From, name: string) => To,
): Record<string, To> => Object.fromEntries(Object.entries(map ?? {}).map(([name, value]) => [name, to(value, name)]));

export const mapList = <From, To>(
  map: Readonly<Record<string, From>> | undefined,
  to: (value: From, name: string) => To,
): To[] => Object.entries(map ?? {}).map(([name, value]) => to(value, name));

/** Keys whose value is `undefined` left out: absent and undefined are one thing in YAML and two in our types. */
export const present = <Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [Key in keyof Value]: Exclude<Value[Key], undefined>;
  };

export const NO_RULES: CompiledAuthorization = { allow: [], deny: [], require: [], default: 'deny' };

const compileRateLimits = (limits: readonly RateLimitConfig[]): CompiledRateLimit[] =>
  limits.flatMap(({ name, per, requests, every }) =>
    requests === undefined ? [] : [{ name, per, requests, windowSeconds: WINDOW_SECONDS[every] }],
  );

/** A public route does not inherit rules about who calls: nobody in particular does. */
const compileAuthorization = (
  config: GatewayConfig,
  route: RoutePolicyConfig,
  auth: CompiledRoute['auth'],
): CompiledAuthorization => ({
  ...NO_RULES,
  ...(auth === 'none' ? { default: 'allow' } : {}),
  ...present(auth === 'none' ? {} : (config.defaults?.authorization ?? {})),
  ...present(route.authorization ?? {}),
});

/** What every route has, the defaults merged in. */
export const compileRoutePolicy = (config: GatewayConfig, route: RoutePolicyConfig): Omit<CompiledRoute, 'path'> => {
  const auth = route.auth ?? config.defaults?.auth ?? 'strict';
  return {
    auth,
    authorization: compileAuthorization(config, route, auth),
    rateLimits: compileRateLimits(route.rateLimits ?? config.defaults?.rateLimits ?? []),
    limitsFailure: route.limitsFailure ?? config.defaults?.limitsFailure ?? 'closed',
  };
};

/** Conditions of authorization, as they are written. */
export const rulesOf = ({ allow, deny, require }: CompiledAuthorization): string[] => [...allow, ...deny, ...require];

export const claimsInConditions = (sources: readonly string[]): string[] =>
  sources.flatMap((source) => compileCel(source, { result: 'bool' }).claims);

/** Claims that the policy of a route reads. */
export const claimsInRoute = ({ authorization, rateLimits }: CompiledRoute): string[] => [
  ...claimsInConditions(rulesOf(authorization)),
  ...rateLimits.flatMap(({ per }) => per).flatMap((source) => compileCel(source, { result: 'any' }).claims),
];
