/**
 * Token endpoints get client secrets and users' tokens: plain http only on this machine.
 *
 * Errors: an `Error` when the policy is put to work, before any call.
 */
export const checkTokenUrl = (tokenUrl: string): void => {
  const { protocol, hostname, username, password } = new URL(tokenUrl);
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
  if (username === '' && password === '' && (protocol === 'https:' || (protocol === 'http:' && isLoopback))) return;
  throw new Error(`the token endpoint ${protocol}//${hostname} must be served over https`);
};
