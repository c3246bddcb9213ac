import { namesPrivateHost } from './private-host.ts';
import { type Finding, finding } from './problem.ts';
import { findCircle, readScopeChain } from './scope-hierarchy.ts';
import { isMap, select, selectText } from './select.ts';
import { tokenEndpoint } from './token-endpoint.ts';

const checkToolRules = (root: unknown): readonly Finding[] =>
  select(root, 'mcp.routes.*.tools.allow.*').flatMap(({ path, value }): Finding[] =>
    isMap(value) && Object.keys(value).length === 0
      ? [finding(path, 'expected scope, tools or when, found nothing')]
      : [],
  );

/** Nothing would be left of such a pattern, or every tool would be denied by it. */
const checkDeny = (root: unknown): readonly Finding[] =>
  selectText(root, 'mcp.routes.*.tools.deny.*').flatMap(({ path, value }): Finding[] =>
    /^\*+$|[\p{L}\p{N}]/u.test(value)
      ? []
      : [finding(path, 'expected letters or digits: separators make no difference here, so it would deny every tool')],
  );

const checkHierarchies = (root: unknown): readonly Finding[] =>
  select(root, 'mcp.routes.*.scopeHierarchy').flatMap((list): Finding[] => {
    const chains = selectText(list.value, '*').map(({ path, value }) => ({
      path: [...list.path, ...path],
      scopes: readScopeChain(value),
    }));
    const unreadable = chains.filter(({ scopes }) => scopes === undefined);
    if (unreadable.length > 0)
      return unreadable.map(({ path }) =>
        finding(path, 'expected scopes with > between, as in mcp:admin > mcp:write > mcp:read'),
      );
    const circle = findCircle(chains.map(({ scopes = [] }) => scopes));
    const at = circle === undefined ? undefined : chains[circle.index];
    if (circle === undefined || at === undefined) return [];
    return [finding(at.path, `goes in a circle: ${circle.scope} would include itself by way of others`)];
  });

/** Without a prefix a server's tool may be called as one of the two that stand for all, and nobody could call it. */
const checkSearch = (root: unknown): readonly Finding[] =>
  select(root, 'mcp.routes.*').flatMap(({ path, value }): Finding[] =>
    isMap(value) && value.search === true && value.prefix === 'never'
      ? [finding([...path, 'search'], 'needs prefix: always: a server may have a tool called find_tools of its own')]
      : [],
  );

const canParse = (url: unknown): url is string => typeof url === 'string' && URL.canParse(url);

/** A credential and people's data go there: in the clear only where the network is one's own. */
const checkUrls = (root: unknown): readonly Finding[] =>
  select(root, 'mcp.servers.*').flatMap(({ path, value }): Finding[] => {
    if (!isMap(value)) return [];
    return ['url', 'baseUrl'].flatMap((key) => {
      const url = value[key];
      const isPrivate =
        typeof value.privateHost === 'boolean' ? value.privateHost : canParse(url) && namesPrivateHost(url);
      if (!canParse(url) || new URL(url).protocol !== 'http:' || isPrivate) return [];
      return [finding([...path, key], 'expected https, or privateHost: true for a host in a network of your own')];
    });
  });

const KINDS = ['okta', 'auth0', 'entra', 'keycloak', 'oidc'] as const;

const PLACES = [
  ...['credential.exchange', 'credential.clientCredentials', 'listCredential.clientCredentials'].map(
    (place) => `mcp.servers.*.${place}`,
  ),
  'agents.*.obo.issuer',
];

/** Exchanges at a provider of which nobody says where. */
const checkTokenEndpoints = (root: unknown): readonly Finding[] =>
  PLACES.flatMap((place) => selectText(root, place)).flatMap(({ path, value }): Finding[] => {
    const [provider] = isMap(root)
      ? select(root, 'identity.providers').flatMap((all) =>
          isMap(all.value) && Object.hasOwn(all.value, value) ? [all.value[value]] : [],
        )
      : [];
    if (!isMap(provider) || typeof provider.tokenUrl === 'string' || !canParse(provider.issuer)) return [];
    const kind = KINDS.find((one) => one === provider.kind);
    if (kind === undefined || tokenEndpoint({ kind, issuer: provider.issuer }) !== undefined) return [];
    return [
      finding(path, `nothing says where ${value} exchanges tokens: write tokenUrl under identity.providers.${value}`),
    ];
  });

/**
 * MCP clients register themselves, and Entra registers nobody: without a client from the policy they would be led to a closed
 * door. Where a client proves itself, the proof is added by this gateway's token
 * endpoint, which it is at Entra alone.
 */
const checkClients = (root: unknown): readonly Finding[] => {
  if (!isMap(root)) return [];
  const named = new Set(selectText(root, 'mcp.routes.*.authorizationServer').map(({ value }) => value));
  return select(root, 'identity.providers.*').flatMap(({ path, value }): Finding[] => {
    if (!isMap(value)) return [];
    const provider = String(path.at(-1));
    if (value.kind === 'entra' && named.has(provider) && !('clients' in value))
      return [
        finding(
          path,
          `a route sends MCP clients here, which registers none of them: write clients: { mcp: { id, redirectUris } }`,
        ),
      ];
    return value.kind === 'entra'
      ? []
      : selectText(value, 'clients.mcp.credential').map((one) =>
          finding(
            [...path, ...one.path],
            'expected nothing: MCP clients ask this provider for tokens themselves, so theirs must be a public client',
          ),
        );
  });
};

/** What no schema can say of the part for tools. */
export const checkMcp = (root: unknown): readonly Finding[] => [
  ...checkToolRules(root),
  ...checkDeny(root),
  ...checkHierarchies(root),
  ...checkSearch(root),
  ...checkUrls(root),
  ...checkTokenEndpoints(root),
  ...checkClients(root),
];
