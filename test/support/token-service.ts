import { expect } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { CompiledIdentityProvider, CompiledPolicy } from '../../config/compiled.ts';
import type { CompiledTokenClient } from '../../config/compiled-tokens.ts';
import type { Credentials } from '../../lambda/core/credentials.ts';
import { Hidden } from '../../lambda/core/hidden.ts';
import { createIssueToken } from '../../lambda/issuing/create-issue-token.ts';
import type { SigningKeys } from '../../lambda/issuing/signing-keys.ts';
import type { CallRecord } from '../../lambda/telemetry/record.ts';
import { createTokenApp } from '../../lambda/token/app.ts';
import type { UsedTokens } from '../../lambda/token/ports.ts';
import { ACCESS_TOKEN, GRANT_TYPE } from '../../lambda/token/token-types.ts';
import { memorySigningKeys } from '../../local/memory/signing-keys.ts';
import { memoryUsedTokens } from '../../local/memory/used-tokens.ts';
import { createKey, type IssuerKey, signToken } from '../lambda/identity/sign-token.ts';

export const NOW = 1_800_000_000;
export const ISSUER = 'https://agents.acme.com';
export const OKTA = 'https://acme.okta.com';
export const CLUSTER = 'https://kubernetes.acme.com';
export const SPIRE = 'https://spire.acme.com';
/** Whose SVIDs have no `iss`, and whose keys are in a bundle elsewhere. */
export const TRUST_DOMAIN = 'spiffe://plain.acme.com';
export const BUNDLE = 'https://bundle.acme.com';
/** What the client `weak` has. */
export const WEAK_SECRET = 'a secret: 7';
/** Where the key of `client` is. */
export const KEYS_OF_CLIENT = 'https://client.acme.com/keys';
export const SECRET = 'a secret: 100% & more';

const client = (name: string, more: Partial<CompiledTokenClient> = {}): CompiledTokenClient => ({
  name,
  authentication: { type: 'secret', credential: name },
  audiences: ['https://tickets.acme.com', 'https://kb.acme.com'],
  subjectClaims: [],
  actorClaims: [],
  impersonation: true,
  mayAct: 'honoured',
  oneUse: false,
  lifetimeSeconds: 300,
  ...more,
});

const people: CompiledIdentityProvider = {
  name: 'okta',
  kind: 'okta',
  issuer: OKTA,
  audiences: ['api://gateway'],
  algorithms: ['RS256'],
  clockSkewSeconds: 30,
  claims: {},
};

