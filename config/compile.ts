import { createHash } from 'node:crypto';
import { basePathOf } from './check-routes.ts';
import { compileAgentCore } from './compile-agent-core.ts';
import { claimsInAgents, clientsOfAgents, compileAgents } from './compile-agents.ts';
import { claimsInMcp, clientsOf, compileMcp } from './compile-mcp.ts';
import {
  claimsInConditions,
  claimsInRoute,
  compileRoutePolicy,
  mapList,
  mapValues,
  NO_RULES,
  present,
  rulesOf,
} from './compile-route.ts';
import { compileTokens, secretsOfTokens } from './compile-tokens.ts';
import type {
  AliasTarget,
  CompiledApiKey,
  CompiledEnrich,
  CompiledHealth,
  CompiledIdentityProvider,
  CompiledLlm,
  CompiledLlmProvider,
  CompiledLlmRoute,
  CompiledModel,
  CompiledPolicy,
  CompiledPromptCaching,
  EnrichMessage,
  ModelTarget,
} from './compiled.ts';
import { toMilliseconds } from './duration.ts';
import { LLM_ENDPOINTS } from './llm-endpoints.ts';
import { compilePrices } from './prices.ts';
import type { GatewayConfig } from './schema.ts';
import { claimsInTemplate } from './template.ts';

type Llm = NonNullable<GatewayConfig['llm']>;
type ProviderConfig = NonNullable<Llm['providers']>[string];
type HealthConfig = NonNullable<Llm['health']>;
type ModelConfig = NonNullable<Llm['models']>[string];
type TargetConfig = Extract<ModelConfig, readonly unknown[]>[number];
type RouteConfig = NonNullable<Llm['routes']>[string];
type Identity = NonNullable<GatewayConfig['identity']>;

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
    // These kinds write the version into each path.
    if (provider.kind === 'gemini') return url.replace(/\/v1beta$/, '');
    return provider.kind === 'anthropic' ? url.replace(/\/v1$/, '') : url;
  }
  if (provider.kind === 'bedrock') return `https://bedrock-runtime.${provider.region ?? '{region}'}.amazonaws.com`;
  return {
    openai: 'https://api.openai.com/v1',
    anthropic: 'https://api.anthropic.com',
    gemini: 'https://generativelanguage.googleapis.com',
  }[provider.kind as 'openai' | 'anthropic' | 'gemini'];
};

const compileHealth = ({ unhealthy, evictFor, firstByte }: HealthConfig): CompiledHealth => ({
  unhealthy,
  evictForMs: toMilliseconds(evictFor ?? '30s'),
  ...(firstByte === undefined ? {} : { firstByteMs: toMilliseconds(firstByte) }),
});

const compileProvider = (
  provider: ProviderConfig,
  name: string,
  health: HealthConfig | undefined,
): CompiledLlmProvider => ({
  name,
  kind: provider.kind,
  baseUrl: baseUrlOf(provider),
  ...('region' in provider && provider.region !== undefined ? { region: provider.region } : {}),
  ...('credential' in provider && provider.credential !== undefined ? { credential: provider.credential } : {}),
  timeouts: {
    connectMs: toMilliseconds(provider.timeouts?.connect ?? '5s'),
    firstByteMs: toMilliseconds(provider.timeouts?.firstByte ?? '60s'),
    ...(provider.timeouts?.firstByte === undefined ? { wholeMs: toMilliseconds('10m') } : {}),
    idleMs: toMilliseconds(provider.timeouts?.idle ?? '120s'),
  },
  ...(health === undefined ? {} : { health: compileHealth(health) }),
});

/** `bedrock/a/b:0` → provider `bedrock`, model `a/b:0`. */
const toTarget = (target: string): ModelTarget => {
  const slash = target.indexOf('/');
  return { provider: target.slice(0, slash), model: target.slice(slash + 1) };
};

const toAliasTarget = (target: TargetConfig): AliasTarget => {
  if (typeof target === 'string') return toTarget(target);
  const { target: name, ...choice } = target;
  return { ...toTarget(name), ...present(choice) };
};

const compileModel = (model: ModelConfig): CompiledModel => {
  const { targets, authorization } = 'targets' in model ? model : { targets: model, authorization: undefined };
  return {
    targets: targets.map(toAliasTarget),
    ...(authorization === undefined ? {} : { authorization: { ...NO_RULES, ...present(authorization) } }),
  };
};

