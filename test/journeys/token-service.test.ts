import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { systemClock } from '../../lambda/core/clock.ts';
import type { GatewayEnv } from '../../lambda/http/gateway-env.ts';
import { ACCESS_TOKEN, GRANT_TYPE, JWT } from '../../lambda/token/token-types.ts';
import { memorySigningKeys } from '../../local/memory/signing-keys.ts';
import { type Loopback, serveLoopback } from '../../local/serve-loopback.ts';
import { SECRET, tokenService } from '../support/token-service.ts';

type Service = Awaited<ReturnType<typeof tokenService>>;
const AUDIENCE = 'https://tickets.acme.com';

let server: Loopback;
let issuer: string;
let service: Service;
let folder: string;

const start = async (signingKey: number): Promise<void> => {
  const keys = await memorySigningKeys({ folder, signingKey });
  service = await tokenService({}, { issuer, keys, now: Math.floor(systemClock() / 1_000) });
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokens-'));
  const fetch = (request: Request, env: GatewayEnv) => service.app.fetch(request, env);
  server = await serveLoopback(fetch, 0, systemClock);
  issuer = `http://127.0.0.1:${server.port}`;
  await start(1);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const exchange = async (): Promise<string> => {
  const config = await oidc.discovery(new URL(issuer), 'desk', SECRET, oidc.ClientSecretBasic(SECRET), {
    execute: [oidc.allowInsecureRequests],
  });
  const answer = await oidc.genericGrantRequest(config, GRANT_TYPE, {
    subject_token: await service.user(),
    subject_token_type: ACCESS_TOKEN,
    actor_token: await service.actor(),
    actor_token_type: JWT,
    audience: AUDIENCE,
  });
  return answer.access_token;
};

/** As any resource server does it: from the discovery document to the keys. */
const verify = async (token: string) => {
  const { jwks_uri } = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  return jwtVerify(token, createRemoteJWKSet(new URL(jwks_uri)), { issuer, audience: AUDIENCE, typ: 'at+jwt' });
};

test('openid-client finds the endpoint and exchanges; jose verifies what it gets', async () => {
  const { payload } = await verify(await exchange());
  expect(payload).toMatchObject({ sub: 'ada@acme.com', client_id: 'desk', agent_id: 'system:serviceaccount:a:b' });
});

test('aws-jwt-verify accepts it too, for its audience only', async () => {
  const token = await exchange();
  const { jwks_uri: jwksUri } = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  // Its own fetcher takes https alone, and this service is on loopback.
  const fetcher = { fetch: async (uri: string) => (await fetch(uri)).arrayBuffer() };
  const verifierFor = (audience: string) =>
    JwtVerifier.create({ issuer, audience, jwksUri }, { jwksCache: new SimpleJwksCache({ fetcher }) });
  expect(await verifierFor(AUDIENCE).verify(token)).toMatchObject({ sub: 'ada@acme.com' });
  await expect(verifierFor('https://kb.acme.com').verify(token)).rejects.toThrow();
});

test('when the next key signs, tokens of the last one stay valid; of the one before that they do not', async () => {
  const old = await exchange();
  await start(2);
  const fresh = await exchange();
  expect(decodeProtectedHeader(fresh).kid).not.toBe(decodeProtectedHeader(old).kid);
  await verify(old);
  await verify(fresh);
  await start(3);
  await verify(fresh);
  await expect(verify(old)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
});
