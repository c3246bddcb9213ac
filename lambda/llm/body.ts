import { isDeeperThan } from '../core/json-depth.ts';
import { Refusal } from '../core/refusal.ts';
import { invalid, isObject, type Json } from './wire/fields.ts';

export const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_DEPTH = 64;

/**
 * The body as a JSON object: at most 10 MB, UTF-8, nested at most 64 levels.
 *
 * Errors: `Refusal` with `unsupported_media_type`, `body_too_large`, `invalid_encoding`, `too_deep` or `malformed_json`.
 */
export const readJsonBody = async (request: Request): Promise<Json> => {
  refuseEncodings(request.headers);
  const bytes = await readBytes(request);
  if (isDeeperThan(bytes, MAX_DEPTH)) throw new Refusal('too_deep');
  const body = parse(decode(bytes));
  if (!isObject(body)) throw invalid('body', 'expected a JSON object');
  return body;
};

/** A body that says it is something else is not guessed at: that is how two parsers come to disagree. */
const refuseEncodings = (headers: Headers): void => {
  const type = headers.get('content-type');
  const encoding = headers.get('content-encoding');
  if (type !== null && !/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type))
    throw new Refusal('unsupported_media_type');
  if (encoding !== null && encoding.toLowerCase() !== 'identity') throw new Refusal('unsupported_media_type');
};

/** A length that is given is one that the server holds the sender to (RFC 9112 §6.2); without one, what arrives is counted. */
const readBytes = async (request: Request): Promise<Uint8Array> => {
  const length = request.headers.get('content-length');
  if (Number(length ?? 0) > MAX_BODY_BYTES) throw new Refusal('body_too_large');
  if (length !== null && /^\d+$/.test(length)) return within(new Uint8Array(await request.arrayBuffer()));
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Refusal('body_too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const within = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length > MAX_BODY_BYTES) throw new Refusal('body_too_large');
  return bytes;
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

const decode = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal('invalid_encoding');
  }
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('malformed_json');
  }
};
