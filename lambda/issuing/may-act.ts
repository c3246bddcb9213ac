type Claims = Readonly<Record<string, unknown>>;

/** `nobody-named`: the subject says nothing of who may act, and what that means is the asker's to decide. */
export type MayAct = 'named' | 'nobody-named' | 'unreadable' | 'another-named';

/**
 * Whether a token's `may_act` names this actor, of which `actor` holds all claims that are known: `sub` and `iss` at least. By
 * itself `sub` is of the token's own issuer.
 *
 * Every member has to be the actor's own: one that we can't compare may be the one that rules it out.
 *
 * Source: RFC 8693 §4.4.
 */
export const mayAct = (actor: Claims, { may_act: named, iss }: Claims): MayAct => {
  if (named === undefined) return 'nobody-named';
  if (typeof named !== 'object' || named === null || Array.isArray(named)) return 'unreadable';
  const members = { iss, ...named };
  const isActors = ([name, value]: readonly [string, unknown]): boolean =>
    typeof value === 'string' && actor[name] === value;
  return 'sub' in members && Object.entries(members).every(isActors) ? 'named' : 'another-named';
};
