import type { Clock } from '../core/clock.ts';
import type { Credentials } from '../core/credentials.ts';
import type { Send } from '../providers/send.ts';
import type { GuardUrl } from './guard-url.ts';

/** What outbound credentials are made with. */
export interface OutboundAuthPorts {
  readonly credentials: Credentials;
  /** Must connect with the `lookup` of the same guard. */
  readonly send: Send;
  readonly guardUrl: GuardUrl;
  readonly clock: Clock;
  /** Never the same twice: the `jti` of what we sign. */
  readonly newId: () => string;
  /** The gateway's own URL, which gives tokens too. No trailing slash. Absent where the policy has no need of them. */
  readonly ownIssuer?: string;
}
