import type { CompiledLlmProvider } from '../../config/compiled.ts';
import type { Clock } from '../core/clock.ts';
import type { Credentials } from '../core/credentials.ts';
import { Refusal } from '../core/refusal.ts';
import type { Json, Provider, UpstreamRequest } from './provider.ts';
import type { IncomingAnswer, Send } from './send.ts';
import { isObject } from './upstream-words.ts';

export interface UpstreamPorts {
  readonly send: Send;
  readonly credentials: Credentials;
  readonly clock: Clock;
}

/** An error body is short; a whole answer may hold images. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** A 401 may mean that the key was rotated: it is read once more, and only then is the upstream's no believed. */
export const sendWithCredential = async (
  provider: Provider,
  request: UpstreamRequest,
  config: CompiledLlmProvider,
  ports: UpstreamPorts,
  signal: AbortSignal,
): Promise<IncomingAnswer> => {
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
    return { answer: await ports.send(outgoing, config.timeouts, signal), secret };
  };
  let { answer, secret } = await ask(false);
  if (answer.status === 401 && secret !== undefined) {
    answer.body.destroy();
    ({ answer, secret } = await ask(true));
  }
  if (answer.status < 300) return answer;
  throw provider.toRefusal(answer.status, parse(await readBytes(answer, MAX_ERROR_BYTES, 'cut')), answer.headers);
};

/** The JSON object of a whole answer. Errors: `Refusal('upstream_failed')` for anything else, the provider's own for an error in a 200. */
export const readAnswer = async (answer: IncomingAnswer, provider: Provider): Promise<Json> => {
  const body = parse(await readBytes(answer, MAX_ANSWER_BYTES, 'refuse'));
  if (!isObject(body)) throw new Refusal('upstream_failed', { reason: 'answer is not JSON' });
  if (isObject(body.error)) throw provider.toRefusal(answer.status, body, answer.headers);
  return body;
};

const readBytes = async (answer: IncomingAnswer, most: number, over: 'cut' | 'refuse'): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > most) {
      answer.body.destroy();
      if (over === 'refuse') throw new Refusal('upstream_failed', { reason: 'answer too large' });
      break;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const parse = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
};
