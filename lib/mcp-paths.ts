import type { CompiledPolicy } from '../config/compiled.ts';

/** A path of the MCP function that asks nobody for a token. */
export interface OpenPath {
  readonly path: string;
  readonly methods: readonly string[];
  /** Why it may be open. */
  readonly reason: string;
}

/** RFC 9728 §3.1: where a resource says who gives tokens for it, its path after this. */
export const METADATA = '/.well-known/oauth-protected-resource';

const NO_SESSIONS = 'Answers 405 to everybody: what MCP clients hear from a server that keeps no sessions.';
const METADATA_IS_PUBLIC = 'Says where to get a token, which is asked by those who have none yet (RFC 9728, RFC 8414).';
const GIVES_TOKENS = 'Is asked by those who have no token yet; the identity provider behind it says who they are.';

/** Routes on which a token means anything, and which therefore say where to get one. */
export const protectedPaths = ({ mcp, identity }: CompiledPolicy): readonly string[] =>
  identity.providers.length === 0 ? [] : mcp.routes.filter(({ auth }) => auth !== 'none').map(({ path }) => path);

/** All that is open beside the routes themselves. */
export const openPaths = (policy: CompiledPolicy): readonly OpenPath[] => {
  const { routes } = policy.mcp;
  const resources = protectedPaths(policy).map((path) => `${METADATA}${path}`);
  return [
    ...routes.map(({ path }) => ({ path, methods: ['GET', 'DELETE'], reason: NO_SESSIONS })),
    ...(resources.length === 0 ? [] : [METADATA, ...resources]).map(document),
    ...[...new Set(routes.flatMap(({ authorizationServer }) => authorizationServer ?? []))].flatMap(throughUs),
  ];
};

/** Clients in browsers send headers of their own along, and are asked about them first. */
const document = (path: string): OpenPath => ({ path, methods: ['GET', 'OPTIONS'], reason: METADATA_IS_PUBLIC });

/** An identity provider that MCP clients reach through the gateway. As lambda/mcp/public-urls.ts has them. */
const throughUs = (provider: string): readonly OpenPath[] => {
  const issuer = `/authorization/${provider}`;
  const wellKnown = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
  return [
    ...wellKnown.flatMap((path) => [`${path}${issuer}`, `${issuer}${path}`]).map(document),
    { path: `${issuer}/authorize`, methods: ['GET'], reason: GIVES_TOKENS },
    { path: `${issuer}/token`, methods: ['POST', 'OPTIONS'], reason: GIVES_TOKENS },
    { path: `${issuer}/register`, methods: ['POST', 'OPTIONS'], reason: GIVES_TOKENS },
  ];
};
