interface RefusalSpec {
  readonly status: number;
  /** The sentence a stranger reads. Never built from input. */
  readonly say: string;
  /** The caller may send the same call again later. */
  readonly retryable?: true;
  /** The same call may succeed at another provider. */
  readonly failover?: true;
}

/** Every way in which Gatehouse says no. This table is the API's error documentation. */
export const REFUSALS = {
  // The request itself
  malformed_json: { status: 400, say: 'the body is not valid JSON' },
  invalid_encoding: { status: 400, say: 'the body is not valid UTF-8' },
  too_deep: { status: 400, say: 'the body is nested more than 64 levels deep' },
  invalid_request: { status: 400, say: 'the request is not valid' },
  invalid_header: { status: 400, say: 'a header is repeated or holds characters that are not allowed' },
  unsupported_media_type: { status: 415, say: 'send the body as application/json, without a content-encoding' },
  body_too_large: { status: 413, say: 'the body is larger than this path takes' },
  route_not_found: {
    status: 404,
    say: 'there is no such route: see the paths that this gateway serves in its gateway.yaml',
  },
  method_not_allowed: { status: 405, say: 'this path does not take this method' },
  model_not_found: { status: 404, say: 'this route does not serve the model: GET models lists those it does' },
  unsupported_parameter: { status: 400, say: 'the provider behind this route can not honour a parameter' },
  unsupported_content: { status: 400, say: 'the provider behind this route does not take content of this kind' },
  surface_not_served: { status: 400, say: 'the provider behind this route does not serve this endpoint' },
  context_length_exceeded: { status: 400, say: 'the conversation is longer than the context window of the model' },

  // MCP
  not_acceptable: { status: 406, say: 'accept both application/json and text/event-stream' },
  repeated_name: { status: 400, say: 'an object in the body has two members of one name' },
  header_mismatch: { status: 400, say: 'the Mcp headers are missing or do not say what the body says' },
  unsupported_version: { status: 400, say: 'this version of MCP is not served here' },
  invalid_meta: { status: 400, say: '_meta lacks the protocol version or the capabilities of the client' },
  invalid_params: { status: 400, say: 'the params are not valid' },
  method_not_found: { status: 404, say: 'Method not found' },
  tool_not_found: { status: 404, say: 'Unknown tool' },
  prompt_not_found: { status: 404, say: 'Unknown prompt' },
  resource_not_found: { status: 404, say: 'Resource not found' },
  ambiguous_name: { status: 400, say: 'more than one server of this route has this name' },
  state_rejected: { status: 400, say: 'requestState is not one that this gateway gave for this request' },
  may_not_ask: { status: 502, say: 'the server asks for something that it may not ask of this client' },
  result_too_large: { status: 502, say: 'the result is larger than this route passes on' },
  host_rejected: { status: 403, say: 'this gateway is not served under this host or to this origin' },

  // Who asks, and what they may do
  token_missing: { status: 401, say: 'send a bearer token in the authorization header' },
  token_rejected: { status: 401, say: 'the bearer token was not accepted' },
  identity_unavailable: {
    status: 503,
    say: 'the identity provider cannot be reached to check the token',
    retryable: true,
  },
  insufficient_scope: { status: 403, say: 'the token lacks a scope that this call needs: see www-authenticate' },
  not_allowed: { status: 403, say: 'no authorization rule of this route allows the call' },
  rate_limited: { status: 429, say: 'you have used your calls for this window: see retry-after', retryable: true },
  limits_unavailable: { status: 503, say: 'limits cannot be checked just now', retryable: true },

  // Agents and tokens
  agent_not_found: { status: 404, say: 'there is no such agent' },
  invalid_session: {
    status: 400,
    say: 'a session is named with 1 to 256 letters, digits, dots, hyphens and underscores',
  },
  too_many_sessions: { status: 429, say: 'too many new sessions are started: see retry-after', retryable: true },
  identity_too_large: {
    status: 400,
    say: 'what has to be told to the agent about you does not fit the headers of AgentCore',
  },
  identity_not_exchanged: { status: 403, say: 'no token on your behalf can be had for this agent' },
  signing_unavailable: { status: 503, say: 'tokens cannot be signed just now', retryable: true },
  agent_unavailable: { status: 503, say: 'the agent is not deployed, or not ready yet', retryable: true },
  agent_busy: { status: 409, say: 'the agent is still working in this session', retryable: true },
  agent_auth: {
    status: 502,
    say: "the agent's runtime does not accept this gateway: its inbound mode, authorizer or policy needs attention",
  },
  agent_failed: { status: 502, say: 'the agent failed' },
  agent_quota: { status: 503, say: 'the account has no room for another session of an agent', retryable: true },

  // The upstream
  upstream_rejected: { status: 400, say: 'the provider rejected the request' },
  upstream_model_not_found: { status: 404, say: 'the provider does not know the model', failover: true },
  upstream_auth: {
    status: 502,
    say: 'the gateway is not accepted by the provider: its credential needs attention',
    failover: true,
  },
  upstream_quota: { status: 502, say: "the gateway's account at the provider is used up", failover: true },
  upstream_too_large: { status: 413, say: 'the provider finds the request too large' },
  upstream_failed: { status: 502, say: 'the provider failed', retryable: true, failover: true },
  upstream_busy: { status: 503, say: 'the provider is overloaded', retryable: true, failover: true },
  upstream_limited: {
    status: 429,
    say: 'the provider is limiting the rate of this gateway: see retry-after',
    retryable: true,
    failover: true,
  },
  upstream_unreachable: { status: 502, say: 'the provider cannot be reached', retryable: true, failover: true },
  upstream_timeout: { status: 504, say: 'the provider did not answer in time', retryable: true, failover: true },
  upstream_truncated: { status: 502, say: 'the provider broke off its answer', retryable: true, failover: true },
  credential_unavailable: {
    status: 503,
    say: 'the credential for the provider cannot be read',
    retryable: true,
    failover: true,
  },

  // Us
  deadline: { status: 504, say: 'the call took longer than this gateway allows', retryable: true },
  caller_left: { status: 499, say: 'the caller closed the connection' },
  internal: { status: 500, say: 'the gateway made a mistake: quote the request id to whoever runs it' },
} as const satisfies Record<string, RefusalSpec>;

