import { createHash } from 'node:crypto';
import { compileCel } from './cel.ts';
import { basePathOf } from './check-routes.ts';
import type {
  CompiledApiKey,
  CompiledAuthorization,
  CompiledIdentityProvider,
  CompiledLlmProvider,
  CompiledLlmRoute,
  CompiledPolicy,
  CompiledRateLimit,
  CompiledRoute,
  ModelTarget,
} from './compiled.ts';
import { toMilliseconds } from './duration.ts';
import type { GatewayConfig } from './schema.ts';

type Llm = NonNullable<GatewayConfig['llm']>;
type ProviderConfig = NonNullable<Llm['providers']>[string];
type RouteConfig = NonNullable<Llm['routes']>[string];
type Identity = NonNullable<GatewayConfig['identity']>;
type RateLimitConfig = NonNullable<RouteConfig['rateLimits']>[number];

const WINDOW_SECONDS = { minute: 60, hour: 3_600, day: 86_400, month: 2_592_000 } as const;

const mapValues = <From, To>(
  map: Readonly<Record<string, From>> | undefined,
  to: (value: From, name: string) => To,
): Record<string, To> => Object.fromEntries(Object.entries(map ?? {}).map(([name, value]) => [name, to(value, name)]));

const mapList = <From, To>(
  map: Readonly<Record<string, From>> | undefined,
  to: (value: From, name: string) => To,
): To[] => Object.entries(map ?? {}).map(([name, value]) => to(value, name));

/** Keys whose value is `undefined` left out: absent and undefined are one thing in YAML and two in our types. */
const present = <Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [Key in keyof Value]: Exclude<Value[Key], undefined>;
  };

const compileIdentityProvider = (
  provider: NonNullable<Identity['providers']>[string],
  name: string,
): CompiledIdentityProvider => ({
  name,
  kind: provider.kind,
  issuer: provider.issuer,
  audiences: provider.audiences,
  ...(provider.jwksUri === undefined ? {} : { jwksUri: provider.jwksUri }),
  algorithms: provider.algorithms ?? ['RS256', 'ES256'],
  clockSkewSeconds: toMilliseconds(provider.clockSkew ?? '30s') / 1_000,
  claims: present(provider.claims ?? {}),
});

const compileApiKey = (key: NonNullable<Identity['apiKeys']>[string], name: string): CompiledApiKey => ({
  name,
  sha256: key.sha256.toLowerCase(),
  scopes: key.scopes ?? [],
  roles: key.roles ?? [],
  groups: key.groups ?? [],
  claims: key.claims ?? {},
});

/** Vendors' own addresses. Bedrock's has the region in it; without one the function's own is filled in by whoever calls. */
const baseUrlOf = (provider: ProviderConfig): string => {
  if (provider.baseUrl !== undefined) {
    const url = provider.baseUrl.replace(/\/+$/, '');
    return provider.kind === 'anthropic' ? url.replace(/\/v1$/, '') : url;
  }
  if (provider.kind === 'bedrock') return `https://bedrock-runtime.${provider.region ?? '{region}'}.amazonaws.com`;
  return {
    openai: 'https://api.openai.com/v1',
    anthropic: 'https://api.anthropic.com',
    gemini: 'https://generativelanguage.googleapis.com',
  }[provider.kind as 'openai' | 'anthropic' | 'gemini'];
};

const compileProvider = (provider: ProviderConfig, name: string): CompiledLlmProvider => ({
  name,
  kind: provider.kind,
  baseUrl: baseUrlOf(provider),
  ...('credential' in provider && provider.credential !== undefined ? { credential: provider.credential } : {}),
  timeouts: {
    connectMs: toMilliseconds(provider.timeouts?.connect ?? '5s'),
    firstByteMs: toMilliseconds(provider.timeouts?.firstByte ?? '60s'),
    idleMs: toMilliseconds(provider.timeouts?.idle ?? '120s'),
  },
});

/** `bedrock/a/b:0` → provider `bedrock`, model `a/b:0`. */
const toTarget = (target: string): ModelTarget => {
  const slash = target.indexOf('/');
  return { provider: target.slice(0, slash), model: target.slice(slash + 1) };
};

const compileRateLimits = (limits: readonly RateLimitConfig[]): CompiledRateLimit[] =>
  limits.flatMap(({ name, per, requests, every }) =>
    requests === undefined ? [] : [{ name, per, requests, windowSeconds: WINDOW_SECONDS[every] }],
  );

/** A public route does not inherit rules about who calls: nobody in particular does. */
const compileAuthorization = (
  config: GatewayConfig,
  route: RouteConfig,
  auth: CompiledRoute['auth'],
): CompiledAuthorization => ({
  allow: [],
  deny: [],
  require: [],
  default: auth === 'none' ? 'allow' : 'deny',
  ...present(auth === 'none' ? {} : (config.defaults?.authorization ?? {})),
  ...present(route.authorization ?? {}),
});

const compileRoute = (config: GatewayConfig, route: RouteConfig, path: string): CompiledLlmRoute => {
  const auth = route.auth ?? config.defaults?.auth ?? 'strict';
  return {
    path,
    basePath: basePathOf(path),
    auth,
    authorization: compileAuthorization(config, route, auth),
    rateLimits: compileRateLimits(route.rateLimits ?? config.defaults?.rateLimits ?? []),
    limitsFailure: route.limitsFailure ?? config.defaults?.limitsFailure ?? 'closed',
    ...(route.provider === undefined ? {} : { provider: route.provider }),
    ...(route.models === undefined ? {} : { models: route.models }),
    fallbacks: (route.fallbacks ?? []).map(toTarget),
  };
};

const claimsUsedBy = (routes: readonly CompiledRoute[]): string[] => {
  const claims = routes.flatMap(({ authorization: { allow, deny, require }, rateLimits }) => [
    ...[...allow, ...deny, ...require].flatMap((source) => compileCel(source, { result: 'bool' }).claims),
    ...rateLimits.flatMap(({ per }) => per).flatMap((source) => compileCel(source, { result: 'any' }).claims),
  ]);
  return [...new Set(claims)].sort();
};

const sortKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/**
 * Merges the defaults in and resolves names. Takes a policy that `loadGatewayConfig` has let pass, or one built in code of the
 * same type; the order of keys makes no difference to `version`.
 *
 * Errors: `CelError` for an expression that was not checked before.
 */
export const compilePolicy = (config: GatewayConfig): CompiledPolicy => {
  const routes = mapList(config.llm?.routes, (route, path) => compileRoute(config, route, path));
  const policy = {
    name: config.name,
    identity: {
      providers: mapList(config.identity?.providers, compileIdentityProvider),
      apiKeys: mapList(config.identity?.apiKeys, compileApiKey),
    },
    credentials: Object.keys(config.credentials ?? {}),
    claimsUsed: claimsUsedBy(routes),
    llm: {
      providers: mapValues(config.llm?.providers, compileProvider),
      models: mapValues(config.llm?.models, (targets) => targets.map(toTarget)),
      routes,
    },
  };
  const version = createHash('sha256').update(JSON.stringify(policy, sortKeys)).digest('hex').slice(0, 12);
  return { version, ...policy };
};
