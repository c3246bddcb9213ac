import { randomBytes } from 'node:crypto';
import Provider, { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { DemoUser } from '../demo-users.ts';
import { serviceClaims, TOKEN_SECONDS, type TokenFrame, userClaims } from './claims.ts';
import { clientsWith, isLoopbackOrigin, isLoopbackRedirect } from './clients.ts';
import { API, consentRules, type FindUser } from './consent.ts';
import type { LocalIdentity } from './key-file.ts';
import { logoutPage, messagePage, PAGE_HEADERS } from './pages.ts';
import { SCOPES } from './scopes.ts';
import { SIGN_IN_PATH } from './sign-in.ts';
import { profileClaims } from './userinfo.ts';

export interface ProviderOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly users: readonly DemoUser[];
  readonly identity: LocalIdentity;
  readonly store: NonNullable<Configuration['adapter']>;
}

/** oidc-provider, set up to answer as an Okta custom authorization server does. Knows nothing of ports or hosts. */
export const createProvider = ({ issuer, audience, users, identity, store }: ProviderOptions): Provider => {
  const findUser: FindUser = (uid) => users.find((user) => user.uid === uid);
  const { policy, loadExistingGrant } = consentRules(findUser);
  const path = new URL(issuer).pathname;
  const cookie = { httpOnly: true, sameSite: 'lax', path } as const;

  const provider = new Provider(issuer, {
    adapter: store,
    jwks: { keys: [identity.signingKey] },
    clients: clientsWith(identity.serviceSecret),
    clientBasedCORS: (_ctx, origin) => isLoopbackOrigin(origin),
    allowOmittingSingleRegisteredRedirectUri: false,
    scopes: [...SCOPES.keys()],
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    claims: {
      openid: ['sub', 'auth_time', 'amr'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    cookies: {
      // Cookies know hosts, not ports: these names must not meet those of another program on this machine.
      names: { session: 'local_idp_session', interaction: 'local_idp_signin', resume: 'local_idp_resume' },
      keys: [randomBytes(32).toString('base64url')],
      long: cookie,
      short: { httpOnly: true, sameSite: 'lax' },
    },
    routes: ROUTES,
    ttl: TTL,
    interactions: { policy, url: (_ctx, interaction) => `${path}${SIGN_IN_PATH}/${interaction.uid}` },
    loadExistingGrant,
    findAccount: (_ctx, uid) => {
      const user = findUser(uid);
      if (user === undefined) return undefined;
      return { accountId: uid, claims: (_use, scope) => profileClaims(user, new Set(scope.split(' '))) };
    },
    rotateRefreshToken: true,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async (_ctx, client, token) => isOwn(client, token) },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => showPage(ctx, logoutPage(form)),
        postLogoutSuccessSource: (ctx) => showPage(ctx, messagePage('Signed out', 'You can close this page.')),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (ctx) => {
          keepOfflineAccess(ctx);
          return API;
        },
        useGrantedResource: async () => true,
        getResourceServerInfo: async (ctx) => {
          checkScopes(ctx);
          return {
            audience,
            scope: [...SCOPES.keys()].join(' '),
            accessTokenTTL: TOKEN_SECONDS,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          };
        },
      },
    },
    formats: {
      customizers: {
        jwt: (ctx, token, parts) => {
          const { jti, iss, aud, iat, exp } = parts.payload as unknown as TokenFrame;
          const cid = token.clientId ?? '';
          const frame = { jti: `AT.${jti}`, iss, aud, iat, exp, cid, scp: token.scope?.split(' ') ?? [] };
          const user = token.kind === 'AccessToken' ? findUser(token.accountId) : undefined;
          // Okta's access tokens carry no `typ`.
          parts.header = { typ: undefined };
          parts.payload = user === undefined ? serviceClaims(frame) : userClaims(frame, user, authTime(ctx) ?? iat);
        },
      },
    },
    renderError: (ctx, out) => showPage(ctx, messagePage('That did not work', out.error_description ?? out.error)),
  });

  provider.Client.prototype.redirectUriAllowed = isLoopbackRedirect;
  provider.Client.prototype.postLogoutRedirectUriAllowed = isLoopbackRedirect;
  return provider;
};

/** Where Okta has them, below the issuer. */
const ROUTES = {
  authorization: '/v1/authorize',
  token: '/v1/token',
  jwks: '/v1/keys',
  userinfo: '/v1/userinfo',
  introspection: '/v1/introspect',
  revocation: '/v1/revoke',
  end_session: '/v1/logout',
} as const;

/** In seconds. */
const TTL = {
  AccessToken: TOKEN_SECONDS,
  ClientCredentials: TOKEN_SECONDS,
  IdToken: TOKEN_SECONDS,
  AuthorizationCode: 60,
  Interaction: 3600,
  Session: 12 * 3600,
  Grant: 14 * 24 * 3600,
  RefreshToken: 14 * 24 * 3600,
} as const;

/** A public client may look at its own tokens only; one that has proved itself, at any. */
const isOwn = (
  client: { clientAuthMethod?: string | undefined; clientId: string },
  token: { clientId?: string | undefined },
) => client.clientAuthMethod !== 'none' || token.clientId === client.clientId;

const authTime = (ctx: KoaContextWithOIDC): number | undefined =>
  ctx.oidc.authorizationCode?.authTime ?? ctx.oidc.refreshToken?.authTime;

/** The library drops `offline_access` without `prompt=consent`; Okta does not. */
const keepOfflineAccess = ({ oidc, query }: KoaContextWithOIDC): void => {
  if (oidc.route !== 'authorization' || oidc.params === undefined) return;
  const asked = String(query.scope ?? '').split(' ');
  if (!asked.includes('offline_access') || oidc.requestParamScopes.has('offline_access')) return;
  oidc.params.scope = [...oidc.requestParamScopes, 'offline_access'].join(' ');
};

/** The library ignores scopes it does not know and grants none when none is asked for; Okta refuses both. */
const checkScopes = ({ oidc }: KoaContextWithOIDC): void => {
  const scopes = [...oidc.requestParamScopes].filter((scope) => scope !== '');
  const unknown = scopes.find((scope) => !SCOPES.has(scope));
  if (unknown !== undefined) {
    const message = 'One or more scopes are not configured for the authorization server resource.';
    throw new errors.InvalidScope(message, unknown);
  }
  const mustAsk = oidc.route === 'authorization' || oidc.params?.grant_type === 'client_credentials';
  if (mustAsk && scopes.length === 0) {
    throw new errors.InvalidScope("The authorization server has no default scopes, 'scope' must be provided.", '');
  }
};

const showPage = (ctx: KoaContextWithOIDC, html: string): void => {
  ctx.set({ ...PAGE_HEADERS });
  ctx.body = html;
};
