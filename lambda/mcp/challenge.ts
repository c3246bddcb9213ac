import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Challenge } from './ports.ts';
import { metadataUrlOf, type ProtectedPolicy } from './protected-resource.ts';
import type { BaseUrl } from './public-urls.ts';
import { routeScopes } from './route-scopes.ts';

/** What pages of other origins may read of an answer: without it a browser's client never sees the challenge (A2). */
export const EXPOSED_HEADERS = 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version';

/**
 * `www-authenticate` of a 401 (A2).
 *
 * Shape:  `tokenSent`: a token came and was not accepted; without one there is no error code (RFC 6750 §3.1).
 *         `metadataUrl` is where `protected-resource.ts` serves the route's document; absent where it serves none.
 * Source: MCP 2026-07-28, Authorization; RFC 9728 §5.1.
 */
export const tokenChallenge = (
  route: CompiledMcpRoute,
  metadataUrl: string | undefined,
  { tokenSent }: { readonly tokenSent: boolean },
): string =>
  bearer({
    ...(tokenSent && { error: 'invalid_token' }),
    ...(metadataUrl !== undefined && { resource_metadata: metadataUrl }),
    ...scopeParameter(routeScopes(route)),
  });

/**
 * `www-authenticate` of a 403 for a call that further scopes would allow (A4): all of them in one challenge, with those that
 * the caller holds already, because clients ask for what stands here and nothing else.
 *
 * Shape:  `missing` is what the decision about the tool says, `held` the caller's own.
 */
export const scopeChallenge = (
  route: CompiledMcpRoute,
  metadataUrl: string | undefined,
  { missing, held = [] }: { readonly missing: readonly string[]; readonly held?: readonly string[] },
): string => {
  const known = new Set((route.tools.allow ?? []).flatMap(({ scope }) => scope ?? []));
  return bearer({
    error: 'insufficient_scope',
    ...scopeParameter([...new Set([...held.filter((scope) => known.has(scope)), ...missing])]),
    ...(metadataUrl !== undefined && { resource_metadata: metadataUrl }),
  });
};

/** RFC 6749 §3.3; A5: whether a client may come back without its user is between it and the identity provider. */
const isAskable = (scope: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope) && scope !== 'offline_access';

const scopeParameter = (scopes: readonly string[]): { scope?: string } => {
  const askable = scopes.filter(isAskable);
  return askable.length === 0 ? {} : { scope: askable.join(' ') };
};

const bearer = (parameters: Readonly<Record<string, string>>): string => {
  const written = Object.entries(parameters).map(([name, value]) => `${name}=${quoted(value)}`);
  return written.length === 0 ? 'Bearer' : `Bearer ${written.join(', ')}`;
};

/** RFC 9110 §5.6.4. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&')}"`;

/** The challenges of a policy's routes. */
export const createChallenge = (policy: ProtectedPolicy, baseUrl: BaseUrl): ((challenge: Challenge) => string) => {
  const routes = new Map(policy.mcp.routes.map((route) => [route.path, route]));
  return ({ route: path, url, error, scopes: missing = [], held = [] }) => {
    const route = routes.get(path);
    if (route === undefined) return 'Bearer';
    const metadataUrl = URL.canParse(url) ? metadataUrlOf(route, policy, baseUrl(url)) : undefined;
    return error === 'insufficient_scope'
      ? scopeChallenge(route, metadataUrl, { missing, held })
      : tokenChallenge(route, metadataUrl, { tokenSent: error === 'invalid_token' });
  };
};
