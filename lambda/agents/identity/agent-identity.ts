import type { AgentCall } from '../../core/agent.ts';

/** What tells the runtime and the agent in it who calls. */
export interface ToldIdentity {
  readonly headers: Readonly<Record<string, string>>;
  /** Signed with the identity of this process; otherwise the headers have a token that the runtime verifies. */
  readonly isSigned: boolean;
}

/**
 * One inbound mode. Must make its headers from the verified principal and its token alone, and must never give a weaker
 * identity where the one that the policy asks for can't be had.
 *
 * Errors: `Refusal` with `identity_not_exchanged`, `identity_too_large`, `credential_unavailable` or `signing_unavailable`.
 */
export interface AgentIdentity {
  tell(call: AgentCall): Promise<ToldIdentity>;
}
