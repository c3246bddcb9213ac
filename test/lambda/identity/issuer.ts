import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';
import type { CompiledIdentityProvider } from '../../../config/compiled.ts';

/** A key of the stand-in issuer, with its public side as published. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export const createKey = async (kid: string, alg = 'RS256'): Promise<IssuerKey> => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
};

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export const json =
  (body: unknown, status = 200): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

export const text =
  (body: string | Buffer, type: string, status = 200): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };

/** A real HTTP server on loopback that answers as told and keeps the list of what it was asked. */
export const startServer = async (answer: Answer) => {
  const asked: string[] = [];
  const state = { answer };
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    state.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    answerWith: (next: Answer) => {
      state.answer = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

export const provider = (issuer: string, more: Partial<CompiledIdentityProvider> = {}): CompiledIdentityProvider => ({
  name: 'workforce',
  kind: 'okta',
  issuer,
  audiences: ['api://default'],
  algorithms: ['RS256', 'ES256'],
  clockSkewSeconds: 30,
  claims: {},
  ...more,
});

export const NOW_MS = Date.UTC(2026, 10, 20, 12);
export const NOW = NOW_MS / 1000;

/** A clock that stands still until it is told to go on. */
export const handClock = () => {
  let now = NOW_MS;
  return {
    clock: () => now,
    forwardSeconds: (seconds: number) => {
      now += seconds * 1000;
    },
  };
};

/** Claims of an acceptable token; `undefined` in `more` leaves one out. */
export const goodClaims = (issuer: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  ver: 1,
  jti: 'AT.0001',
  iss: issuer,
  aud: 'api://default',
  iat: NOW - 10,
  exp: NOW + 3600,
  cid: '0oa1',
  uid: '00u1',
  scp: ['llm:call', 'mcp:read'],
  sub: 'jane@acme.example',
  ...more,
});

export const sign = (
  key: IssuerKey,
  claims: Record<string, unknown>,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header }).sign(key.privateKey);

/** What a promise was refused with. Fails if it was not refused. */
export const refusalOf = async (
  answer: Promise<unknown>,
): Promise<{ code: string; reason: unknown; retryAfterSeconds: number | undefined }> => {
  const thrown: unknown = await answer.then(
    () => new Error('was accepted'),
    (error: unknown) => error,
  );
  if ((thrown as Error).name !== 'Refusal') throw thrown;
  const { code, detail, retryAfterSeconds } = thrown as {
    code: string;
    detail: { reason?: unknown };
    retryAfterSeconds: number | undefined;
  };
  return { code, reason: detail.reason, retryAfterSeconds };
};
