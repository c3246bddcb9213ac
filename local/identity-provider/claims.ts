import type { DemoUser } from '../demo-users.ts';

/** How long access tokens live in an Okta custom authorization server unless its rule says otherwise. */
export const TOKEN_SECONDS = 3600;

/** What every access token of an Okta custom authorization server holds, whoever it is for. Times in seconds. */
export interface TokenFrame {
  readonly jti: string;
  readonly iss: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly cid: string;
  readonly scp: readonly string[];
}

/**
 * A person's access token: `sub` is the login, `uid` the stable id, and the last four are custom claims of the server.
 * Source: Okta, "OpenID Connect & OAuth 2.0", access token payload.
 */
export const userClaims = (frame: TokenFrame, user: DemoUser, authTime: number) => ({
  ver: 1,
  ...frame,
  uid: user.uid,
  auth_time: authTime,
  sub: user.login,
  groups: user.groups,
  roles: user.roles,
  email: user.email,
  team: user.team,
});

/** A service's own token (client credentials): nobody signed in, so there is no `uid` and no `auth_time`. */
export const serviceClaims = (frame: TokenFrame) => ({ ver: 1, ...frame, sub: frame.cid });
