import type { InboundType } from './settings.ts';

/** Who asks, as the answer says it. */
export interface Identity {
  readonly sub: string;
  readonly inbound: InboundType;
  /** Who acts for them, as their token says it: this agent. */
  readonly actor?: string;
}

/** Who asks, and the token with which models and tools are called for them. Printed or turned to JSON, it shows no token. */
export class Caller {
  readonly #token: string | undefined;

  constructor(
    readonly identity: Identity,
    token: string | undefined,
    /** What else is known of them, by the name that the policy gives it. */
    readonly claims: Readonly<Record<string, string>> = {},
  ) {
    this.#token = token;
  }

  /** For the clients of models and tools only. Absent: the agent may not act. */
  openToken(): string | undefined {
    return this.#token;
  }
}

/**
 * Learns from the headers of an invocation who asks.
 *
 * Errors: `AgentError('identity_rejected')`, `AgentError('identity_unavailable')`.
 */
export type ReadIdentity = (headers: Headers) => Promise<Caller>;
