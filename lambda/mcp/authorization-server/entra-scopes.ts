/** Those of OpenID Connect belong to no application. */
const BARE: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

/**
 * Scopes as Entra wants them asked for: `api://<application>/mcp:read`, though its tokens say `mcp:read`, which is what the
 * policy and our challenges say too.
 */
export const entraScopes = (scope: string, audience: string): string =>
  scope
    .split(' ')
    .filter((one) => one !== '')
    .map((one) => (BARE.has(one) || one.includes('/') ? one : `${audience.replace(/\/$/, '')}/${one}`))
    .join(' ');
