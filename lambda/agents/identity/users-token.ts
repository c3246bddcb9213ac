import type { Call } from '../../core/call.ts';
import { Refusal } from '../../core/refusal.ts';
import { type CallersToken, type NoCallersToken, readCallersToken } from '../../outbound-auth/callers-token.ts';

/** Errors: `Refusal('identity_not_exchanged')`, with the reason in the record. */
export const notExchanged = (reason: string): Refusal => new Refusal('identity_not_exchanged', { reason });

const FAULTS: Readonly<Record<Exclude<NoCallersToken, 'ended'>, string>> = {
  missing: 'no token of a user',
  unreadable: 'token unreadable',
  'another-issuer': 'token of another issuer',
  endless: 'token without an end',
};

/**
 * The caller's own token.
 *
 * Errors: `Refusal('identity_not_exchanged')` for callers without one: with an API key, or nobody. `Refusal('token_rejected')`
 * for one that has ended.
 */
export const usersToken = (call: Call, nowMs: number): CallersToken => {
  const read = readCallersToken(call, nowMs);
  if (read === 'ended') throw new Refusal('token_rejected', { reason: 'expired' });
  if (typeof read === 'string') throw notExchanged(FAULTS[read]);
  return read;
};
