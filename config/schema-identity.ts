import * as z from 'zod';
import {
  claimPath,
  durationUpTo,
  httpsUrl,
  name,
  positive,
  redirectUri,
  scope,
  sha256,
  some,
  text,
} from './schema-values.ts';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;

const provision = z
  .strictObject({
    orgUrl: httpsUrl,
    credential: z
      .strictObject({ secret: name })
      .describe("The secret with the service app's client id and private key"),
    scopes: z.record(scope, z.strictObject({ consent: z.enum(['FLEXIBLE', 'IMPLICIT', 'REQUIRED']) })).optional(),
    clients: z
      .record(
        name,
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('web'), redirectUris: some(httpsUrl) }),
          z.strictObject({
            type: z.literal('service'),
            grants: some(z.enum(['client_credentials', 'token-exchange'])),
          }),
        ]),
      )
      .optional(),
    accessTokenMinutes: positive
      .min(5, 'a whole number from 5 to 1440')
      .max(1_440, 'a whole number from 5 to 1440')
      .optional(),
  })
  .describe('The deployment creates these objects in Okta and keeps them so');

const mcpClient = z
  .strictObject({
    id: text('the id of a client').describe('As it is registered at the provider. Nothing secret'),
    redirectUris: some(redirectUri).describe(
      'Where answers may go: character for character, but on this machine to any port. They must be registered at the provider too',
    ),
    credential: name
      .optional()
      .describe(
        "The credential with the client's id and secret, or private key, as JSON, where it is no public client. At entra only: elsewhere clients ask for tokens themselves",
      ),
  })
  .describe('The one client that every MCP client is told to be which asks this gateway to be registered');

const provider = z
  .strictObject({
    kind: z
      .enum(['okta', 'auth0', 'entra', 'keycloak', 'oidc'])
      .describe('Where scopes, roles and the client id are found in a token'),
    issuer: httpsUrl.describe("The token's iss, character for character"),
    audiences: some(text('an audience')).describe("One of these must be in the token's aud"),
    jwksUri: httpsUrl.optional().describe("Where the issuer's keys are, if not where its kind has them"),
    tokenUrl: httpsUrl
      .optional()
      .describe('Where tokens are exchanged for the servers under mcp, if not where its kind does that'),
    algorithms: some(z.enum(ALGORITHMS)).optional().describe('Signatures accepted. Default: RS256, ES256'),
    clockSkew: durationUpTo('60s').optional().describe('How far the clocks may be apart. Default: 30s'),
    claims: z
      .strictObject({
        sub: claimPath.optional(),
        clientId: claimPath.optional(),
        scopes: claimPath.optional(),
        roles: claimPath.optional(),
        groups: claimPath.optional(),
      })
      .optional()
      .describe('Where this issuer differs from its kind: paths of claims, dots between'),
    clients: z
      .strictObject({ mcp: mcpClient })
      .optional()
      .describe('Clients that are registered at the provider by hand, for routes with authorizationServer'),
    provision: provision.optional(),
  })
  .describe('One issuer of tokens');

const apiKey = z
  .strictObject({
    sha256: sha256.describe('The key\'s SHA-256 in hex: printf %s "$KEY" | shasum -a 256'),
    scopes: z.array(scope).optional(),
    roles: z.array(text('a role')).optional(),
    groups: z.array(text('a group')).optional(),
    claims: z.record(z.string(), z.unknown()).optional(),
  })
  .describe('A caller with a key of its own in place of a token');

export const identity = z
  .strictObject({
    providers: z.record(name, provider).optional().describe("Who may call. The token's iss picks one"),
    apiKeys: z.record(name, apiKey).optional(),
  })
  .describe('Whose tokens and keys are accepted');
