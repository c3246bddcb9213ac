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
  refuseDepth(bytes);
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

/** Counts what arrives, whatever content-length said. */
const readBytes = async (request: Request): Promise<Uint8Array> => {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) throw new Refusal('body_too_large');
  if (request.body === null) throw new Refusal('malformed_json', { reason: 'empty' });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Refusal('body_too_large');
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
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

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}');

/** Before parsing, on the bytes: what is deeper than any honest request never reaches code that recurses. */
const refuseDepth = (bytes: Uint8Array): void => {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth++;
      if (depth > MAX_DEPTH) throw new Refusal('too_deep');
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
  }
};
