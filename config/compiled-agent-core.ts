/** What AgentCore itself is given besides runtimes. Only the deployment reads it. */
export interface CompiledAgentCore {
  readonly credentialProvider: CompiledCredentialProvider;
  readonly gateway?: CompiledManagedGateway;
}

/** A client of an identity provider that AgentCore Identity exchanges callers' tokens with. */
export interface CompiledCredentialProvider {
  /** As in the policy, without a trailing slash. */
  readonly issuer: string;
  readonly grant: 'token-exchange' | 'jwt-bearer';
  readonly clientId: string;
  /** Agents that may get tokens from it, by their names in the policy. */
  readonly agents: readonly string[];
}

/** A gateway of AgentCore's own in front of a route for MCP clients. */
export interface CompiledManagedGateway {
  readonly route: string;
  /** Whose tokens it takes. */
  readonly audiences: readonly string[];
  /** What the exchanged token is for: it has to be taken at the route. */
  readonly audience: string;
  readonly scopes: readonly string[];
}
