import { openApiTools } from './compile-mcp.ts';
import type { CompiledPolicy } from './compiled.ts';
import type { CompiledMcpRoute } from './compiled-mcp.ts';
import type { Finding, Path } from './problem.ts';
import type { GatewayConfig } from './schema.ts';

const MOST_SHOWN = 10;

const warn = (path: Path, message: string): Finding => ({ path, at: 'key', message });

/** What became of the operations that are no tools, or are others than their document has them. */
const documentWarnings = ({ mcp, files = {} }: GatewayConfig): readonly Finding[] =>
  Object.entries(mcp?.servers ?? {}).flatMap(([name, server]) => {
    if (!('openapi' in server)) return [];
    const { warnings } = openApiTools(server, name, files[server.openapi] ?? '');
    const more = warnings.length - MOST_SHOWN;
    return [...warnings.slice(0, MOST_SHOWN), ...(more > 0 ? [`and ${more} more like these`] : [])].map((warning) =>
      warn(['mcp', 'servers', name, 'openapi'], `${server.openapi}: ${warning}`),
    );
  });

const lockWarnings = ({ mcp, files = {} }: GatewayConfig): readonly Finding[] =>
  Object.entries(mcp?.routes ?? {}).flatMap(([path, { pinning }]) => {
    if (pinning === undefined || pinning.mode === 'off' || Object.hasOwn(files, pinning.lockfile)) return [];
    const so = pinning.mode === 'enforce' ? 'every tool is hidden' : 'every tool is reported as new';
    return [
      warn(
        ['mcp', 'routes', path, 'pinning', 'lockfile'],
        `no file ${pinning.lockfile} yet, so ${so} until npm run mcp:pins -- approve writes it`,
      ),
    ];
  });

const ruleWarnings = ({ path, auth, servers, tools }: CompiledMcpRoute): readonly Finding[] =>
  (tools.allow ?? []).flatMap(({ scope, tools: globs = [] }, index) => {
    const at: Path = ['mcp', 'routes', path, 'tools', 'allow', index];
    const prefixed = globs.find((glob) => servers.some((server) => glob.startsWith(`${server}__`)));
    return [
      ...(auth === 'none' && scope !== undefined
        ? [warn(at, `the route ${path} is public, so nobody has the scope ${scope} there: the rule allows nothing`)]
        : []),
      ...(prefixed === undefined
        ? []
        : [warn(at, `${prefixed} is matched on a tool's own name, without its server: see mcp.tool.target for that`)]),
    ];
  });

/** Who calls without a token has none to exchange. */
const exchangeWarnings = (policy: CompiledPolicy, { path, auth, servers }: CompiledMcpRoute): readonly Finding[] =>
  servers
    .filter((server) => auth === 'none' && policy.mcp.servers[server]?.credential.type === 'exchange')
    .map((server) =>
      warn(
        ['mcp', 'routes', path],
        `the route ${path} is public, and ${server} is called as the user: every call to it is refused`,
      ),
    );

/** Kinds at which a stranger can't register a client. */
const NO_REGISTRATION: ReadonlySet<string> = new Set(['okta', 'entra']);

/** MCP clients that nobody told who they are register themselves, or get no further. */
const registrationWarnings = ({ identity, mcp }: CompiledPolicy): readonly Finding[] => {
  const without = identity.providers.filter(
    ({ name, kind }) => NO_REGISTRATION.has(kind) && mcp.clients?.[name] === undefined,
  );
  return mcp.routes
    .filter(
      ({ auth, authorizationServer }) => auth !== 'none' && without.some(({ name }) => name === authorizationServer),
    )
    .map(({ path, authorizationServer }) =>
      warn(
        ['mcp', 'routes', path, 'authorizationServer'],
        `${authorizationServer} registers no clients of strangers: only MCP clients that are told an id get further; write identity.providers.${authorizationServer}.clients.mcp`,
      ),
    );
};

/** Decision 008: what stands between renames the header that says which scopes are missing. */
const stepUpWarnings = ({ path, stepUp }: CompiledMcpRoute): readonly Finding[] =>
  stepUp
    ? [
        warn(
          ['mcp', 'routes', path, 'stepUp'],
          'in AWS clients get the 403 without the header that names the missing scopes: they see tools that they can not find out how to call',
        ),
      ]
    : [];

/** What is answered as a whole sends nothing until it is there, and API Gateway closes what is silent for five minutes. */
const MOST_SILENT_MS = 300_000;

const timeoutWarnings = ({ mcp }: CompiledPolicy): readonly Finding[] =>
  Object.values(mcp.servers)
    .filter(({ timeouts }) => timeouts.totalMs > MOST_SILENT_MS)
    .map(({ name }) =>
      warn(
        ['mcp', 'servers', name, 'timeouts'],
        `in AWS a call that says nothing for 5 minutes is closed: only tools that report progress may take longer`,
      ),
    );

/** What is allowed under `mcp` and probably not meant. */
export const mcpWarnings = (config: GatewayConfig, policy: CompiledPolicy): readonly Finding[] => [
  ...documentWarnings(config),
  ...lockWarnings(config),
  ...policy.mcp.routes.flatMap(ruleWarnings),
  ...policy.mcp.routes.flatMap((route) => exchangeWarnings(policy, route)),
  ...registrationWarnings(policy),
  ...timeoutWarnings(policy),
  ...policy.mcp.routes.flatMap(stepUpWarnings),
];
