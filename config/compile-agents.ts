import { OWN_FOLDER, OWN_ISSUER } from './check-agents.ts';
import { claimsAt } from './claim-path.ts';
import { clientClaimOf } from './client-claim.ts';
import { claimsInRoute, compileRoutePolicy, mapList, mapValues } from './compile-route.ts';
import type { CompiledLlmRoute } from './compiled.ts';
import type { CompiledAgent, CompiledInbound, CompiledObo, CompiledRuntime } from './compiled-agents.ts';
import type { CompiledMcpRoute } from './compiled-mcp.ts';
import { toMilliseconds } from './duration.ts';
import type { GatewayConfig } from './schema.ts';
import { exchangeGrant, tokenEndpoint } from './token-endpoint.ts';

type AgentConfig = NonNullable<GatewayConfig['agents']>[string];
/** The gateway's own routes, compiled. */
interface Reachable {
  readonly llm: readonly CompiledLlmRoute[];
  readonly mcp: readonly CompiledMcpRoute[];
}
type OboConfig = NonNullable<AgentConfig['obo']>;

const seconds = (duration: string | undefined): number => toMilliseconds(duration ?? '5m') / 1_000;

const compileRuntime = ({ runtime }: AgentConfig): CompiledRuntime =>
  'source' in runtime
    ? { type: 'source', folder: runtime.source, qualifier: 'live' }
    : { type: 'arn', arn: runtime.arn, qualifier: runtime.qualifier ?? 'DEFAULT' };

const compileInbound = (agent: AgentConfig): CompiledInbound =>
  agent.inbound === 'claims-as-headers' ? { type: agent.inbound, claims: agent.claims } : { type: agent.inbound };

/** The agent of this repository asks models and tools as the caller, and headers are no token for that. */
const oboOf = ({ runtime, inbound, obo }: AgentConfig): OboConfig | undefined => {
  const isOurs = 'source' in runtime && OWN_FOLDER.test(runtime.source);
  return obo ?? (isOurs && inbound === 'claims-as-headers' ? { issuer: OWN_ISSUER } : undefined);
};

/** At an identity provider the token is exchanged; here it is made. */
const compileObo = (config: GatewayConfig, obo: OboConfig, agent: string): CompiledObo => {
  if (obo.issuer === OWN_ISSUER)
    return {
      issuer: 'gatehouse',
      actor: obo.actor ?? agent,
      ...(obo.scopes === undefined ? {} : { scopes: obo.scopes }),
      subjectClaims: obo.subjectClaims ?? [],
      lifetimeSeconds: seconds(obo.lifetime),
    };
  const provider = config.identity?.providers?.[obo.issuer];
  const tokenUrl = provider === undefined ? undefined : tokenEndpoint(provider);
  const audience = obo.audience ?? provider?.audiences[0];
  if (provider === undefined || tokenUrl === undefined || audience === undefined)
    throw new Error(`the identity provider ${obo.issuer} has no token endpoint`);
  return {
    issuer: 'provider',
    provider: obo.issuer,
    kind: provider.kind,
    tokenUrl,
    providerIssuer: provider.issuer,
    audience,
    scopes: obo.scopes ?? [],
    client: obo.client ?? `${obo.issuer}-client`,
    ...(obo.clientId === undefined ? {} : { clientClaim: { name: clientClaimOf(provider), value: obo.clientId } }),
    grant: exchangeGrant(provider),
  };
};

/** Where an agent finds its model and its tools: the first routes that ask who calls. */
const reach = (model: string, { llm, mcp }: Reachable): CompiledAgent['reaches'] => {
  const models = llm.find(({ auth, models = [] }) => auth !== 'none' && models.includes(model));
  const tools = mcp.find(({ auth }) => auth !== 'none');
  return {
    ...(models === undefined ? {} : { llm: models.basePath }),
    ...(tools === undefined ? {} : { mcp: tools.path }),
  };
};

const compileAgent = (
  config: GatewayConfig,
  routes: Reachable,
  agent: AgentConfig,
  name: string,
  isOnly: boolean,
): CompiledAgent => {
  const protocol = agent.protocol ?? 'http';
  const obo = oboOf(agent);
  const model = agent.model ?? 'smart';
  return {
    path: `/${protocol === 'a2a' ? 'a2a' : 'agents'}/${name}`,
    ...compileRoutePolicy(config, agent),
    name,
    protocol,
    isDefault: protocol === 'http' && (agent.default ?? isOnly),
    runtime: compileRuntime(agent),
    inbound: compileInbound(agent),
    ...(obo === undefined ? {} : { obo: compileObo(config, obo, name) }),
    model,
    reaches: reach(model, routes),
    ...(agent.traces === undefined
      ? {}
      : { traces: { endpoint: agent.traces.endpoint, content: agent.traces.content ?? false } }),
    timeouts: {
      connectMs: 5_000,
      firstByteMs: toMilliseconds(agent.timeouts?.firstByte ?? '2m'),
      idleMs: toMilliseconds(agent.timeouts?.idle ?? '2m'),
    },
    newSessionsPerSecond: agent.newSessions?.perSecond ?? 20,
  };
};

export const compileAgents = (config: GatewayConfig, routes: Reachable): readonly CompiledAgent[] => {
  const agents = config.agents ?? {};
  const speakHttp = Object.values(mapValues(agents, ({ protocol }) => protocol ?? 'http')).filter(
    (one) => one === 'http',
  );
  return mapList(agents, (agent, name) => compileAgent(config, routes, agent, name, speakHttp.length === 1));
};

/** Claims that travel on to agents, or that decide about calls to them. */
export const claimsInAgents = (agents: readonly CompiledAgent[]): string[] => [
  ...agents.flatMap(claimsInRoute),
  ...agents.flatMap(({ obo }) => (obo?.issuer === 'gatehouse' ? obo.subjectClaims : [])).flatMap(claimsAt),
  ...agents
    .flatMap(({ inbound }) => (inbound.type === 'claims-as-headers' ? Object.keys(inbound.claims) : []))
    .flatMap(claimsAt),
];

export const clientsOfAgents = (agents: readonly CompiledAgent[]): string[] =>
  agents.flatMap(({ obo }) => (obo?.issuer === 'provider' ? [obo.client] : []));
