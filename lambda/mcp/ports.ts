import type { ObservedPorts } from '../http/observed.ts';
import type { LimitCounter } from '../policy/limit-counter.ts';
import type { CatalogStore } from '../targets/catalog-store.ts';
import type { McpTarget } from '../targets/target.ts';
import type { ProviderPorts } from './authorization-server/ask-provider.ts';
import type { GuardArguments, GuardResult } from './guards.ts';
import type { BaseUrl } from './public-urls.ts';

/** What the app needs of the world. */
export interface McpPorts extends ObservedPorts {
  readonly counter: LimitCounter;
  /** One for each server of the policy: see `createTargets`. */
  readonly targets: ReadonlyMap<string, McpTarget>;
  readonly catalogStore: CatalogStore;
  /**
   * 32 random bytes or more, the same in all processes: signs cursors and seals what clients carry between two requests.
   *
   * Errors: `Refusal('credential_unavailable')`.
   */
  readonly stateKey: () => Promise<Uint8Array>;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly guards?: { readonly arguments: readonly GuardArguments[]; readonly result: readonly GuardResult[] };
  /** Host names under which the gateway is reached, without ports. Absent: what is in front sees to that. */
  readonly ownHosts?: readonly string[];
  /** Where clients have this gateway. Absent: at the root of the host that they call. */
  readonly baseUrl?: BaseUrl;
  /** For routes whose clients get their tokens through the gateway. Absent: there are none. */
  readonly authorization?: ProviderPorts;
  /** Absent: 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Of a list. Absent: 1,000. */
  readonly pageSize?: number;
}

/** What a 401 or 403 asks for (RFC 6750 §3, RFC 9728 §5.1). */
export interface Challenge {
  readonly route: string;
  /** The whole URL of the request. */
  readonly url: string;
  readonly error?: 'invalid_token' | 'insufficient_scope';
  /** All that the call needs beyond what the token has. */
  readonly scopes?: readonly string[];
  /** What the token has. */
  readonly held?: readonly string[];
}
