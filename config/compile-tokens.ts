import { mapList } from './compile-route.ts';
import type { CompiledAgent } from './compiled-agents.ts';
import type { CompiledMcp } from './compiled-mcp.ts';
import {
  type CompiledActorIssuer,
  type CompiledClientAuthentication,
  type CompiledTokenClient,
  type CompiledTokens,
  OWN_CLIENT,
} from './compiled-tokens.ts';
import { toMilliseconds } from './duration.ts';
import type { GatewayConfig } from './schema.ts';

type Tokens = NonNullable<GatewayConfig['tokens']>;
type ClientConfig = NonNullable<Tokens['clients']>[string];

/** Where a kind's own differ. Source: AWS STS API reference, GetWebIdentityToken, `SigningAlgorithm`. */
const ALGORITHMS: Readonly<Partial<Record<CompiledActorIssuer['kind'], readonly string[]>>> = {
  'aws-iam': ['RS256', 'ES384'],
};

const compileActorIssuer = (
  { kind, issuer, audiences, jwksUri, algorithms }: NonNullable<Tokens['actorIssuers']>[string],
  name: string,
): CompiledActorIssuer => ({
  name,
  kind,
  issuer,
  audiences,
  ...(jwksUri === undefined ? {} : { jwksUri }),
  algorithms: algorithms ?? ALGORITHMS[kind] ?? ['RS256', 'ES256'],
});

const compileAuthentication = (
  { files }: GatewayConfig,
  { authentication }: ClientConfig,
): CompiledClientAuthentication => {
  if ('secret' in authentication) return { type: 'secret', credential: authentication.secret };
  if ('actorToken' in authentication) return { type: 'actor-token', ...authentication.actorToken };
  const { privateKeyJwt } = authentication;
  if ('jwksUri' in privateKeyJwt) return { type: 'private-key-jwt', jwksUri: privateKeyJwt.jwksUri };
  const text = files?.[privateKeyJwt.jwks];
  if (text === undefined) throw new Error(`a policy built in code has the text of ${privateKeyJwt.jwks} in files`);
  return { type: 'private-key-jwt', jwks: JSON.parse(text) };
};

const compileClient = (config: GatewayConfig, client: ClientConfig, name: string): CompiledTokenClient => ({
  name,
  authentication: compileAuthentication(config, client),
  audiences: client.audiences,
  ...(client.scopes === undefined ? {} : { scopes: client.scopes }),
  subjectClaims: client.subjectClaims ?? [],
  actorClaims: client.actorClaims ?? [],
  impersonation: client.impersonation ?? false,
  mayAct: client.mayAct ?? 'honoured',
  oneUse: client.oneUse ?? false,
  lifetimeSeconds: toMilliseconds(client.lifetime ?? '5m') / 1_000,
});

/** Servers that are called with a token of the gateway's own: audiences that its own client may ask for. */
const ownAudiences = ({ servers }: CompiledMcp): string[] => [
  ...new Set(
    Object.values(servers).flatMap(({ credential }) => (credential.type === 'own-token' ? credential.audience : [])),
  ),
];

/** Absent where nothing in the policy needs a token of the gateway's own. */
export const compileTokens = (
  config: GatewayConfig,
  agents: readonly CompiledAgent[],
  mcp: CompiledMcp,
): CompiledTokens | undefined => {
  const { tokens } = config;
  const audiences = ownAudiences(mcp);
  const isNeeded = audiences.length > 0 || agents.some(({ obo }) => obo?.issuer === 'gatehouse');
  if (tokens === undefined && !isNeeded) return undefined;
  const own: CompiledTokenClient = {
    name: OWN_CLIENT,
    authentication: { type: 'secret', credential: OWN_CLIENT },
    audiences,
    subjectClaims: [],
    actorClaims: [],
    impersonation: true,
    mayAct: 'honoured',
    oneUse: false,
    lifetimeSeconds: 300,
  };
  return {
    ...(tokens?.issuer === undefined ? {} : { issuer: tokens.issuer.replace(/\/+$/, '') }),
    signingKey: tokens?.signingKey ?? 1,
    actorIssuers: mapList(tokens?.actorIssuers, compileActorIssuer),
    clients: [
      ...mapList(tokens?.clients, (client, name) => compileClient(config, client, name)),
      ...(audiences.length === 0 ? [] : [own]),
    ],
  };
};

/** Secrets by which clients of the token endpoint are known. The gateway's own is made by the deployment. */
export const secretsOfTokens = (tokens: CompiledTokens | undefined): string[] =>
  (tokens?.clients ?? []).flatMap(({ authentication, name }) =>
    authentication.type === 'secret' && name !== OWN_CLIENT ? [authentication.credential] : [],
  );
