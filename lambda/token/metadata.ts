import { TOKEN_PATH } from './paths.ts';
import { GRANT_TYPE } from './token-types.ts';

/**
 * What the gateway says of itself as an issuer. It has no authorization endpoint: people sign in at their identity provider.
 *
 * Sources: RFC 8414 §2; OpenID Connect Discovery 1.0 §3, for clients that look there.
 */
export const metadata = (issuer: string) => ({
  issuer,
  token_endpoint: `${issuer}${TOKEN_PATH}`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  grant_types_supported: [GRANT_TYPE],
  response_types_supported: [],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
});
