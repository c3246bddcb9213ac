import type { CompiledTokenClient } from '../../config/compiled-tokens.ts';
import type { Principal } from '../core/principal.ts';
import { type MayAct, mayAct } from '../issuing/may-act.ts';
import { tokenRefusal } from './oauth-error.ts';

const REASONS: Readonly<Record<Exclude<MayAct, 'named'>, string>> = {
  'nobody-named': 'no-may-act',
  unreadable: 'may-act-unreadable',
  'another-named': 'may-act',
};

/** Refuses an actor that the subject, by its `may_act`, does not let act for it; and one unnamed, where the client asks for a name. */
export const checkMayAct = (
  subject: Principal,
  actor: Principal | undefined,
  client: Pick<CompiledTokenClient, 'mayAct'>,
): void => {
  if (actor === undefined) {
    if (subject.claims.may_act === undefined) return;
    throw tokenRefusal('actor-not-allowed', { reason: 'may-act-without-actor' });
  }
  const ruling = mayAct({ ...actor.claims, iss: actor.issuer }, subject.claims);
  if (ruling === 'named' || (ruling === 'nobody-named' && client.mayAct === 'honoured')) return;
  throw tokenRefusal('actor-not-allowed', { reason: REASONS[ruling] });
};
