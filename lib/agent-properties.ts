import type { CompiledIdentity } from '../config/compiled.ts';
import type { CompiledAgent } from '../config/compiled-agents.ts';

/** As lambda/core/agent.ts has it: what else AgentCore forwards, it does not forward to every library. */
const CUSTOM = 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-';

/** Who may call a runtime in JWT mode. Lists have one entry: whether AgentCore wants any or all of several is undocumented. */
export interface Trusted {
  readonly discoveryUrl: string;
  readonly audience: string;
  readonly scope?: string;
  readonly claim: { readonly name: string; readonly value: string };
}

/**
 * Whose tokens a runtime takes: those on behalf of a caller for this one agent. Absent: it takes IAM's signatures. Clients are
 * not listed, but a claim: Okta's tokens name them in `cid`, where AgentCore does not look.
 *
 * Shape: `issuer` is `iss` of the gateway's own tokens.
 */
export const trustedBy = ({ name, inbound, obo }: CompiledAgent, issuer: string): Trusted | undefined => {
  if (inbound.type !== 'obo') return undefined;
  if (obo === undefined)
    throw new Error(`agents.${name}: inbound obo without a token, which the schema does not let pass`);
  if (obo.issuer === 'gatehouse')
    return {
      discoveryUrl: discoveryOf(issuer),
      audience: `${issuer}/agents/${name}`,
      claim: { name: 'agent_id', value: obo.actor },
    };
  const [scope] = obo.scopes;
  if (obo.clientClaim === undefined)
    throw new Error(
      `agents.${name}: inbound obo without the client that exchanges, which the schema does not let pass`,
    );
  return {
    discoveryUrl: discoveryOf(obo.providerIssuer.replace(/\/$/, '')),
    audience: obo.audience,
    ...(scope === undefined ? {} : { scope }),
    claim: obo.clientClaim,
  };
};

/** Where AgentCore reads about an issuer, given without a trailing slash. */
export const discoveryOf = (issuer: string): string => `${issuer}/.well-known/openid-configuration`;

/** The headers that AgentCore forwards to the agent: how it learns who calls, and nothing else. */
export const forwardedHeaders = ({ inbound, obo }: CompiledAgent): readonly string[] => {
  const token = obo === undefined ? [] : [`${CUSTOM}Obo-Token`];
  switch (inbound.type) {
    case 'obo':
      return ['Authorization'];
    case 'jwt-passthrough':
      return [`${CUSTOM}User-Jwt`, ...token];
    case 'claims-as-headers':
      return [...Object.values(inbound.claims).map((suffix) => `${CUSTOM}${suffix}`), ...token];
  }
};

/**
 * What a deployed agent knows. No secret: it has none.
 *
 * Shape: `gatewayUrl` is without a trailing slash, `ownIssuer` is `iss` of the gateway's own tokens where it makes any.
 */
export const agentEnvironment = (
  { name, inbound, model, reaches, traces }: CompiledAgent,
  gatewayUrl: string,
  { providers }: CompiledIdentity,
  ownIssuer: string | undefined,
): Readonly<Record<string, string>> => ({
  AGENT_NAME: name,
  INBOUND: inbound.type,
  MODEL: model,
  ...(reaches.llm === undefined ? {} : { LLM_URL: `${gatewayUrl}${reaches.llm}` }),
  ...(reaches.mcp === undefined ? {} : { MCP_URL: `${gatewayUrl}${reaches.mcp}` }),
  ...(inbound.type === 'claims-as-headers' ? { CLAIM_HEADERS: JSON.stringify(inbound.claims) } : {}),
  ...(inbound.type === 'jwt-passthrough'
    ? { TRUSTED_ISSUERS: JSON.stringify([...providers.map(trustedIssuer), ...own(ownIssuer)]) }
    : {}),
  ...(traces === undefined ? {} : traceVariables(traces)),
});

/** Headers for the collector are no part of it: they are secrets, and a template is no place for them. */
const traceVariables = ({ endpoint, content }: NonNullable<CompiledAgent['traces']>) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: String(content),
});

const trustedIssuer = ({ issuer, audiences, jwksUri, kind }: CompiledIdentity['providers'][number]) => ({
  issuer,
  audiences,
  ...(jwksUri === undefined ? {} : { jwksUri }),
  kind,
});

/** With such a token another agent calls, for somebody. */
const own = (issuer: string | undefined) =>
  issuer === undefined ? [] : [{ issuer, audiences: [issuer], kind: 'gatehouse' }];
