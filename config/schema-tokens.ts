import * as z from 'zod';
import { claimPath, flag, httpsUrl, name, positive, scope, some, someDurationUpTo, text } from './schema-values.ts';

const spiffeTrustDomain = z
  .string('a trust domain')
  .regex(/^spiffe:\/\/[a-z0-9._-]{1,255}$/, 'a trust domain, as in spiffe://acme.com');

const actorIssuer = z
  .strictObject({
    kind: z
      .enum(['kubernetes', 'spiffe', 'aws-iam', 'oidc'])
      .describe('Service accounts of Kubernetes, JWT-SVIDs of SPIFFE, web identity tokens of AWS IAM, or any other'),
    issuer: z
      .union([httpsUrl, spiffeTrustDomain])
      .describe(
        "The token's iss, character for character. For spiffe also a trust domain, spiffe://acme.com: SVIDs of it that have no iss, which few have",
      ),
    audiences: some(text('an audience')).describe("One of these must be in the token's aud"),
    jwksUri: httpsUrl.optional().describe("Where the issuer's keys are, if its discovery document does not say"),
    algorithms: some(z.enum(['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])).optional(),
  })
  .describe('One issuer of actor tokens, which say which workload acts. Identity providers are issuers of them too');

const authentication = z
  .union([
    z.strictObject({
      secret: name.describe(
        'A name under credentials: the client secret (client_secret_basic), of 16 characters or more',
      ),
    }),
    z.strictObject({
      privateKeyJwt: z.union([
        z.strictObject({ jwksUri: httpsUrl }),
        z.strictObject({ jwks: text('the path of a file beside this one') }),
      ]),
    }),
    z.strictObject({
      actorToken: z.strictObject({
        issuer: name.describe('Under tokens.actorIssuers or identity.providers'),
        subject: text("the actor token's sub, exactly"),
      }),
    }),
  ])
  .describe('How the client says who it is: a secret, a signed assertion (RFC 7523) or its actor token itself');

const client = z
  .strictObject({
    authentication,
    audiences: some(text('an audience')).describe('What it may ask tokens for'),
    scopes: some(scope).optional().describe("The most that its tokens may have. Default: the subject's own"),
    subjectClaims: some(claimPath)
      .optional()
      .describe('Claims of the subject that its tokens repeat: org.team as team. Default: none'),
    actorClaims: some(claimPath)
      .optional()
      .describe('Claims of the actor that its tokens repeat, likewise. Default: none'),
    impersonation: flag
      .optional()
      .describe('Whether it may have tokens without an actor (RFC 8693 §1.1). Default: false'),
    mayAct: z
      .enum(['honoured', 'required'])
      .optional()
      .describe(
        'required: the subject has to name the actor in may_act. honoured: if it names somebody, then the actor',
      ),
    oneUse: flag.optional().describe('Whether a subject token is taken once only. It needs a jti. Default: false'),
    lifetime: someDurationUpTo('1h').optional().describe('Default: 5m'),
  })
  .describe('A client of the token endpoint');

export const tokens = z
  .strictObject({
    issuer: httpsUrl.optional().describe("iss of the tokens. Default: this gateway's own URL"),
    signingKey: positive
      .max(1_000, 'a whole number of at most 1000')
      .optional()
      .describe(
        'The number of the key that signs. One more: the next key signs, the one before is still published. Default: 1',
      ),
    actorIssuers: z.record(name, actorIssuer).optional(),
    clients: z.record(name, client).optional(),
  })
  .describe("The gateway's own tokens: RFC 8693 at /oauth2/token, discovery and keys at /.well-known");
