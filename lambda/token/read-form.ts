import { tokenRefusal } from './oauth-error.ts';

const MAX_BYTES = 64 * 1024;
const FORM = /^application\/x-www-form-urlencoded\s*(?:;\s*charset="?utf-8"?\s*)?$/i;
/** RFC 8693 §2.1: these two may be repeated. */
const REPEATABLE: ReadonlySet<string> = new Set(['resource', 'audience']);

export interface Form {
  /** Absent where it was not sent, or sent without a value (RFC 6749 §3.2). */
  one(name: string): string | undefined;
  all(name: string): readonly string[];
}

/**
 * The parameters of a token request: in the body only, each once.
 *
 * Errors: `invalid_request`. Source: RFC 6749 §3.2, RFC 8693 §2.1.
 */
export const readForm = async (request: Request): Promise<Form> => {
  if (new URL(request.url).search !== '') throw tokenRefusal('not-a-form');
  if (!FORM.test(request.headers.get('content-type') ?? '')) throw tokenRefusal('not-a-form');
  if ((request.headers.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity')
    throw tokenRefusal('not-a-form');
  const given = new URLSearchParams(decode(await readBytes(request)));
  const seen = new Set<string>();
  // One pass: 64 KB hold thousands of names, and looking all of them up for each takes seconds.
  for (const name of given.keys()) {
    if (seen.has(name) && !REPEATABLE.has(name)) throw tokenRefusal('repeated-parameter');
    seen.add(name);
  }
  return {
    one: (name) => given.get(name) || undefined,
    all: (name) => given.getAll(name).filter((value) => value !== ''),
  };
};

const readBytes = async (request: Request): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw tokenRefusal('body-too-large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Percent-encoded bytes have to be UTF-8 as well: `URLSearchParams` would put a mark in their place. */
const decode = (bytes: Uint8Array): string => {
  try {
    const text = utf8.decode(bytes);
    decodeURIComponent(text);
    return text;
  } catch {
    throw tokenRefusal('not-a-form');
  }
};
