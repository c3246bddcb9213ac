import type { Credentials } from '../core/credentials.ts';
import type { ObservedPorts } from '../http/observed.ts';
import type { FetchJson } from '../identity/fetch-json.ts';
import type { IssueToken } from '../issuing/issue-token.ts';
import type { SigningKeys } from '../issuing/signing-keys.ts';

/** Tokens that are taken once only, shared by all processes. Must not answer from a cache. */
export interface UsedTokens {
  /**
   * Notes the use of a token, until it ends anyway.
   *
   * Shape:  `key` is a hash; `untilMs` in milliseconds since the epoch. Answers whether it is the first use.
   * Errors: `Refusal('limits_unavailable')` if the store does not answer in time: then it is not taken.
   */
  use(key: string, untilMs: number): Promise<boolean>;
}

/** Everything outside that the token endpoint needs. */
export interface TokenPorts extends Omit<ObservedPorts, 'identify'> {
  readonly keys: SigningKeys;
  readonly issueToken: IssueToken;
  /** `iss`, which is the gateway's URL as clients see it. No trailing slash. */
  readonly issuer: string;
  /** Client secrets. */
  readonly credentials: Credentials;
  readonly fetchJson: FetchJson;
  readonly usedTokens: UsedTokens;
}
