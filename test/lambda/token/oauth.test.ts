import { beforeAll, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { REFUSALS, Refusal, type RefusalCode } from '../../../lambda/core/refusal.ts';
import { agentAudience } from '../../../lambda/identity/own-provider.ts';
import { REASONS, type TokenReason, tokenRefusal, writeTokenRefusal } from '../../../lambda/token/oauth-error.ts';
import { ACCESS_TOKEN, ASSERTION_TYPE, JWT } from '../../../lambda/token/token-types.ts';
import {
  claimsIn,
  ISSUER,
  KEYS_OF_CLIENT,
  NOW,
  OKTA,
  SECRET,
  type TokenService,
  tokenService,
  WEAK_SECRET,
} from '../../support/token-service.ts';

const KB = 'https://kb.acme.com';
const TICKETS = 'https://tickets.acme.com';

/** Names that an audience may have. */
const NO_RESOURCES = ['/tickets', 'tickets', '//tickets.acme.com', `${TICKETS}#x`, `${TICKETS}#`, ` ${TICKETS}`];

/** What RFC 8693 leans on: each title says which section it holds the token endpoint to. */
let service: TokenService;
beforeAll(async () => {
  service = await tokenService({
    twin1: { authentication: { type: 'actor-token', issuer: 'cluster', subject: 'twin' } },
    twin2: { authentication: { type: 'actor-token', issuer: 'cluster', subject: 'twin' } },
    weak: {},
    odd: { audiences: NO_RESOURCES },
    chained: { audiences: [ISSUER] },
  });
});

const refusedWith: TokenService['refused'] = (...asked) => service.refused(...asked);
const withActor = async (more: Record<string, unknown> = {}) => ({
  actor_token: await service.actor(more),
  actor_token_type: JWT,
});
const base64url = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

describe('RFC 6749 §2.3 the client', () => {
  test('authenticates in one way', async () => {
    const assertion = { client_assertion_type: ASSERTION_TYPE, client_assertion: 'a.b.c' };
    await refusedWith('invalid_request', assertion, service.basic('desk'));
    await refusedWith('invalid_request', { client_secret: SECRET }, service.basic('desk'));
    await refusedWith('invalid_request', { client_secret: SECRET, ...assertion }, '');
    await refusedWith('invalid_client', { client_id: 'narrow' });
  });
  test('RFC 6749 §2.3.1: proves itself by Basic, of which each half is encoded as in a form', async () => {
    expect((await service.exchange({}, service.basic('desk'))).status).toBe(200);
    expect((await service.exchange({}, service.basic('desk').replace('Basic', 'bAsIc'))).status).toBe(200);
    await refusedWith('invalid_client', {}, `Basic ${btoa(`desk:${SECRET}`)}`);
  });
  test('RFC 6749 §2.3.1: does not send its secret in the body, nor in the URL', async () => {
    expect(await refusedWith('invalid_client', { client_id: 'desk', client_secret: SECRET }, '')).toBe(
      'secret-in-body',
    );
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const query = new URLSearchParams({ client_id: 'desk', client_secret: SECRET });
    const response = await service.fetch(`/oauth2/token?${query}`, { method: 'POST', headers, body: 'a=b' });
    expect([response.status, service.records.at(-1)?.detail?.oauth]).toEqual([400, 'not-a-form']);
  });
  test('RFC 6749 §2.3.1: has a secret that nobody guesses, or none that is right', async () => {
    expect(await refusedWith('invalid_client', {}, service.basic('weak', WEAK_SECRET))).toBe('secret-too-short');
  });
  test('has its new secret as soon as it is rotated, and the old one only until somebody comes with the new', async () => {
    const reads: boolean[] = [];
    let kept = 'the secret of yesterday';
    const rotated = await tokenService(
      {},
      {
        credentials: {
          read: async (_name, { fresh = false } = {}) => {
            reads.push(fresh);
            if (fresh) kept = SECRET;
            return new Hidden(kept);
          },
        },
      },
    );
    const exchange = async (secret: string) => (await rotated.exchange({}, rotated.basic('desk', secret))).status;
    expect([await exchange(kept), reads]).toEqual([200, [false]]);
    expect([await exchange(SECRET), reads]).toEqual([200, [false, false, true]]);
    expect([await exchange('the secret of yesterday'), reads.length]).toEqual([401, 5]);
  });
  test('RFC 6749 §3.2.1: is asked for its credentials, whatever tokens it brings', async () => {
    expect(await refusedWith('invalid_client', { client_id: 'desk' }, '')).toBe('no-authentication');
    expect(await refusedWith('invalid_client', { client_id: 'desk', ...(await withActor()) }, '')).toBe(
      'another-client-id',
    );
  });
  test('may be known by its actor token alone, if that is of one client', async () => {
    expect(claimsIn((await service.exchange(await withActor(), '')).json).client_id).toBe('pod');
    expect(await refusedWith('invalid_client', await withActor({ sub: 'twin' }), '')).toBe('ambiguous-client');
    expect(await refusedWith('invalid_client', await withActor({ sub: 'another' }), '')).toBe('unknown-client');
  });
});

const ONCE = ['grant_type', 'subject_token', 'subject_token_type', 'scope', 'requested_token_type', 'unknown'];

describe('RFC 6749 §3.2 the endpoint', () => {
  test.each([
    ['/oauth2/token', 'GET', 'POST'],
    ['/oauth2/token', 'PUT', 'POST'],
    ['/.well-known/jwks.json', 'POST', 'GET, HEAD'],
  ])('%s does not take %s', async (path, method, allow) => {
    const response = await service.fetch(path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
  });
  test.each(ONCE)('%s is not repeated', async (name) => {
    await refusedWith('invalid_request', { [name]: ['a', 'a'] });
  });
  test('a parameter without a value is one that was left out', async () => {
    const empty = { scope: '', actor_token: '', actor_token_type: '', requested_token_type: '', resource: '' };
    expect((await service.exchange(empty)).status).toBe(200);
    await refusedWith('invalid_request', { subject_token: '' });
  });
  test('an unknown parameter is ignored', async () => {
    expect((await service.exchange({ foo: 'bar', __proto__x: '1' })).status).toBe(200);
  });
});

describe('RFC 6749 §3.3 scope', () => {
  test('that is not asked for is all that subject and client may have', async () => {
    expect((await service.exchange()).json.scope).toBe('read write');
  });
});

describe('RFC 6749 §5.2 errors', () => {
  test('a client that is not known says 401 and how to authenticate', async () => {
    for (const authorization of [service.basic('desk', 'wrong'), service.basic('nobody'), 'Basic !', 'Bearer x', '']) {
      const { status, json, response } = await service.exchange({}, authorization);
      expect([status, json.error]).toEqual([401, 'invalid_client']);
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
    }
  });
  test('are a code and a sentence in the characters that they may have', () => {
    const refusals = [
      ...Object.keys(REASONS).map((reason) => tokenRefusal(reason as TokenReason)),
      ...Object.keys(REFUSALS).map((code) => new Refusal(code as RefusalCode)),
    ];
    for (const refusal of refusals) {
      const { error, error_description, ...others } = writeTokenRefusal(refusal);
      expect(error).toMatch(/^[a-z_]+$/);
      expect(error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      expect(others).toEqual({});
    }
  });
});

describe('RFC 7523 §3 an assertion of a client', () => {
  const GOOD = { iss: 'signed', sub: 'signed', aud: `${ISSUER}/oauth2/token`, exp: NOW + 60 };
  const by = (client_assertion: string) => ({ client_assertion_type: ASSERTION_TYPE, client_assertion });
  const bySigning = async (more: Record<string, unknown> = {}) =>
    by(await service.sign('client', { ...GOOD, jti: 'a1', ...more }));
  test('is taken once', async () => {
    expect((await service.exchange(await bySigning(), '')).status).toBe(200);
    expect(await refusedWith('invalid_client', await bySigning(), '')).toBe('assertion-used');
  });
  test('is verified with keys from the address of the client, where the policy names one', async () => {
    const jwksUri = { type: 'private-key-jwt', jwksUri: KEYS_OF_CLIENT } as const;
    const fetching = await tokenService({ fetched: { authentication: jwksUri } });
    const claims = { iss: 'fetched', sub: 'fetched', aud: ISSUER, exp: NOW + 60, jti: 'f1' };
    const good = by(await fetching.sign('client', claims));
    expect((await fetching.exchange(good, '')).status).toBe(200);
    const forged = by(await fetching.sign(OKTA, { ...claims, jti: 'f2' }));
    expect((await fetching.exchange(forged, '')).status).toBe(401);
  });
  test('is for this issuer, or for its token endpoint', async () => {
    expect((await service.exchange(await bySigning({ jti: 'a2', aud: ISSUER }), '')).status).toBe(200);
    expect((await service.exchange(await bySigning({ jti: 'a3', aud: [KB, ISSUER] }), '')).status).toBe(200);
  });
  test.each([
    [{ jti: undefined }, 'assertion-no-jti'],
    [{ sub: 'desk' }, 'assertion-subject'],
    [{ sub: undefined }, 'assertion-no-subject'],
    [{ iss: 'desk', sub: 'desk' }, 'unknown-client'],
    [{ iss: undefined }, 'unknown-client'],
    [{ aud: KB }, 'assertion-audience'],
    [{ aud: undefined }, 'assertion-audience'],
    [{ exp: undefined }, 'assertion-no-expiry'],
    [{ exp: NOW - 60 }, 'assertion-expired'],
    [{ exp: NOW + 3_600 }, 'assertion-lives-too-long'],
    [{ nbf: NOW + 30 }, 'assertion-not-yet-valid'],
    [{ iat: NOW + 30 }, 'assertion-not-yet-valid'],
  ])('is not taken with %j', async (more, reason) => {
    expect(await refusedWith('invalid_client', await bySigning({ jti: 'b', ...more }), '')).toBe(reason);
  });
  test('is signed with the key of the client, by an algorithm with two keys', async () => {
    const claims = base64url({ ...GOOD, jti: 'c' });
    const [header, , signature] = (await bySigning({ jti: 'd' })).client_assertion.split('.');
    expect(await refusedWith('invalid_client', by(`${header}.${claims}.${signature}`), '')).toBe('assertion-signature');
    for (const alg of ['none', 'HS256'])
      expect(
        await refusedWith('invalid_client', by(`${base64url({ alg, kid: 'client' })}.${claims}.${signature}`), ''),
      ).toBe('assertion-algorithm');
  });
  test('RFC 7521 §4.2: comes with its type, and with no other client_id', async () => {
    const { client_assertion } = await bySigning({ jti: 'e' });
    for (const client_assertion_type of [undefined, 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'])
      expect(await refusedWith('invalid_client', { client_assertion, client_assertion_type }, '')).toBe(
        'assertion-type',
      );
    expect(await refusedWith('invalid_client', { client_assertion_type: ASSERTION_TYPE }, '')).toBe('assertion-type');
    expect(await refusedWith('invalid_client', { ...(await bySigning({ jti: 'f' })), client_id: 'desk' }, '')).toBe(
      'another-client-id',
    );
    const named = { ...(await bySigning({ jti: 'g' })), client_id: 'signed' };
    expect((await service.exchange(named, '')).status).toBe(200);
  });
});

describe('RFC 8707 §2 resource', () => {
  test('is an absolute URI without a fragment', async () => {
    for (const text of NO_RESOURCES) {
      await refusedWith('invalid_target', { audience: undefined, resource: text }, service.basic('odd'));
      expect((await service.exchange({ audience: text }, service.basic('odd'))).status).toBe(200);
    }
    expect((await service.exchange({ audience: undefined, resource: TICKETS })).status).toBe(200);
  });
  test('and audience together are whom the token is for, and nobody else', async () => {
    const { json } = await service.exchange({ audience: KB, resource: [TICKETS, KB] });
    expect(claimsIn(json).aud).toEqual([KB, TICKETS]);
  });
  test('is nobody that the client may not ask for, be it by a slash', async () => {
    await refusedWith('invalid_target', { audience: undefined, resource: `${TICKETS}/` });
    await refusedWith('invalid_target', { audience: undefined, resource: 'https://payroll.acme.com' });
  });
});

describe('RFC 9068 the token', () => {
  const token = async (...asked: Parameters<TokenService['exchange']>) => (await service.exchange(...asked)).json;
  test('RFC 9068 §2.1: is signed with RS256, and says that it is an access token', async () => {
    const header = decodeProtectedHeader(String((await token({ requested_token_type: JWT })).access_token));
    expect(header).toMatchObject({ alg: 'RS256', typ: 'at+jwt', kid: expect.any(String) });
  });
  test('RFC 9068 §2.2: has the seven claims that it has to have', async () => {
    expect(claimsIn(await token())).toMatchObject({
      iss: ISSUER,
      exp: NOW + 300,
      aud: [TICKETS],
      sub: 'ada@acme.com',
      client_id: 'desk',
      iat: NOW,
      jti: expect.any(String),
    });
    expect(claimsIn(await token()).jti).not.toBe(claimsIn(await token()).jti);
  });
  test('RFC 9068 §2.2.3: repeats the scopes that were asked for', async () => {
    expect(claimsIn(await token({ scope: 'write' })).scope).toBe('write');
  });
  test('RFC 9068 §3: is for what was asked, and otherwise for the one audience of the client, never for several', async () => {
    expect(claimsIn(await token({ audience: undefined, resource: KB })).aud).toEqual([KB]);
    expect(claimsIn(await token({ audience: undefined }, service.basic('chained'))).aud).toEqual([ISSUER]);
    expect(await refusedWith('invalid_target', { audience: undefined })).toBe('no-target');
  });
  test('RFC 9068 §4: of our own is taken back only as an access token, whoever signs what', async () => {
    const chained = service.basic('chained');
    const own = String((await token({ audience: ISSUER }, chained)).access_token);
    const asked = { audience: ISSUER, subject_token_type: ACCESS_TOKEN };
    expect((await service.exchange({ ...asked, subject_token: own }, chained)).status).toBe(200);
    const { kid } = decodeProtectedHeader(own);
    const input = `${base64url({ alg: 'RS256', kid, typ: 'JWT' })}.${own.split('.')[1]}`;
    const signature = await service.keys.sign(Buffer.from(input), String(kid));
    const other = `${input}.${Buffer.from(signature).toString('base64url')}`;
    expect(await refusedWith('invalid_request', { ...asked, subject_token: other }, chained)).toBe('malformed');
  });
  test('RFC 9068 §4: comes from the issuer whose metadata says where its keys are', async () => {
    const metadata = await (await service.fetch('/.well-known/oauth-authorization-server')).json();
    expect(metadata).toMatchObject({
      issuer: claimsIn(await token()).iss,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
    });
  });
  test("RFC 9068 §5: has an audience of its own for each agent, which is not the gateway's", () => {
    const audiences = [ISSUER, agentAudience(ISSUER, 'a'), agentAudience(ISSUER, 'b')];
    expect(new Set(audiences).size).toBe(3);
  });
  test('RFC 9068 §5: has a sub that no client can choose', async () => {
    const claims = claimsIn(await token({ sub: 'root', client_id: 'desk' }));
    expect([claims.sub, claims.client_id]).toEqual(['ada@acme.com', 'desk']);
  });
});
