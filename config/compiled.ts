import type { CompiledAgentCore } from './compiled-agent-core.ts';
import type { CompiledAgent } from './compiled-agents.ts';
import type { CompiledMcp } from './compiled-mcp.ts';
import type { CompiledPrices } from './compiled-prices.ts';
import type { CompiledTokens } from './compiled-tokens.ts';

/**
 * The policy as it ships in the bundles: what `gateway.yaml` says with defaults merged in and names resolved.
 * Plain JSON. CEL stays text here and is compiled once when a Lambda starts; it was checked when this was made.
 */
export interface CompiledPolicy {
  /** First 12 hex digits of the SHA-256 of the rest: which policy decided, for the record and for cache keys. */
  readonly version: string;
  readonly name: string;
  readonly identity: CompiledIdentity;
  /** Names under `credentials:`, and of clients at identity providers that servers are called through. */
  readonly credentials: readonly string[];
  /** Claims that any expression of the policy reads: all that the authorizer needs to hand on. */
  readonly claimsUsed: readonly string[];
  readonly llm: CompiledLlm;
  readonly mcp: CompiledMcp;
  readonly agents: readonly CompiledAgent[];
  /** Absent: no token is made here, and nothing for it is deployed. */
  readonly tokens?: CompiledTokens;
  readonly agentCore?: CompiledAgentCore;
  /** What the models cost that the policy can reach. */
  readonly prices: CompiledPrices;
}

export interface CompiledIdentity {
  readonly providers: readonly CompiledIdentityProvider[];
  readonly apiKeys: readonly CompiledApiKey[];
}

/** `gatehouse`: this gateway itself, for the tokens that it makes. No policy names it. */
export type IdentityKind = 'okta' | 'auth0' | 'entra' | 'keycloak' | 'oidc' | 'gatehouse';

export interface CompiledIdentityProvider {
  readonly name: string;
  readonly kind: IdentityKind;
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Where the keys are, if not where `kind` has them. */
  readonly jwksUri?: string;
  /** JWS algorithms accepted from this issuer. */
  readonly algorithms: readonly string[];
  readonly clockSkewSeconds: number;
  /** Paths of claims (dots between) that differ from the kind's own. */
  readonly claims: Partial<Record<'sub' | 'clientId' | 'scopes' | 'roles' | 'groups', string>>;
}

export interface CompiledApiKey {
  readonly name: string;
  /** Lower-case hex of the key's SHA-256. */
  readonly sha256: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}

export type AuthMode = 'strict' | 'optional' | 'none';

/** What every route has, whatever it serves. */
export interface CompiledRoute {
  /** As written: `/anthropic`. */
  readonly path: string;
  readonly auth: AuthMode;
  readonly authorization: CompiledAuthorization;
  readonly rateLimits: readonly CompiledRateLimit[];
  readonly limitsFailure: 'closed' | 'open';
}

export interface CompiledAuthorization {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly require: readonly string[];
  /** What no rules at all mean. */
  readonly default: 'allow' | 'deny';
}

export interface CompiledRateLimit {
  readonly name: string;
  /** CEL expressions whose values, together, are the key. */
  readonly per: readonly string[];
  readonly requests: number;
  readonly windowSeconds: number;
}

export interface CompiledLlm {
  readonly providers: Readonly<Record<string, CompiledLlmProvider>>;
  readonly models: Readonly<Record<string, CompiledModel>>;
  readonly routes: readonly CompiledLlmRoute[];
  /** What each route serves, below its base path. */
  readonly endpoints: readonly { readonly method: string; readonly path: string }[];
  /** Texts for models whose vocabulary is known are counted with it. Absent: estimated. */
  readonly tokenize?: 'exact';
}

export type LlmProviderKind = 'openai' | 'anthropic' | 'gemini' | 'bedrock' | 'openai-compatible';

export interface CompiledLlmProvider {
  readonly name: string;
  readonly kind: LlmProviderKind;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Of Bedrock, if not the deployment's own. */
  readonly region?: string;
  readonly credential?: string;
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstByteMs: number;
    /** Until the first byte of an answer that does not stream: nothing of it comes before all of it is thought. Absent: as `firstByteMs`. */
    readonly wholeMs?: number;
    readonly idleMs: number;
  };
  /** When its models are left out for a while; absent: never. The same for every provider of the policy. */
  readonly health?: CompiledHealth;
}

export interface CompiledHealth {
  /** CEL over `response` and `llm`. */
  readonly unhealthy: string;
  /** The first time; doubles with repetition. */
  readonly evictForMs: number;
  /** Of a streamed call that has another target left, at most. */
  readonly firstByteMs?: number;
}

export interface ModelTarget {
  readonly provider: string;
  readonly model: string;
}

/** An alias. */
export interface CompiledModel {
  /** Tried in order. */
  readonly targets: readonly AliasTarget[];
  /** On top of the route's. */
  readonly authorization?: CompiledAuthorization;
}

export interface AliasTarget extends ModelTarget {
  /** Neighbours with a weight share their place: one is drawn, the others follow in order. */
  readonly weight?: number;
  /** CEL; the target is left out unless it is true. */
  readonly when?: string;
}

export interface CompiledLlmRoute extends CompiledRoute {
  /** Where its endpoints are: `/anthropic/v1`, and `/v1` for the route `/v1`. */
  readonly basePath: string;
  /** Either the one provider whose model names callers use … */
  readonly provider?: string;
  /** The provider's model for every call, whatever the caller asks for. */
  readonly model?: string;
  /** … or what callers may ask for: aliases, and `provider/model` in which `*` stands for anything. */
  readonly models?: readonly string[];
  /** Tried in order after the provider. */
  readonly fallbacks: readonly ModelTarget[];
  readonly enrich?: CompiledEnrich;
  /** Absent: no mark is set but the caller's own. */
  readonly promptCaching?: CompiledPromptCaching;
}

/** Messages around every call of a route. */
export interface CompiledEnrich {
  readonly prepend: readonly EnrichMessage[];
  readonly append: readonly EnrichMessage[];
}

export interface EnrichMessage {
  readonly role: 'system' | 'user' | 'assistant';
  /** Files are read in, placeholders such as `{{principal.sub}}` still stand. */
  readonly text: string;
}

/** Where the gateway tells a provider that takes such marks to cache a prompt. */
export interface CompiledPromptCaching {
  readonly system: boolean;
  readonly tools: boolean;
  readonly messages: boolean;
  /** A mark is set where at least so many tokens, estimated, stand before it. */
  readonly minTokens: number;
}
