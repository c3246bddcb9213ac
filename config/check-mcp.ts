import { namesPrivateHost } from './private-host.ts';
import { type Finding, type Path, showPath } from './problem.ts';
import { findCircle, readScopeChain } from './scope-hierarchy.ts';
import { isMap, select, selectText } from './select.ts';
import { tokenEndpoint } from './token-endpoint.ts';

const finding = (path: Path, message: string, at: Finding['at'] = 'value'): Finding => ({
  path,
  at,
  message: `${showPath(path)}: ${message}`,
});

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

/** Elsewhere clients ask the provider for tokens themselves, and none of them may have a secret of ours. */
const checkMcpClients = (root: unknown): readonly Finding[] =>
  select(root, 'identity.providers.*').flatMap(({ path, value }): Finding[] =>
    isMap(value) && isMap(value.mcpClient) && 'credential' in value.mcpClient && value.kind !== 'entra'
      ? [
          finding(
            [...path, 'mcpClient', 'credential'],
            `only at entra do the requests of MCP clients pass through the gateway: register a public client at this provider`,
            'key',
          ),
        ]
      : [],
  );

/** What no schema can say of the part for tools. */
export const checkMcp = (root: unknown): readonly Finding[] => [
  ...checkToolRules(root),
  ...checkDeny(root),
  ...checkHierarchies(root),
  ...checkUrls(root),
  ...checkTokenEndpoints(root),
  ...checkMcpClients(root),
];
