import type { Proxied } from './proxied.ts';

/**
 * Authorization server metadata with this gateway as the issuer.
 *
 * A6: `issuer` is the address that the document was asked for, and what the resource's own metadata names. A7: whoever takes
 * the issuer's place must not promise `iss` in redirects, because the provider's own would stand there. Keycloak's "Exclude
 * Issuer From Authentication Response" must be on for such clients, Auth0's "Include Issuer in Authorization Responses" off.
 *
 * Only what is written here is said: a member of the provider's own document may lead past the gateway.
 * Source: RFC 8414 §2; OpenID Connect Discovery 1.0 §3, whose readers want the last two.
 */
export const serverMetadata = (
  { provider, shim, endpoints, client, scopes }: Proxied,
  issuer: string,
): Readonly<Record<string, unknown>> => {
  const registration = client !== undefined || shim.registersWithoutCors ? `${issuer}/register` : endpoints.register;
  return {
    issuer,
    authorization_endpoint: shim.refusesResource
      ? `${issuer}/authorize`
      : withAudience(endpoints.authorize, shim.wantsAudience ? provider.audiences[0] : undefined),
    token_endpoint: shim.refusesResource ? `${issuer}/token` : endpoints.token,
    ...(registration === undefined ? {} : { registration_endpoint: registration }),
    jwks_uri: provider.jwksUri ?? endpoints.keys,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: authMethods(client !== undefined, shim.refusesResource),
    authorization_response_iss_parameter_supported: false,
    scopes_supported: [...scopes, 'offline_access'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
};

/** The client of the policy proves nothing itself; a header would not pass through our own endpoint. */
const authMethods = (isFixed: boolean, isOurs: boolean): readonly string[] => {
  if (isFixed) return ['none'];
  return isOurs ? ['none', 'client_secret_post'] : ['none', 'client_secret_basic', 'client_secret_post'];
};

/** RFC 6749 §3.1: clients keep the query of the endpoint. */
const withAudience = (endpoint: string, audience: string | undefined): string => {
  if (audience === undefined) return endpoint;
  const url = new URL(endpoint);
  url.searchParams.set('audience', audience);
  return url.href;
};
