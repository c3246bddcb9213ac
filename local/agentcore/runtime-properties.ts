import type { CompiledIdentity } from '../../config/compiled.ts';
import type { CompiledAgent, CompiledObo } from '../../config/compiled-agents.ts';
import { CUSTOM_HEADER, OBO_TOKEN_HEADER, USER_JWT_HEADER } from '../../lambda/core/agent.ts';
import type { CustomClaim, CustomJwtAuthorizer, RuntimeProperties } from './runtime.ts';

export interface RuntimePlace {
  /** `iss` of the gateway's own tokens. */
  readonly issuer: string;
  /** Whether it makes any. */
  readonly hasTokens: boolean;
  /** Where the agent finds the gateway, without a trailing slash. */
  readonly gatewayUrl: string;
  /** Whose tokens of people the agent trusts. */
  readonly identity: CompiledIdentity;
}

/** What the deployment would make of an agent: the properties of its runtime, as CloudFormation gets them. */
export const runtimeProperties = (agent: CompiledAgent, place: RuntimePlace): RuntimeProperties => ({
  ...(agent.inbound.type === 'obo' && agent.obo !== undefined
    ? { AuthorizerConfiguration: { CustomJWTAuthorizer: authorizerOf(agent, agent.obo, place.issuer) } }
    : {}),
  RequestHeaderConfiguration: { RequestHeaderAllowlist: headersOf(agent) },
  ProtocolConfiguration: agent.protocol === 'a2a' ? 'A2A' : 'HTTP',
  EnvironmentVariables: environmentOf(agent, place),
});

const authorizerOf = ({ name }: CompiledAgent, obo: CompiledObo, issuer: string): CustomJwtAuthorizer => {
  if (obo.issuer === 'provider') {
    const { clientClaim } = obo;
    if (clientClaim === undefined)
      throw new Error(`agents.${name}: nothing tells an exchanged token from a person's own`);
    return {
      DiscoveryUrl: discoveryOf(obo.providerIssuer),
      AllowedAudience: [obo.audience],
      // One only: whether all of several have to be there is not documented. And no clients: Okta has no `client_id`.
      ...(obo.scopes[0] === undefined ? {} : { AllowedScopes: [obo.scopes[0]] }),
      CustomClaims: [equals(clientClaim.name, clientClaim.value)],
    };
  }
  return {
    DiscoveryUrl: discoveryOf(issuer),
    AllowedAudience: [`${issuer}/agents/${name}`],
    CustomClaims: [equals('agent_id', obo.actor)],
  };
};

const equals = (name: string, value: string): CustomClaim => ({
  InboundTokenClaimName: name,
  InboundTokenClaimValueType: 'STRING',
  AuthorizingClaimMatchValue: { ClaimMatchOperator: 'EQUALS', ClaimMatchValue: { MatchValueString: value } },
});

const discoveryOf = (issuer: string): string => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

const headersOf = ({ inbound, obo }: CompiledAgent): readonly string[] => {
  const token = obo === undefined ? [] : [OBO_TOKEN_HEADER];
  switch (inbound.type) {
    case 'obo':
      return ['Authorization'];
    case 'jwt-passthrough':
      return [USER_JWT_HEADER, ...token];
    case 'claims-as-headers':
      return [...Object.values(inbound.claims).map((suffix) => `${CUSTOM_HEADER}${suffix}`), ...token];
  }
};

const environmentOf = (
  { name, inbound, model, reaches, traces }: CompiledAgent,
  { gatewayUrl, identity, issuer, hasTokens }: RuntimePlace,
): Readonly<Record<string, string>> => ({
  AGENT_NAME: name,
  INBOUND: inbound.type,
  MODEL: model,
  ...(reaches.llm === undefined ? {} : { LLM_URL: `${gatewayUrl}${reaches.llm}` }),
  ...(reaches.mcp === undefined ? {} : { MCP_URL: `${gatewayUrl}${reaches.mcp}` }),
  ...(inbound.type === 'claims-as-headers' ? { CLAIM_HEADERS: JSON.stringify(inbound.claims) } : {}),
  ...(inbound.type === 'jwt-passthrough'
    ? {
        TRUSTED_ISSUERS: JSON.stringify([
          ...trustedIssuers(identity),
          ...(hasTokens ? [{ issuer, audiences: [issuer], kind: 'gatehouse' }] : []),
        ]),
      }
    : {}),
  ...(traces === undefined
    ? {}
    : {
        OTEL_EXPORTER_OTLP_ENDPOINT: traces.endpoint,
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: String(traces.content),
      }),
});

const trustedIssuers = ({ providers }: CompiledIdentity) =>
  providers.map(({ issuer, audiences, jwksUri, kind }) => ({
    issuer,
    audiences,
    ...(jwksUri === undefined ? {} : { jwksUri }),
    kind,
  }));
