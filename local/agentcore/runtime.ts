import type { PolicyDocument } from './resource-policy.ts';

/**
 * Properties of `AWS::BedrockAgentCore::Runtime`, as far as they decide about calls. Values are plain: what CloudFormation
 * fills in is filled in.
 */
export interface RuntimeProperties {
  /** Absent: the runtime takes Signature Version 4. */
  readonly AuthorizerConfiguration?: { readonly CustomJWTAuthorizer: CustomJwtAuthorizer };
  readonly RequestHeaderConfiguration?: { readonly RequestHeaderAllowlist: readonly string[] };
  readonly ProtocolConfiguration?: 'HTTP' | 'A2A';
  readonly EnvironmentVariables?: Readonly<Record<string, string>>;
}

export interface CustomJwtAuthorizer {
  readonly DiscoveryUrl: string;
  readonly AllowedAudience?: readonly string[];
  readonly AllowedClients?: readonly string[];
  readonly AllowedScopes?: readonly string[];
  readonly CustomClaims?: readonly CustomClaim[];
}

export interface CustomClaim {
  readonly InboundTokenClaimName: string;
  readonly InboundTokenClaimValueType: 'STRING' | 'STRING_ARRAY';
  readonly AuthorizingClaimMatchValue: {
    readonly ClaimMatchOperator: 'EQUALS' | 'CONTAINS' | 'CONTAINS_ANY';
    readonly ClaimMatchValue: {
      readonly MatchValueString?: string;
      readonly MatchValueStringList?: readonly string[];
    };
  };
}

/** A runtime that is deployed here. */
export interface Runtime {
  readonly arn: string;
  readonly properties: RuntimeProperties;
  /** `Policy` of its `AWS::BedrockAgentCore::ResourcePolicy`, parsed. */
  readonly resourcePolicy?: PolicyDocument;
  /** Names of its endpoints. Default: DEFAULT. */
  readonly qualifiers?: readonly string[];
  /** What answers in it: `POST /invocations`, or for A2A `POST /` and `GET /.well-known/agent-card.json`. */
  readonly container: (request: Request) => Promise<Response>;
}
