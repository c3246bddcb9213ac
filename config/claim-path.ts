/**
 * The name that a claim has in a token of the gateway's own: the last step of the path where it was found. `org.team` becomes
 * `team`, `realm_access.roles` becomes `roles`, which is where policies and the gateway itself look; a claim that is named like
 * a URL keeps its name.
 */
export const claimNameOf = (path: string): string =>
  isUrl(path) ? path : (path.split('.').findLast((step) => step !== '*') ?? path);

const isUrl = (path: string): boolean => path.includes('://');
