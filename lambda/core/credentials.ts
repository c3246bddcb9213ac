import type { Hidden } from './hidden.ts';

/** Reads upstream secrets by the name they have under `credentials:`. Must never log or put a value in an error. */
export interface Credentials {
  /**
   * The secret's present value.
   *
   * Shape:  `fresh` skips every cache: used once, after an upstream answered 401, in case the secret was rotated.
   * Units:  cached for at most 60 seconds; when the store can't be reached a value read before is kept up to an hour.
   * Errors: `Refusal('credential_unavailable')` if there is no value to give.
   */
  read(name: string, options?: { readonly fresh?: boolean }): Promise<Hidden>;
}
