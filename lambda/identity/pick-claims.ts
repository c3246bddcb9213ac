import { claimNameOf } from '../../config/claim-path.ts';
import { readPath } from './read-path.ts';

type Claims = Readonly<Record<string, unknown>>;

/**
 * The claims at these paths, where they are there, each by its one name. A path with `*` gives one list of all that it finds:
 * lists of roles become a list of roles.
 */
export const pickClaims = (claims: Claims, paths: readonly string[]): Claims =>
  Object.fromEntries(
    paths.flatMap((path) => {
      const values = readPath(claims, path);
      if (values[0] === undefined) return [];
      return [[claimNameOf(path), path.includes('*') ? values.flat() : values[0]]];
    }),
  );
