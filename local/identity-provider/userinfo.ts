import type { KoaContextWithOIDC } from 'oidc-provider';
import type { DemoUser } from '../demo-users.ts';
import { isLoopbackOrigin } from './clients.ts';
import type { OwnTokens } from './own-tokens.ts';

/** Whom OpenID Connect says a person is: `sub` is Okta's user id here, not the login that access tokens show. */
export const profileClaims = (user: DemoUser, scopes: ReadonlySet<string>) => ({
  sub: user.uid,
  ...(scopes.has('profile') && { name: user.displayName, preferred_username: user.login }),
  ...(scopes.has('email') && { email: user.email, email_verified: true }),
});

/** `/v1/userinfo`: the library's own takes only tokens without an audience, and Okta's have one. */
export const userinfo =
  (tokens: OwnTokens, users: readonly DemoUser[]) => async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    if (ctx.path !== '/v1/userinfo' || (ctx.method !== 'GET' && ctx.method !== 'POST')) return next();
    const origin = ctx.get('origin');
    if (isLoopbackOrigin(origin)) ctx.set('access-control-allow-origin', origin);
    ctx.set('cache-control', 'no-store');
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(ctx.get('authorization')) ?? [];
    const claims = token === undefined ? undefined : await tokens.read(token);
    const scopes = new Set(Array.isArray(claims?.scp) ? (claims.scp as string[]) : []);
    const user = users.find(({ uid }) => uid === claims?.uid);
    if (user === undefined) return refuse(ctx, 401, 'invalid_token', 'The access token is invalid.');
    if (!scopes.has('openid')) return refuse(ctx, 403, 'insufficient_scope', 'The access token must have openid.');
    ctx.body = profileClaims(user, scopes);
  };

const refuse = (ctx: KoaContextWithOIDC, status: number, error: string, description: string): void => {
  ctx.status = status;
  ctx.set('www-authenticate', `Bearer error="${error}", error_description="${description}"`);
  ctx.body = '';
};
