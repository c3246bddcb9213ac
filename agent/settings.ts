import { type ClaimHeaders, readClaimHeaders } from './identity/claims-as-headers.ts';
import { readTrustedIssuers, type TrustedIssuer } from './identity/trusted-issuers.ts';

/** How the runtime is told who calls. */
export type InboundType = 'obo' | 'jwt-passthrough' | 'claims-as-headers';

/** What the deployment decides about this agent. No secret is among it. */
export interface AgentSettings {
  readonly name: string;
  readonly inbound: InboundType;
  readonly model: string;
  /** Base address of the models, with its `/v1`. */
  readonly llmUrl: string;
  /** Absent: the agent has no tools. */
  readonly mcpUrl?: string;
  /** For `claims-as-headers`. */
  readonly claimHeaders: ClaimHeaders;
  /** For `jwt-passthrough`. */
  readonly trustedIssuers: readonly TrustedIssuer[];
  /** How often the model may be asked for one invocation. */
  readonly maxTurns: number;
  readonly timeLimitMs: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const INBOUND: ReadonlyMap<string | undefined, InboundType> = new Map([
  ['obo', 'obo'],
  ['jwt-passthrough', 'jwt-passthrough'],
  ['claims-as-headers', 'claims-as-headers'],
]);

const MAX_TURNS = 12;
/** AgentCore ends an invocation after fifteen minutes: the agent says so before that. */
const TIME_LIMIT_MS = 14 * 60_000;

/**
 * The settings in the environment of a container.
 *
 * Errors: an `Error` that names the variable. Values are never repeated.
 */
export const readSettings = (env: Env): AgentSettings => {
  const inbound = INBOUND.get(env.INBOUND);
  if (inbound === undefined) throw new Error(`INBOUND has to be one of ${[...INBOUND.keys()].join(', ')}`);
  return {
    name: required(env, 'AGENT_NAME'),
    inbound,
    model: required(env, 'MODEL'),
    llmUrl: address('LLM_URL', required(env, 'LLM_URL')),
    ...(env.MCP_URL ? { mcpUrl: address('MCP_URL', env.MCP_URL) } : {}),
    claimHeaders: inbound === 'claims-as-headers' ? readClaimHeaders(required(env, 'CLAIM_HEADERS')) : {},
    trustedIssuers: inbound === 'jwt-passthrough' ? readTrustedIssuers(required(env, 'TRUSTED_ISSUERS')) : [],
    maxTurns: MAX_TURNS,
    timeLimitMs: TIME_LIMIT_MS,
  };
};

const required = (env: Env, name: string): string => {
  const value = env[name];
  if (!value) throw new Error(`not set in the environment: ${name}`);
  return value;
};

const address = (name: string, url: string): string => {
  const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (protocol !== 'https:' && protocol !== 'http:') throw new Error(`${name} is not a web address`);
  return url.replace(/\/$/, '');
};
