import type { Principal } from '../core/principal.ts';

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
