import { isReservedClaim } from '../../config/reserved-claims.ts';
import { readPath } from '../identity/read-path.ts';

type Claims = Readonly<Record<string, unknown>>;

/** A path's last step names the claim in the new token: `org.team` becomes `team`, a claim named like a URL keeps its name. */
export const nameOfPath = (path: string): string =>
  path.includes('://') ? path : (path.split('.').findLast((step) => step !== '*') ?? path);

/** The claims that are allowed, where they are there: several values become a list. */
export const pickClaims = (claims: Claims, paths: readonly string[]): Claims =>
  Object.fromEntries(
    paths.flatMap((path) => {
      const values = readPath(claims, path);
      if (values.length === 0 || values[0] === undefined) return [];
      return [[nameOfPath(path), path.includes('*') ? values : values[0]]];
    }),
  );

/** Errors: an `Error` for claims that only the gateway itself says. */
export const checkClaimPaths = (client: string, paths: readonly string[]): void => {
  const reserved = paths.map(nameOfPath).filter(isReservedClaim);
  if (reserved.length > 0) throw new Error(`tokens of the client ${client} can't repeat ${reserved.join(', ')}`);
};
