import type { CompiledTokenClient } from '../../config/compiled-tokens.ts';
import type { Principal } from '../core/principal.ts';
import { tokenRefusal } from './oauth-error.ts';

/**
 * Whether the subject lets the actor act for it. Every member of `may_act` has to be the actor's: one that we can't read may be
 * the one that rules it out.
 *
 * Source: RFC 8693 §4.4.
 */
export const checkMayAct = (
  subject: Principal,
  actor: Principal | undefined,
  { mayAct }: Pick<CompiledTokenClient, 'mayAct'>,
): void => {
  const { may_act: named } = subject.claims;
  if (named === undefined) {
    if (mayAct === 'required' && actor !== undefined) throw tokenRefusal('actor-not-allowed', { reason: 'no-may-act' });
    return;
  }
  if (actor === undefined) throw tokenRefusal('actor-not-allowed', { reason: 'may-act-without-actor' });
  if (typeof named !== 'object' || named === null || Array.isArray(named))
    throw tokenRefusal('actor-not-allowed', { reason: 'may-act-unreadable' });
  const { sub, iss, ...others } = named as Record<string, unknown>;
  const own = { sub: actor.claims.sub, iss: iss === undefined ? subject.issuer : iss };
  const isNamed =
    typeof sub === 'string' &&
    sub === own.sub &&
    own.iss === actor.issuer &&
    Object.entries(others).every(([name, value]) => typeof value === 'string' && actor.claims[name] === value);
  if (!isNamed) throw tokenRefusal('actor-not-allowed', { reason: 'may-act' });
};
