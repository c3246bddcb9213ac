import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Clock } from '../../../lambda/core/clock.ts';
import type { Caller } from '../tool.ts';

export const SLACK_AUDIENCE = 'api://slack';

/**
 * Takes an access token of the local identity provider that is for this server and for a person: what the gateway got in
 * exchange for the caller's own, never that one.
 */
export const verifyPerson = (issuer: string, clock: Clock): ((request: Request) => Promise<Caller | Response>) => {
  const keys = createRemoteJWKSet(new URL(`${issuer}/v1/keys`));
  return async (request) => {
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
    if (token === undefined) return refuse('');
    const checks = { issuer, audience: SLACK_AUDIENCE, algorithms: ['RS256'], currentDate: new Date(clock()) };
    const verified = await jwtVerify(token, keys, checks).catch(() => undefined);
    const { sub, uid, cid } = verified?.payload ?? {};
    // A service's own token has no uid: nobody is signed in.
    if (sub === undefined || typeof uid !== 'string') return refuse(', error="invalid_token"');
    return { sub, ...(typeof cid === 'string' ? { actor: cid } : {}) };
  };
};

const refuse = (error: string): Response =>
  new Response(JSON.stringify({ ok: false, error: 'not_authed' }), {
    status: 401,
    headers: { 'content-type': 'application/json', 'www-authenticate': `Bearer realm="slack"${error}` },
  });
