import type { CompiledLlmProvider } from '../../config/compiled.ts';
import type { Clock } from '../core/clock.ts';
import type { Credentials } from '../core/credentials.ts';
import { isDeeperThan } from '../core/json-depth.ts';
import { readAtMost } from '../core/read-at-most.ts';
import { Refusal } from '../core/refusal.ts';
import type { Json, Provider, UpstreamRequest } from './provider.ts';
import type { IncomingAnswer, OutgoingRequest, Send } from './send.ts';
import type { SignRequest } from './sign-request.ts';
import { isObject } from './upstream-words.ts';

export interface UpstreamPorts {
  readonly send: Send;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Absent where this process has no identity in AWS. */
  readonly sign?: SignRequest;
}

/** An error body is short; a whole answer may hold images. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Deeper, and writing it again would overflow the stack. */
const MAX_DEPTH = 256;

/**
 * A key that is not accepted (401, and 400 at Google) may have been rotated: it is read once more, and only then is the
 * upstream's no believed.
 */
export const sendWithCredential = async (
  provider: Provider,
  request: UpstreamRequest,
  config: CompiledLlmProvider,
  ports: UpstreamPorts,
  signal: AbortSignal,
): Promise<UpstreamAnswer> => {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const ask = async (fresh: boolean): Promise<{ answer: IncomingAnswer; secret: string | undefined }> => {
    const secret =
      config.credential === undefined ? undefined : (await ports.credentials.read(config.credential, { fresh })).open();
    const headers = {
      accept: 'application/json, text/event-stream',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
      ...(secret === undefined ? {} : provider.authorize(secret)),
    };
    const outgoing = {
      method: request.method,
      url: `${config.baseUrl}${request.path}`,
      headers,
      ...(body === undefined ? {} : { body }),
    };
    return {
      answer: await ports.send(await signed(outgoing, provider, config, ports), config.timeouts, signal),
      secret,
    };
  };
  const { answer, secret } = await ask(false);
  if (answer.status < 300) return withCleaner(answer, secret);
  const refusal = await refusalOf(answer, provider, secret);
  if (secret === undefined || refusal.code !== 'upstream_auth' || answer.status === 403) throw refusal;
  const again = await ask(true);
  if (again.answer.status < 300) return withCleaner(again.answer, again.secret);
  throw await refusalOf(again.answer, provider, again.secret);
};

/** An answer to a call that carried a credential. */
export interface UpstreamAnswer extends IncomingAnswer {
  /** The text without that credential: for whatever of the answer goes into an error or a record. */
  clean(text: string): string;
}

const withCleaner = (answer: IncomingAnswer, secret: string | undefined): UpstreamAnswer => ({
  ...answer,
  clean: (text) => (secret === undefined ? text : text.replaceAll(secret, '[…]')),
});

/** Providers quote the key that they do not accept: it is taken out before anybody reads the error. */
const refusalOf = async (answer: IncomingAnswer, provider: Provider, secret: string | undefined): Promise<Refusal> => {
  const { bytes } = await readAtMost(answer.body, MAX_ERROR_BYTES);
  const text = bytes.toString('utf8');
  return provider.toRefusal(answer.status, parse(withCleaner(answer, secret).clean(text)), answer.headers);
};

/** The upstream's own id of the call, where it has the form of one: it goes into the record. */
export const readRequestId = ({ headers, clean }: UpstreamAnswer): string | undefined => {
  const id = headers['x-request-id'] ?? headers['request-id'] ?? headers['x-amzn-requestid'];
  return id !== undefined && /^[\w.:/+=-]{1,128}$/.test(clean(id)) ? id : undefined;
};

/** Last of all: whatever is changed after it breaks the signature. */
const signed = async (
  request: OutgoingRequest,
  { signs }: Provider,
  { credential, region }: CompiledLlmProvider,
  { sign }: UpstreamPorts,
): Promise<OutgoingRequest> => {
  if (signs === undefined || credential !== undefined) return request;
  if (sign === undefined) throw new Refusal('credential_unavailable', { reason: 'nothing here signs' });
  return sign(request, signs.service, region);
};

/** The JSON object of a whole answer. Errors: `Refusal('upstream_failed')` for anything else, the provider's own for an error in a 200. */
export const readAnswer = async (answer: IncomingAnswer, provider: Provider): Promise<Json> => {
  const { bytes, isWhole } = await readAtMost(answer.body, MAX_ANSWER_BYTES);
  if (!isWhole) throw new Refusal('upstream_failed', { reason: 'answer too large' });
  if (isDeeperThan(bytes, MAX_DEPTH)) throw new Refusal('upstream_failed', { reason: 'answer too deep' });
  const body = parse(bytes.toString('utf8'));
  if (!isObject(body)) throw new Refusal('upstream_failed', { reason: 'answer is not JSON' });
  if (isObject(body.error) || typeof body.error === 'string')
    throw provider.toRefusal(answer.status, body, answer.headers);
  return body;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
