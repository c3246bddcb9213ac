import { compileMcpCredential } from './compile-mcp-credential.ts';
import { claimsInConditions, claimsInRoute, compileRoutePolicy, mapList, mapValues, present } from './compile-route.ts';
import type {
  CompiledHttpServer,
  CompiledMcp,
  CompiledMcpCredential,
  CompiledMcpRoute,
  CompiledMcpServer,
  CompiledOpenApiServer,
  CompiledPinning,
} from './compiled-mcp.ts';
import { toMilliseconds } from './duration.ts';
import { compileOpenApi, type OpenApiTools } from './openapi/compile-openapi.ts';
import { readLockfile } from './pins.ts';
import { namesPrivateHost } from './private-host.ts';
import type { GatewayConfig } from './schema.ts';
import { includedScopes, readScopeChain } from './scope-hierarchy.ts';

type Mcp = NonNullable<GatewayConfig['mcp']>;
type ServerConfig = NonNullable<Mcp['servers']>[string];
export type OpenApiServerConfig = Extract<ServerConfig, { readonly openapi: string }>;
type HttpServerConfig = Exclude<ServerConfig, OpenApiServerConfig>;
type RouteConfig = NonNullable<Mcp['routes']>[string];

const MAX_RESULT_BYTES = 1_048_576;

/** Errors: `OpenApiError`. */
export const openApiTools = (server: OpenApiServerConfig, name: string, document: string): OpenApiTools =>
  compileOpenApi(document, {
    serverName: name,
    include: server.include,
    exclude: server.exclude,
    overrides: server.overrides,
    inlineDepth: server.inlineDepth,
  });

const documentOf = ({ files }: GatewayConfig, { openapi }: OpenApiServerConfig): string => {
  const document = files?.[openapi];
  if (document === undefined) throw new Error(`a policy built in code has the text of ${openapi} in files`);
  return document;
};

/** What every kind of server has. `bearer`: how a credential is sent of which the policy gives only the name. */
const compileBase = (
  config: GatewayConfig,
  server: ServerConfig,
  url: string,
  bearer: { readonly header: string; readonly scheme: string },
) => {
  const compile = (credential: ServerConfig['credential']): CompiledMcpCredential =>
    compileMcpCredential(credential, bearer, config.identity?.providers ?? {});
  return {
    // What an OpenAPI document says of its tools is the policy's own: it is a file beside it, read when the policy is.
    trusted: server.trusted ?? 'openapi' in server,
    onFailure: server.onFailure ?? 'skip',
    credential: compile(server.credential),
    ...(server.listCredential === undefined ? {} : { listCredential: compile(server.listCredential) }),
    timeouts: {
      connectMs: toMilliseconds(server.timeouts?.connect ?? '5s'),
      firstByteMs: toMilliseconds(server.timeouts?.firstByte ?? '30s'),
      totalMs: toMilliseconds(server.timeouts?.total ?? '60s'),
    },
    concurrency: server.concurrency ?? 16,
    catalogTtlMs: toMilliseconds(server.catalogTtl ?? '5m'),
    privateHost: server.privateHost ?? namesPrivateHost(url),
  } as const;
};

const BEARER = { header: 'authorization', scheme: 'Bearer' };

const compileHttpServer = (config: GatewayConfig, server: HttpServerConfig, name: string): CompiledHttpServer => ({
  type: 'http',
  name,
  url: server.url,
  era: server.era ?? 'auto',
  ...compileBase(config, server, server.url, BEARER),
});

const compileOpenApiServer = (
  config: GatewayConfig,
  server: OpenApiServerConfig,
  name: string,
): CompiledOpenApiServer => {
  const { tools, credential = BEARER } = openApiTools(server, name, documentOf(config, server));
  const baseUrl = server.baseUrl.replace(/\/+$/, '');
  return { type: 'openapi', name, baseUrl, tools, ...compileBase(config, server, baseUrl, credential) };
};

const compileServer = (config: GatewayConfig, server: ServerConfig, name: string): CompiledMcpServer =>
  'openapi' in server ? compileOpenApiServer(config, server, name) : compileHttpServer(config, server, name);

/** Without a lock file nothing is approved yet, which under `enforce` hides everything. */
const compilePinning = ({ files }: GatewayConfig, pinning: RouteConfig['pinning']): CompiledPinning => {
  const { mode, lockfile } = pinning ?? { mode: 'off' };
  const text = mode === 'off' || lockfile === undefined ? undefined : files?.[lockfile];
  if (text === undefined) return { mode, pins: {} };
  const read = readLockfile(text);
  if ('problems' in read) throw new Error(`${lockfile}: ${read.problems.join('; ')}`);
  return { mode, pins: read.pins };
};

const compileRoute = (config: GatewayConfig, route: RouteConfig, path: string): CompiledMcpRoute => ({
  path,
  ...compileRoutePolicy(config, route),
  servers: route.servers,
  prefix: route.prefix ?? 'always',
  tools: {
    deny: route.tools?.deny ?? [],
    ...(route.tools?.allow === undefined ? {} : { allow: route.tools.allow.map(present) }),
  },
  scopeHierarchy: includedScopes((route.scopeHierarchy ?? []).flatMap((chain) => [readScopeChain(chain) ?? []])),
  stepUp: route.stepUp ?? false,
  pinning: onlyServers(compilePinning(config, route.pinning), route.servers),
  search: route.search ?? false,
  maxResultBytes: route.maxResultBytes ?? MAX_RESULT_BYTES,
  outputSchema: route.outputSchema ?? 'warn',
  scanResults: route.scanResults ?? false,
  ...(route.authorizationServer === undefined ? {} : { authorizationServer: route.authorizationServer }),
});

/** A lock file may serve several routes. */
const onlyServers = ({ mode, pins }: CompiledPinning, servers: readonly string[]): CompiledPinning => ({
  mode,
  pins: Object.fromEntries(Object.entries(pins).filter(([server]) => servers.includes(server))),
});

const compileClients = ({ identity, mcp }: GatewayConfig): Pick<CompiledMcp, 'clients'> => {
  const named = new Set(
    Object.values(mcp?.routes ?? {}).flatMap(({ authorizationServer }) => authorizationServer ?? []),
  );
  const clients = Object.entries(identity?.providers ?? {}).flatMap(([provider, { clients: own }]) => {
    if (own === undefined || !named.has(provider)) return [];
    const { id, ...rest } = own.mcp;
    return [[provider, { clientId: id, ...present(rest) }] as const];
  });
  return clients.length === 0 ? {} : { clients: Object.fromEntries(clients) };
};

export const compileMcp = (config: GatewayConfig): CompiledMcp => ({
  ...compileClients(config),
  servers: mapValues(config.mcp?.servers, (server, name) => compileServer(config, server, name)),
  routes: mapList(config.mcp?.routes, (route, path) => compileRoute(config, route, path)),
});

export const claimsInMcp = ({ routes }: CompiledMcp): string[] => [
  ...routes.flatMap(claimsInRoute),
  ...claimsInConditions(routes.flatMap(({ tools }) => (tools.allow ?? []).flatMap(({ when }) => when ?? []))),
];

/** Credentials that are clients at identity providers: a policy need not declare them. */
export const clientsOf = ({ servers }: CompiledMcp): string[] =>
  Object.values(servers)
    .flatMap(({ credential, listCredential }) => [credential, listCredential])
    .flatMap((one) => (one !== undefined && 'client' in one ? [one.client] : []));
