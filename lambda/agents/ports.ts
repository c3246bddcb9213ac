import type { Clock } from '../core/clock.ts';
import type { ObservedPorts } from '../http/observed.ts';
import type { IssueToken } from '../issuing/issue-token.ts';
import type { OutboundAuthPorts } from '../outbound-auth/ports.ts';
import type { LimitCounter } from '../policy/limit-counter.ts';
import type { Send } from '../providers/send.ts';
import type { SignRequest } from '../providers/sign-request.ts';

/** Where the runtime of an agent answers. */
export interface RuntimeAddress {
  readonly arn: string;
  readonly qualifier: string;
  /** `https://bedrock-agentcore.<region>.amazonaws.com`, without a trailing slash. */
  readonly endpoint: string;
}

/** Everything outside that calls to agents need. */
export interface AgentPorts extends ObservedPorts {
  readonly counter: LimitCounter;
  readonly send: Send;
  readonly sign: SignRequest;
  /** Errors: `Refusal('agent_unavailable')` for one that is not deployed. */
  readonly runtimeOf: (agent: string) => Promise<RuntimeAddress>;
  /** Absent where the policy makes no token of its own. */
  readonly issueToken?: IssueToken;
  /** `iss` of the gateway's own tokens, which is its URL as callers see it. No trailing slash. */
  readonly issuer: string;
  /** For exchanges at identity providers. */
  readonly outbound: OutboundAuthPorts;
  /** 32 bytes that nobody else has: session ids are derived with it. */
  readonly sessionKey: () => Promise<Uint8Array>;
  /** From 0 up to 1: spreads retries. */
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
}
