import { IncomingMessage } from 'node:http';
import type { OwnTokens } from './own-tokens.ts';
import { readForm } from './read-form.ts';

/**
 * The request with what Okta reads in it: Okta knows no RFC 8707, so the `resource` that MCP clients send has no effect, and
 * it takes its own access tokens back. Answers undefined for a form too large to be one.
 */
export const readAsOkta = async (request: IncomingMessage, tokens: OwnTokens): Promise<IncomingMessage | undefined> => {
  const [path = '', query] = (request.url ?? '').split('?', 2);
  if (path === '/v1/authorize' && query !== undefined) {
    const params = new URLSearchParams(query);
    params.delete('resource');
    request.url = `${path}?${params}`;
    return request;
  }
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  if (!FORMS.has(path) || request.method !== 'POST' || !isForm) return request;

  const form = await readForm(request);
  if (form === undefined) return undefined;
  form.delete('resource');
  // The first of several only would hide the repetition, which is an error.
  const [token, ...more] = form.getAll('token');
  if (token !== undefined && more.length === 0) form.set('token', await tokens.idOf(token));
  return withBody(request, form.toString());
};

const FORMS = new Set(['/v1/token', '/v1/introspect', '/v1/revoke']);

/** A request whose body has been read already, with another in its place: the library reads streams only. */
const withBody = (request: IncomingMessage, body: string): IncomingMessage => {
  const copy = new IncomingMessage(request.socket);
  const { 'transfer-encoding': _, ...headers } = request.headers;
  const bytes = Buffer.from(body);
  Object.assign(copy, {
    method: request.method,
    url: request.url,
    originalUrl: (request as { originalUrl?: string }).originalUrl,
    httpVersion: request.httpVersion,
    httpVersionMajor: request.httpVersionMajor,
    httpVersionMinor: request.httpVersionMinor,
    headers: { ...headers, 'content-length': String(bytes.length) },
    complete: true,
  });
  copy.push(bytes);
  copy.push(null);
  return copy;
};
