import type { Credentials } from '../../core/credentials.ts';
import { readAtMost } from '../../core/read-at-most.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Answer } from '../../http/observed.ts';
import type { GuardUrl } from '../../outbound-auth/guard-url.ts';
import type { Send } from '../../providers/send.ts';
import { jsonDocument, oauthError } from '../document.ts';

export interface ProviderPorts {
  /** Must connect with the `lookup` of the same guard, and to no redirect. */
  readonly send: Send;
  readonly guardUrl: GuardUrl;
  readonly credentials: Credentials;
}

const LIMITS = { connectMs: 3_000, firstByteMs: 8_000, idleMs: 8_000 };
const TOTAL_MS = 10_000;
const MAX_BYTES = 256 * 1024;

/**
 * Asks an identity provider in a client's place and gives its answer: status and JSON, no header of its own.
 *
 * Errors: none; what goes wrong is an answer too.
 */
export const askProvider = async (
  url: string,
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  { send, guardUrl }: ProviderPorts,
): Promise<Answer> => {
  try {
    await guardUrl(url, { privateHost: true });
    const headers = { accept: 'application/json', ...request.headers };
    const signal = AbortSignal.timeout(TOTAL_MS);
    const answer = await send({ method: 'POST', url, headers, body: request.body, fresh: true }, LIMITS, signal);
    const { bytes, isWhole } = await readAtMost(answer.body, MAX_BYTES);
    if (!isWhole) return unavailable();
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    const isAnswer = answer.status >= 200 && (answer.status < 300 || answer.status >= 400);
    if (!isAnswer || typeof json !== 'object' || json === null || Array.isArray(json)) return unavailable();
    return toAnswer(answer.status, json as Record<string, unknown>);
  } catch {
    return unavailable();
  }
};

/** RFC 6749 §5.2, RFC 7591 §3.2.2, and what Entra adds. Other words of a provider stay out of the record. */
const ERRORS: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_redirect_uri',
  'invalid_client_metadata',
  'interaction_required',
  'consent_required',
  'temporarily_unavailable',
]);

const toAnswer = (status: number, json: Readonly<Record<string, unknown>>): Answer => {
  const answer = jsonDocument(status, json);
  if (status < 400) return answer;
  const why = { upstreamStatus: status, ...(ERRORS.has(json.error) ? { error: json.error } : {}) };
  return { ...answer, refusal: new Refusal(status < 500 ? 'invalid_request' : 'identity_unavailable', why) };
};

const unavailable = (): Answer =>
  oauthError(
    503,
    'temporarily_unavailable',
    'the identity provider did not answer as it should',
    'identity_unavailable',
  );