/** A token service with an identity provider, a cluster and a SPIFFE trust domain, all with keys of their own. */
export const tokenService = async (
  clients: Readonly<Record<string, Partial<CompiledTokenClient>>> = {},
  options: {
    readonly issuer?: string;
    readonly keys?: SigningKeys;
    readonly now?: number;
    readonly usedTokens?: UsedTokens;
    /** In place of the secrets that clients have. */
    readonly credentials?: Credentials;
  } = {},
) => {
  const { issuer: self = ISSUER, now: startSeconds = NOW } = options;
  const [okta, cluster, spire, own, domain] = await Promise.all(
    ['okta', 'cluster', 'spire', 'client', 'domain'].map((kid) => createKey(kid)),
  );
  if (okta === undefined || cluster === undefined || spire === undefined || own === undefined || domain === undefined)
    throw new Error('no keys');
  const issuers = new Map<string, IssuerKey>([
    [OKTA, okta],
    [CLUSTER, cluster],
    [SPIRE, spire],
    [BUNDLE, { ...domain, jwk: { ...domain.jwk, use: 'jwt-svid' } }],
    [TRUST_DOMAIN, domain],
  ]);
  const workload = (name: string, kind: 'kubernetes' | 'spiffe', issuer: string) => ({
    name,
    kind,
    issuer,
    audiences: [self],
    jwksUri: `${issuer}/keys`,
    algorithms: ['RS256'],
  });
  const time = { now: startSeconds * 1_000 };
  const clock = () => time.now;
  const keys = options.keys ?? (await memorySigningKeys());
  const records: CallRecord[] = [];
  const bugs: unknown[] = [];
  const tokens = {
    signingKey: 1,
    actorIssuers: [
      workload('cluster', 'kubernetes', CLUSTER),
      workload('spire', 'spiffe', SPIRE),
      { ...workload('domain', 'spiffe', TRUST_DOMAIN), jwksUri: `${BUNDLE}/keys` },
    ],
    clients: [
      client('desk'),
      client('delegates', { impersonation: false }),
      client('signed', { authentication: { type: 'private-key-jwt', jwks: { keys: [{ ...own.jwk }] } } }),
      client('pod', {
        authentication: { type: 'actor-token', issuer: 'cluster', subject: 'system:serviceaccount:a:b' },
      }),
      ...Object.entries(clients).map(([name, more]) => client(name, more)),
    ],
  };
  const policy = { name: 'acme', version: 'v', identity: { providers: [people], apiKeys: [] }, tokens } as unknown;
  let id = 0;
  const newId = () => `id-${++id}`;
  const app = createTokenApp(policy as CompiledPolicy, {
    issuer: self,
    keys,
    issueToken: createIssueToken({ issuer: self, keys, clock, newId }),
    credentials: options.credentials ?? {
      read: async (name) => new Hidden(name === 'weak' ? WEAK_SECRET : SECRET),
    },
    fetchJson: async (url) => {
      if (url === `${self}/.well-known/jwks.json`) return { keys: await keys.published() };
      if (url === KEYS_OF_CLIENT) return { keys: [{ ...own.jwk }] };
      const key = [...issuers].find(([issuer]) => url.startsWith(issuer))?.[1];
      if (key === undefined) throw new Error('nobody is there');
      return { keys: [key.jwk] };
    },
    usedTokens: options.usedTokens ?? memoryUsedTokens(clock),
    records: { write: (record) => records.push(record) },
    clock,
    newId,
    logBug: (_id, error) => bugs.push(error),
  });
  const fetch = (path: string, init: RequestInit = {}) =>
    app.fetch(new Request(`${self}${path}`, init), {
      ip: '127.0.0.1',
      deadlineMs: time.now + 10_000,
      rawAuthorizationCount: 1,
    });
  const sign = (issuer: string, claims: Readonly<Record<string, unknown>>, typ?: string) => {
    const key = issuer === 'client' ? own : issuers.get(issuer);
    if (key === undefined) throw new Error('an issuer without a key');
    return signToken(key, { iat: startSeconds, exp: startSeconds + 3_600, ...claims }, typ);
  };
  const user = (more: Readonly<Record<string, unknown>> = {}) =>
    sign(OKTA, {
      iss: OKTA,
      aud: 'api://gateway',
      sub: 'ada@acme.com',
      uid: '00u1',
      cid: 'web',
      scp: ['read', 'write'],
      jti: 'user-token',
      ...more,
    });
  const actor = (more: Readonly<Record<string, unknown>> = {}) =>
    sign(CLUSTER, { iss: CLUSTER, aud: self, sub: 'system:serviceaccount:a:b', ...more });
  const basic = (name: string, secret = SECRET): string =>
    `Basic ${Buffer.from(`${encodeURIComponent(name)}:${encodeURIComponent(secret)}`).toString('base64')}`;
  /** An exchange by `desk` unless told otherwise; `undefined` leaves a parameter or the authentication out. */
  const exchange = async (
    params: Readonly<Record<string, string | readonly string[] | undefined>> = {},
    authorization: string | undefined = basic('desk'),
  ) => {
    const all = {
      grant_type: GRANT_TYPE,
      subject_token: await user(),
      subject_token_type: ACCESS_TOKEN,
      audience: 'https://tickets.acme.com',
      ...params,
    };
    const body = new URLSearchParams(
      Object.entries(all).flatMap(([name, value]) =>
        value === undefined ? [] : [value].flat().map((one): [string, string] => [name, one]),
      ),
    );
    const response = await fetch('/oauth2/token', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(authorization === '' ? {} : { authorization }),
      },
      body: body.toString(),
    });
    return { response, status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  /** Asserts an answer that is an error of RFC 6749 §5.2 and no token, and gives the reason in the record. */
  const refused = async (error: string, ...asked: Parameters<typeof exchange>): Promise<string> => {
    const { json, status, response } = await exchange(...asked);
    expect({ error: json.error, status }).toEqual({ error, status: error === 'invalid_client' ? 401 : 400 });
    expect(Object.keys(json)).toEqual(['error', 'error_description']);
    expect(response.headers.get('cache-control')).toBe('no-store');
    return String(records.at(-1)?.detail?.reason ?? records.at(-1)?.detail?.oauth);
  };
  return { app, time, keys, records, bugs, fetch, sign, user, actor, basic, exchange, refused };
};

export type TokenService = Awaited<ReturnType<typeof tokenService>>;

export const claimsIn = (json: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  decodeJwt(String(json.access_token));
