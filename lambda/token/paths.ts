export const TOKEN_PATH = '/oauth2/token';

/** Paths of the documents, each for GET and HEAD. */
export const TOKEN_DOCUMENTS = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
] as const;