const compileRoute = (config: GatewayConfig, route: RouteConfig, path: string): CompiledLlmRoute => ({
  path,
  basePath: basePathOf(path),
  ...compileRoutePolicy(config, route),
  ...(route.provider === undefined ? {} : { provider: route.provider }),
  ...(route.model === undefined ? {} : { model: route.model }),
  ...(route.models === undefined ? {} : { models: route.models }),
  fallbacks: (route.fallbacks ?? []).map(toTarget),
  ...(route.enrich === undefined ? {} : { enrich: compileEnrich(route.enrich) }),
  ...(route.promptCaching === undefined ? {} : { promptCaching: { ...CACHING, ...present(route.promptCaching) } }),
});

const CACHING: CompiledPromptCaching = { system: true, tools: true, messages: false, minTokens: 1_024 };

const compileEnrich = ({ prepend, append }: NonNullable<RouteConfig['enrich']>): CompiledEnrich => {
  const compileMessage = ({ role, content }: NonNullable<typeof prepend>[number]): EnrichMessage => {
    if (typeof content !== 'string') throw new Error('a policy built in code has the texts of enrich in it, not files');
    return { role, text: content };
  };
  return { prepend: (prepend ?? []).map(compileMessage), append: (append ?? []).map(compileMessage) };
};

const claimsInLlm = (routes: readonly CompiledLlmRoute[], models: readonly CompiledModel[]): string[] => [
  ...routes.flatMap(claimsInRoute),
  ...claimsInConditions(models.flatMap(({ authorization = NO_RULES }) => rulesOf(authorization))),
  ...claimsInConditions(models.flatMap(({ targets }) => targets.flatMap(({ when }) => when ?? []))),
  ...routes
    .flatMap(({ enrich }) => [...(enrich?.prepend ?? []), ...(enrich?.append ?? [])])
    .flatMap(({ text }) => claimsInTemplate(text)),
];

const unique = (names: readonly string[]): string[] => [...new Set(names)];

const sortKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/**
 * Merges the defaults in and resolves names. Takes a policy that `loadGatewayConfig` has let pass, or one built in code of the
 * same type; the order of keys makes no difference to `version`.
 *
 * Errors: `CelError` for an expression, `TemplateError` for a placeholder, `OpenApiError` for a document that was not checked
 *         before.
 */
export const compilePolicy = (config: GatewayConfig): CompiledPolicy => {
  const routes = mapList(config.llm?.routes, (route, path) => compileRoute(config, route, path));
  const models = mapValues(config.llm?.models, compileModel);
  const llm: CompiledLlm = {
    endpoints: LLM_ENDPOINTS,
    providers: mapValues(config.llm?.providers, (provider, name) =>
      compileProvider(provider, name, config.llm?.health),
    ),
    models,
    routes,
    ...(config.llm?.tokenize === 'exact' ? { tokenize: 'exact' } : {}),
  };
  const mcp = compileMcp(config);
  const agents = compileAgents(config, { llm: routes, mcp: mcp.routes });
  const tokens = compileTokens(config, agents, mcp);
  const agentCore = compileAgentCore(config);
  const policy = {
    name: config.name,
    identity: {
      providers: mapList(config.identity?.providers, compileIdentityProvider),
      apiKeys: mapList(config.identity?.apiKeys, compileApiKey),
    },
    credentials: unique([
      ...Object.keys(config.credentials ?? {}),
      ...clientsOf(mcp),
      ...clientsOfAgents(agents),
      ...secretsOfTokens(tokens),
    ]),
    claimsUsed: unique([
      ...claimsInLlm(routes, Object.values(models)),
      ...claimsInMcp(mcp),
      ...claimsInAgents(agents),
    ]).sort(),
    llm,
    mcp,
    agents,
    ...(tokens === undefined ? {} : { tokens }),
    ...(agentCore === undefined ? {} : { agentCore }),
    prices: compilePrices(
      llm,
      mapValues(config.llm?.providers, ({ prices }) => prices),
    ),
  };
  const version = createHash('sha256').update(JSON.stringify(policy, sortKeys)).digest('hex').slice(0, 12);
  return { version, ...policy };
};
