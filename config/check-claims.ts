import { claimNameOf } from './claim-path.ts';
import { type Finding, finding, showPath } from './problem.ts';
import { isReservedClaim } from './reserved-claims.ts';
import { type Selected, select, selectText } from './select.ts';

type Claim = Selected & { readonly value: string };

/** What can be done wherever a name is taken: paths have no other. */
const ELSEWHERE = 'leave it out, or have its issuer put it under another name';

/** A token's claims come from one list, or from two: each has a name of its own. */
const LISTS: readonly (readonly [places: string, keys: readonly string[]])[] = [
  ['agents.*.obo', ['subjectClaims']],
  ['tokens.clients.*', ['subjectClaims', 'actorClaims']],
];

const checkReserved = (claims: readonly Claim[]): readonly Finding[] =>
  claims.flatMap((claim) => {
    const name = claimNameOf(claim.value);
    if (name === '*') return [finding(claim.path, 'names no claim: expected one, or a path that ends in one')];
    if (!isReservedClaim(name)) return [];
    const as = name === claim.value ? 'is' : `becomes ${name},`;
    return [
      finding(claim.path, `${as} a claim that the gateway itself sets, or by which others judge a token: ${ELSEWHERE}`),
    ];
  });

const checkTwice = (claims: readonly Claim[]): readonly Finding[] =>
  claims.flatMap((claim, index) => {
    const name = claimNameOf(claim.value);
    const first = claims.slice(0, index).find(({ value }) => claimNameOf(value) === name);
    return first === undefined
      ? []
      : [finding(claim.path, `becomes ${name}, as ${showPath(first.path)} does: ${ELSEWHERE}`)];
  });

/** Where the subject has none, a workload's would become the person's at this gateway. */
const checkActorClaims = (root: unknown): readonly Finding[] =>
  selectText(root, 'tokens.clients.*.actorClaims.*').flatMap((claim) => {
    const name = claimNameOf(claim.value);
    if (name !== 'groups' && name !== 'roles') return [];
    return [finding(claim.path, `${name} say what the subject may do, and the actor's are not theirs: leave them out`)];
  });

/** Claims that the gateway's own tokens repeat. */
export const checkClaims = (root: unknown): readonly Finding[] => [
  ...LISTS.flatMap(([places, keys]) => select(root, places).map((place) => ({ place, keys }))).flatMap(
    ({ place, keys }) => {
      const claims = keys.flatMap((key) =>
        selectText(place.value, `${key}.*`).map(({ path, value }) => ({ path: [...place.path, ...path], value })),
      );
      return [...checkReserved(claims), ...checkTwice(claims)];
    },
  ),
  ...checkActorClaims(root),
];
