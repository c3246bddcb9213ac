const SCRIPTS: ReadonlySet<string> = new Set(['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:']);
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;
const MAX_CHARS = 2_048;

const isLoopback = ({ protocol, hostname }: URL): boolean => protocol === 'http:' && LOOPBACK.test(hostname);

/** Whether the answer of an authorization server may go there at all. RFC 8252 §7; RFC 6749 §3.1.2: no fragment. */
export const isRedirectUri = (uri: unknown): uri is string => {
  if (typeof uri !== 'string' || uri.length > MAX_CHARS || uri.includes('#') || !URL.canParse(uri)) return false;
  const url = new URL(uri);
  if (SCRIPTS.has(url.protocol) || url.username !== '' || url.password !== '') return false;
  return url.protocol !== 'http:' || isLoopback(url);
};

/**
 * Whether a redirect URI is one of those of a client: character for character (RFC 6749 §3.1.2.3), but of one on this machine
 * the port makes no difference, because an app takes whichever is free (RFC 8252 §7.3).
 */
export const isRedirectOf = (uri: unknown, allowed: readonly string[]): uri is string =>
  isRedirectUri(uri) && allowed.some((one) => one === uri || (isRedirectUri(one) && isSameOnAnyPort(one, uri)));

const isSameOnAnyPort = (one: string, other: string): boolean => {
  const [a, b] = [new URL(one), new URL(other)];
  if (!isLoopback(a) || !isLoopback(b)) return false;
  a.port = b.port;
  return a.href === b.href;
};
