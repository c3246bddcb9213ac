import { Hidden } from '../core/hidden.ts';
import { readAtMost } from '../core/read-at-most.ts';
import type { IncomingAnswer } from '../providers/send.ts';
import { credentialRefusal } from './credential-refusal.ts';
import type { OutboundAuthPorts } from './ports.ts';
import { proveClient, readTokenClient } from './token-client.ts';

export interface TokenRequest {
  readonly tokenUrl: string;
  /** Name of the credential that holds the client's id and secret or key. */
  readonly client: string;
  readonly params: Readonly<Record<string, string>>;
}

/** A token as its endpoint gave it. */
export interface Granted {
  readonly token: Hidden;
  readonly issuedTokenType?: string;
  /** By the endpoint's own word; absent when it gave none. */
  readonly expiresInMs?: number;
}

const CONNECT_MS = 3_000;
const FIRST_BYTE_MS = 8_000;
const TOTAL_MS = 10_000;
const MAX_BYTES = 256 * 1024;

/**
 * Asks a token endpoint. A client that it does not accept is read once more, in case its secret was rotated.
 *
 * Errors: `Refusal('credential_unavailable')`. What the endpoint said goes no further than its error code: descriptions may
 *         quote what was sent.
 * Source: RFC 6749 §4.4 and §5.
 */
export const askToken = async (request: TokenRequest, ports: OutboundAuthPorts): Promise<Granted> => {
  const first = await askOnce(request, ports, false);
  const answer = first.error === 'invalid_client' ? await askOnce(request, ports, true) : first;
  const facts = { credential: request.client, status: answer.status, ...(answer.error && { error: answer.error }) };
  if (answer.status === 429 || answer.status >= 500)
    throw credentialRefusal('token-endpoint-busy', facts, { retryAfterSeconds: answer.retryAfterSeconds });
  if (answer.status !== 200) throw credentialRefusal('token-endpoint-refused', facts);
  return toGranted(answer.json, request);
};

interface TokenAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly error: string;
  readonly retryAfterSeconds: number;
}

const askOnce = async (
  { tokenUrl, client: name, params }: TokenRequest,
  ports: OutboundAuthPorts,
  fresh: boolean,
): Promise<TokenAnswer> => {
  const client = await readTokenClient(ports.credentials, name, fresh);
  const proof = proveClient(client, tokenUrl, ports.clock(), ports.newId());
  const signal = AbortSignal.timeout(TOTAL_MS);
  try {
    await ports.guardUrl(tokenUrl, { privateHost: true });
    const answer = await ports.send(
      {
        method: 'POST',
        url: tokenUrl,
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          ...proof.headers,
        },
        body: new URLSearchParams({ ...params, ...proof.params }).toString(),
        // Asked about once an hour: a connection kept so long is dead more often than not.
        fresh: true,
      },
      { connectMs: CONNECT_MS, firstByteMs: FIRST_BYTE_MS, idleMs: FIRST_BYTE_MS },
      signal,
    );
    return await readAnswer(answer);
  } catch (thrown) {
    const why = (thrown as { detail?: { reason?: unknown } })?.detail?.reason;
    throw credentialRefusal('token-endpoint-unreachable', {
      credential: name,
      ...(typeof why === 'string' && { why }),
    });
  }
};

const readAnswer = async ({ status, headers, body }: IncomingAnswer): Promise<TokenAnswer> => {
  const { bytes, isWhole } = await readAtMost(body, MAX_BYTES);
  const json = isWhole ? toJson(bytes.toString('utf8')) : {};
  const said = typeof json.error === 'string' && /^[a-z_]{1,40}$/.test(json.error) ? json.error : '';
  const asked = Number(headers['retry-after']);
  return { status, json, error: said, retryAfterSeconds: asked >= 1 && asked <= 3_600 ? Math.ceil(asked) : 5 };
};

const toJson = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
};

/** What an `authorization` header may hold (RFC 6750 §2.1). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MAX_TOKEN_CHARACTERS = 32 * 1024;

const toGranted = (json: TokenAnswer['json'], { client: credential }: TokenRequest): Granted => {
  const { access_token: token, token_type: type, expires_in: seconds, issued_token_type: issued } = json;
  if (typeof token !== 'string' || token.length > MAX_TOKEN_CHARACTERS || !TOKEN.test(token))
    throw credentialRefusal('token-answer-malformed', { credential });
  // A token of another type (DPoP, N_A) is worth nothing as a bearer.
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw credentialRefusal('token-type', { credential });
  const life = typeof seconds === 'string' && /^\d{1,9}$/.test(seconds) ? Number(seconds) : seconds;
  return {
    token: new Hidden(token),
    ...(typeof life === 'number' && life >= 0 && { expiresInMs: life * 1000 }),
    ...(typeof issued === 'string' && { issuedTokenType: issued }),
  };
};
