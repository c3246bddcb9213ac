import type { CompiledRoute, IdentityKind } from './compiled.ts';

/** An agent in AgentCore. `path` is `/agents/<name>`, or `/a2a/<name>`. */
export interface CompiledAgent extends CompiledRoute {
  readonly name: string;
  readonly protocol: 'http' | 'a2a';
  /** Whether `POST /invoke` is this one. */
  readonly isDefault: boolean;
  readonly runtime: CompiledRuntime;
  readonly inbound: CompiledInbound;
  /** The token with which the agent calls models and tools as the caller. Absent: it gets none. */
  readonly obo?: CompiledObo;
  /** The model that a deployed agent asks for. */
  readonly model: string;
  /** Paths of this gateway that a deployed agent calls: the base path of models, the endpoint of tools. */
  readonly reaches: { readonly llm?: string; readonly mcp?: string };
  /** Where a deployed agent sends its traces. Absent: nowhere. */
  readonly traces?: { readonly endpoint: string; readonly content: boolean };
  readonly timeouts: { readonly connectMs: number; readonly firstByteMs: number; readonly idleMs: number };
  readonly newSessionsPerSecond: number;
}

export type CompiledRuntime =
  /** `qualifier`, of either: the endpoint that is called. */
  | { readonly type: 'source'; readonly folder: string; readonly qualifier: string }
  | { readonly type: 'arn'; readonly arn: string; readonly qualifier: string };

/**
 * How the runtime is told who calls. A runtime takes one kind of caller: `obo` is its JWT mode, the others are SigV4.
 * Source: reference of AgentCore Runtime, "Inbound authorization".
 */
export type CompiledInbound =
  | { readonly type: 'obo' }
  | { readonly type: 'jwt-passthrough' }
  /** Place in the principal (`sub`, `scopes`, … or a path of a claim) → the end of the header's name. */
  | { readonly type: 'claims-as-headers'; readonly claims: Readonly<Record<string, string>> };

export type CompiledObo =
  | {
      readonly issuer: 'gatehouse';
      /** `act.sub`. */
      readonly actor: string;
      /** The most it may have. Absent: what the caller has. */
      readonly scopes?: readonly string[];
      readonly subjectClaims: readonly string[];
      readonly lifetimeSeconds: number;
    }
  | {
      readonly issuer: 'provider';
      /** The identity provider, by its name in the policy. */
      readonly provider: string;
      readonly kind: IdentityKind;
      readonly tokenUrl: string;
      /** Its discovery document is what the runtime trusts. */
      readonly providerIssuer: string;
      readonly audience: string;
      readonly scopes: readonly string[];
      readonly client: string;
      /** What tells a token that was exchanged from a person's own. There where the runtime verifies it. */
      readonly clientClaim?: { readonly name: string; readonly value: string };
      readonly grant: 'token-exchange' | 'jwt-bearer';
    };
