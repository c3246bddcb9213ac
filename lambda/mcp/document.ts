import { jsonOf } from '../core/json-text.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { Answer } from '../http/observed.ts';

/** Anybody's page may read these: they hold nothing that a stranger may not have, and answer to no cookie. */
export const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate',
};

type Body = Readonly<Record<string, unknown>>;

/** A document of OAuth. `maxAgeSeconds` 0: nothing in between may keep it. */
export const jsonDocument = (status: number, body: Body, maxAgeSeconds = 0): Answer => ({
  status,
  body,
  headers: {
    ...CORS,
    'content-type': 'application/json',
    'cache-control': maxAgeSeconds === 0 ? 'no-store' : `max-age=${maxAgeSeconds}`,
    'x-content-type-options': 'nosniff',
  },
});

/** RFC 6749 §5.2, RFC 7591 §3.2.2: errors of OAuth's endpoints, in our own words, which the record has too. */
export const oauthError = (
  status: number,
  error: string,
  description: string,
  code: RefusalCode = 'invalid_request',
): Answer => ({
  ...jsonDocument(status, { error, error_description: description }),
  refusal: new Refusal(code, { error, why: description }),
});

/** Answers a preflight, refuses every other method than the one that is served. Undefined: go on. */
export const checkMethod = (request: Request, method: 'GET' | 'POST'): Answer | undefined => {
  const { method: asked } = request;
  const allow = method === 'GET' ? 'GET, HEAD, OPTIONS' : 'POST, OPTIONS';
  if (asked === 'OPTIONS')
    return {
      status: 204,
      body: null,
      headers: {
        ...CORS,
        'access-control-allow-methods': allow,
        'access-control-allow-headers': 'authorization, content-type, mcp-protocol-version',
        'access-control-max-age': '3600',
      },
    };
  if (asked === method || (asked === 'HEAD' && method === 'GET')) return undefined;
  const refused = oauthError(405, 'invalid_request', 'this path does not take this method', 'method_not_allowed');
  return { ...refused, headers: { ...refused.headers, allow } };
};

/** For what leaves no record. The body must be whole. */
export const toResponse = ({ body, status = 200, headers = {} }: Answer): Response =>
  new Response(body === null ? null : jsonOf(body), { status, headers });

/** The body as text, or undefined when it is larger than any real one. */
export const readText = async (request: Request, maxBytes: number): Promise<string | undefined> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};
