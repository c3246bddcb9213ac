/**
 * The name that a claim has in a token of the gateway's own: the last step of the path where it was found. `org.team` becomes
 * `team`, `realm_access.roles` becomes `roles`, which is where policies and the gateway itself look; a claim that is named like
 * a URL keeps its name.
 */
export const claimNameOf = (path: string): string =>
  isUrl(path) ? path : (path.split('.').findLast((step) => step !== '*') ?? path);

/**
 * The claims in which the value of a path may be: one that has it for its whole name, the one where it begins, and in a token of
 * the gateway's own the one that was made of it.
 */
export const claimsAt = (path: string): readonly string[] =>
  isUrl(path) ? [path] : [...new Set([path, path.split('.')[0] ?? path, claimNameOf(path)])];

const isUrl = (path: string): boolean => path.includes('://');
