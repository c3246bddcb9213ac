import { isDeeperThan } from '../core/json-depth.ts';
import { Refusal } from '../core/refusal.ts';

const MAX_DEPTH = 64;

/**
 * The body as JSON text: UTF-8, nested at most 64 levels. Whether it is JSON shows when it is parsed.
 *
 * Errors: `Refusal` with `unsupported_media_type`, `body_too_large`, `invalid_encoding` or `too_deep`.
 */
export const readJsonText = async (request: Request, maxBytes: number): Promise<string> => {
  refuseEncodings(request.headers);
  const bytes = await readBytes(request, maxBytes);
  if (isDeeperThan(bytes, MAX_DEPTH)) throw new Refusal('too_deep');
  return decode(bytes);
};

/** A body that says it is something else is not guessed at: that is how two parsers come to disagree. */
const refuseEncodings = (headers: Headers): void => {
  const type = headers.get('content-type');
  const encoding = headers.get('content-encoding');
  if (type !== null && !/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type))
    throw new Refusal('unsupported_media_type');
  if (type !== null && !/^utf-?8$/i.test(CHARSET.exec(type)?.[1] ?? 'utf-8'))
    throw new Refusal('unsupported_media_type');
  if (encoding !== null && encoding.toLowerCase() !== 'identity') throw new Refusal('unsupported_media_type');
};

/** RFC 9110 §8.3.1: the value may be quoted. JSON itself has no such parameter (RFC 8259 §11), so only what is true may stand there. */
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/** A length that is given is one that the server holds the sender to (RFC 9112 §6.2); without one, what arrives is counted. */
const readBytes = async (request: Request, maxBytes: number): Promise<Uint8Array> => {
  const length = request.headers.get('content-length');
  if (Number(length ?? 0) > maxBytes) throw new Refusal('body_too_large');
  if (length !== null && /^\d+$/.test(length)) return within(new Uint8Array(await request.arrayBuffer()), maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new Refusal('body_too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const within = (bytes: Uint8Array, maxBytes: number): Uint8Array => {
  if (bytes.length > maxBytes) throw new Refusal('body_too_large');
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
