import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../../lambda/core/clock.ts';
import type { Caller } from '../tool.ts';

export const SLACK_AUDIENCE = 'api://slack';

/** Whose tokens the server takes. */
export interface SlackIssuers {
  /** The local identity provider. */
  readonly identity: string;
  /** The gateway, for its own tokens. */
  readonly gateway: string;
}

interface Trusted {
  readonly issuer: string;
  readonly keys: ReturnType<typeof createRemoteJWKSet>;
  /** Who is signed in and who acts for them; nobody in a service's own token. */
  readonly read: (payload: JWTPayload) => Caller | undefined;
}

/**
 * Takes an access token that is for this server and for a person, of the local identity provider or of the gateway: what was
 * got in exchange for the caller's own, never that one.
 */
export const verifyPerson = (
  { identity, gateway }: SlackIssuers,
  clock: Clock,
): ((request: Request) => Promise<Caller | Response>) => {
  const keysAt = (url: string) => createRemoteJWKSet(new URL(url));
  const trusted: readonly Trusted[] = [
    { issuer: identity, keys: keysAt(`${identity}/v1/keys`), read: asOkta },
    { issuer: gateway, keys: keysAt(`${gateway}/.well-known/jwks.json`), read: asGatehouse },
  ];
  return async (request) => {
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
    if (token === undefined) return refuse('');
    for (const { issuer, keys, read } of trusted) {
      const checks = { issuer, audience: SLACK_AUDIENCE, algorithms: ['RS256'], currentDate: new Date(clock()) };
      const verified = await jwtVerify(token, keys, checks).catch(() => undefined);
      const caller = verified === undefined ? undefined : read(verified.payload);
      if (caller !== undefined) return caller;
    }
    return refuse(', error="invalid_token"');
  };
};

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** A service's own token has no `uid`. */
const asOkta = ({ sub, uid, cid }: JWTPayload): Caller | undefined =>
  isText(sub) && isText(uid) ? { sub, ...(isText(cid) ? { actor: cid } : {}) } : undefined;

/** RFC 8693 §4.1: whoever acts now is outermost. */
const asGatehouse = ({ sub, act, client_id: client }: JWTPayload): Caller | undefined => {
  const actor = (act as { readonly sub?: unknown } | undefined)?.sub ?? client;
  return isText(sub) ? { sub, ...(isText(actor) ? { actor } : {}) } : undefined;
};

const refuse = (error: string): Response =>
  new Response(JSON.stringify({ ok: false, error: 'not_authed' }), {
    status: 401,
    headers: { 'content-type': 'application/json', 'www-authenticate': `Bearer realm="slack"${error}` },
  });
