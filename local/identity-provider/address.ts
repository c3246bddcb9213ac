/** Where the provider lives, in one place for the server and for whoever makes tokens without it. */
export const ISSUER_PATH = '/oauth2/default';
export const AUDIENCE = 'api://default';
export const KEY_FILE = '.gatehouse/local-identity.json';

/** The issuer of a provider on this machine. */
export const localIssuer = (port: number, path = ISSUER_PATH, host = '127.0.0.1'): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
