import { Refusal } from '../core/refusal.ts';

/** Why a token was not accepted. Goes to the log only: outside, all of them are `token_rejected`. */
export type RejectionReason =
  | 'malformed'
  | 'too-large'
  | 'algorithm'
  | 'kid'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not-yet-valid'
  | 'no-expiry'
  | 'no-subject'
  | 'signature'
  | 'sender-constrained'
  | 'unknown-api-key'
  | 'authorizer-context';

/** The refusal for a token that is not accepted. `facts` are names from our own configuration, nothing out of the token. */
export const tokenRejected = (
  reason: RejectionReason,
  facts: { readonly provider?: string } = {},
  cause?: unknown,
): Refusal => new Refusal('token_rejected', { reason, ...facts }, { cause });
