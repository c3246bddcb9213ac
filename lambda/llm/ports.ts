import type { Clock } from '../core/clock.ts';
import type { Credentials } from '../core/credentials.ts';
import type { Principal } from '../core/principal.ts';
import type { Identify } from '../identity/identify.ts';
import type { LimitCounter } from '../policy/limit-counter.ts';
import type { ProviderHealth } from '../providers/provider-health.ts';
import type { Send } from '../providers/send.ts';
import type { SignRequest } from '../providers/sign-request.ts';
import type { Records } from '../telemetry/record.ts';

/** What the app needs of the world. */
export interface LlmPorts {
  readonly identify: Identify;
  readonly counter: LimitCounter;
  readonly credentials: Credentials;
  readonly send: Send;
  /** Absent where this process has no identity in AWS. */
  readonly sign?: SignRequest;
  readonly health: ProviderHealth;
  readonly records: Records;
  readonly clock: Clock;
  readonly newId: () => string;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Takes the stack of a bug. Callers never see it. */
  readonly logBug: (id: string, error: unknown) => void;
}

/** What whoever received the request knows besides it. None of it can be sent by a caller. */
export interface GatewayEnv {
  /** Whom an authorizer in front has established; absent means that the app verifies the token itself. */
  readonly principal?: Principal;
  readonly ip: string;
  /** When the call must have ended, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** How many `authorization` headers came in. */
  readonly rawAuthorizationCount: number;
}