export type RefusalCode = keyof typeof REFUSALS;

export interface RefusalOptions {
  readonly cause?: unknown;
  /** The field at fault in the caller's own request, as a path such as `messages[2].content`. Made of our names and indices only. */
  readonly param?: string;
  /** What is accepted there, in our own words. Never built from input. */
  readonly expected?: string;
  /** Seconds after which trying again makes sense: becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** What a provider said about the caller's own request, cleaned: see `providers/upstream-words.ts`. */
  readonly upstreamSays?: string;
}

/**
 * The one expected error. `code` picks status and sentence; `detail` goes to the record only and holds facts,
 * never prompts, tool results or tokens.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly param: string | undefined;
  readonly expected: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly upstreamSays: string | undefined;

  constructor(
    readonly code: RefusalCode,
    readonly detail: Readonly<Record<string, unknown>> = {},
    options: RefusalOptions = {},
  ) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.param = options.param;
    this.expected = options.expected;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.upstreamSays = options.upstreamSays;
  }

  get spec(): RefusalSpec {
    return REFUSALS[this.code];
  }

  get status(): number {
    return this.spec.status;
  }

  /** The sentence for the caller: the table's, with the expected form and the provider's reason where there is one. */
  get say(): string {
    const expected = this.expected === undefined ? '' : `: ${this.expected}`;
    const where = this.param === undefined ? '' : ` (${this.param}${expected})`;
    const why = this.upstreamSays === undefined ? '' : `. It said: ${this.upstreamSays}`;
    return `${this.spec.say}${where}${why}`;
  }
}

/** The same refusal with everything that came from outside put through `clean`. */
export const cleaned = (refusal: Refusal, clean: (text: string) => string): Refusal => {
  const detail = Object.entries(refusal.detail).map(([name, value]) => [
    name,
    typeof value === 'string' ? clean(value) : value,
  ]);
  const { param, expected, retryAfterSeconds, upstreamSays, cause } = refusal;
  return new Refusal(refusal.code, Object.fromEntries(detail), {
    ...(cause === undefined ? {} : { cause }),
    ...(param === undefined ? {} : { param }),
    ...(expected === undefined ? {} : { expected }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(upstreamSays === undefined ? {} : { upstreamSays: clean(upstreamSays) }),
  });
};

/** What a thrown thing means to a caller: itself if it is a refusal, `internal` if it is a bug. */
export const toRefusal = (thrown: unknown): Refusal =>
  thrown instanceof Refusal
    ? thrown
    : new Refusal('internal', { error: String((thrown as Error)?.name ?? 'unknown') }, { cause: thrown });
