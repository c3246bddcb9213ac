import { claimNameOf } from '../../config/claim-path.ts';
import type { Principal } from '../core/principal.ts';
import { readPath } from './read-path.ts';

type Claims = Readonly<Record<string, unknown>>;
type Known = Pick<Principal, 'issuer' | 'claims'>;

/** A token of the gateway's own has by its name what an identity provider had at the path: agents that call agents keep it. */
const placeIn = ({ issuer }: Known, path: string, ownIssuer: string): string =>
  issuer === ownIssuer ? claimNameOf(path) : path;

/** The values at a path of a principal's claims: see `readPath`. */
export const valuesAt = (principal: Known, path: string, ownIssuer: string): readonly unknown[] =>
  readPath(principal.claims, placeIn(principal, path, ownIssuer));

/**
 * The claims at these paths, where they are there, each by its one name. A path with `*` gives one list of all that it finds:
 * lists of roles become a list of roles.
 */
export const pickClaims = (principal: Known, paths: readonly string[], ownIssuer: string): Claims =>
  Object.fromEntries(
    paths.flatMap((path) => {
      const values = valuesAt(principal, path, ownIssuer);
      if (values[0] === undefined) return [];
      return [[claimNameOf(path), placeIn(principal, path, ownIssuer).includes('*') ? values.flat() : values[0]]];
    }),
  );
