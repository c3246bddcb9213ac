import { randomBytes } from 'node:crypto';
import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Clock } from '../../lambda/core/clock.ts';
import type { DemoUser } from '../demo-users.ts';
import { TOKEN_SECONDS, userClaims } from './claims.ts';
import type { SigningKey } from './key-file.ts';
import type { OwnTokens } from './own-tokens.ts';
import { OPENID_SCOPES, SCOPES } from './scopes.ts';
import { signToken } from './sign-token.ts';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'actor_token',
  'actor_token_type',
  'audience',
  'scope',
] as const;

type Parameters = { readonly [Name in (typeof PARAMETERS)[number]]?: string };

export interface TokenExchangeOptions {
  readonly issuer: string;
  /** Of the tokens that may be exchanged. */
  readonly audience: string;
  readonly users: readonly DemoUser[];
  readonly signingKey: SigningKey;
  readonly tokens: OwnTokens;
  readonly clock: Clock;
}

/**
 * Lets a service exchange a person's access token for one that another audience takes: the person stays `sub`, the service
 * becomes `cid`.
 *
 * Okta has an authorization server with an audience, scopes and an issuer of its own for each API; here one issuer stands for
 * all of them. Any audience will do, scopes are never more than the person's token had, and without `scope` all of those are
 * given, as by a server whose scopes are default ones.
 *
 * Source: RFC 8693 §2; Okta, "Set up OAuth 2.0 On-Behalf-Of Token Exchange".
 */
export const tokenExchange = (provider: Provider, options: TokenExchangeOptions): void => {
  const { issuer, audience, users, signingKey, tokens, clock } = options;
  provider.registerGrantType<Parameters>(
    TOKEN_EXCHANGE,
    async (ctx) => {
      const { params, client } = ctx.oidc;
      checkTypes(params);
      const target = params.audience;
      if (target === undefined || target === '' || target.length > 256)
        throw new errors.InvalidRequest("The 'audience' parameter is required.");

      const subject = await tokens.read(params.subject_token ?? '');
      const user = users.find(({ uid }) => uid === subject?.uid);
      // A service has no `uid`: nobody stands behind its token on whose behalf something could be done.
      if (subject?.exp === undefined || user === undefined || subject.aud !== audience)
        throw new errors.InvalidGrant('The subject token is invalid.');

      const held = Array.isArray(subject.scp) ? (subject.scp as string[]) : [];
      const scp = narrow(params.scope, held);
      const now = Math.floor(clock() / 1000);
      const frame = {
        jti: `AT.${randomBytes(24).toString('base64url')}`,
        iss: issuer,
        aud: target,
        iat: now,
        exp: Math.min(now + TOKEN_SECONDS, subject.exp),
        cid: client.clientId,
        scp,
      };
      const authTime = typeof subject.auth_time === 'number' ? subject.auth_time : now;
      ctx.body = {
        token_type: 'Bearer',
        expires_in: frame.exp - now,
        access_token: await signToken(signingKey, userClaims(frame, user, authTime)),
        scope: scp.join(' '),
        issued_token_type: ACCESS_TOKEN,
      };
    },
    PARAMETERS,
  );
};

const checkTypes = (params: Parameters): void => {
  if (params.subject_token_type !== ACCESS_TOKEN)
    throw new errors.InvalidRequest("The 'subject_token_type' must be an access token.");
  if (params.requested_token_type !== undefined && params.requested_token_type !== ACCESS_TOKEN)
    throw new errors.InvalidRequest("The 'requested_token_type' must be an access token.");
  if (params.actor_token !== undefined || params.actor_token_type !== undefined)
    throw new errors.InvalidRequest('Actor tokens are not supported.');
};

/** What is asked for and held; of what is not asked for, everything held that is for an API. */
const narrow = (scope: string | undefined, held: readonly string[]): readonly string[] => {
  const asked = scope?.split(' ').filter((one) => one !== '');
  const unknown = asked?.find((one) => !SCOPES.has(one));
  if (unknown !== undefined) {
    const message = 'One or more scopes are not configured for the authorization server resource.';
    throw new errors.InvalidScope(message, unknown);
  }
  const given = held.filter((one) => !OPENID_SCOPES.includes(one) && (asked?.includes(one) ?? true));
  if (given.length === 0) throw new errors.InvalidScope('The subject token has none of the scopes.', scope ?? '');
  return given;
};
