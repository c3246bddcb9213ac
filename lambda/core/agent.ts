import type { Call } from './call.ts';

/**
 * What AgentCore forwards to a container besides the body: only headers of this prefix that the runtime lists.
 * Source: AgentCore developer guide, "Pass custom headers to Amazon Bedrock AgentCore Runtime".
 */
export const CUSTOM_HEADER = 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-';
/** The caller's own token, for an agent that verifies it (`inbound: jwt-passthrough`). */
export const USER_JWT_HEADER = `${CUSTOM_HEADER}User-Jwt`;
/** The token on behalf of the caller, where the inbound mode does not carry it in `Authorization`. */
export const OBO_TOKEN_HEADER = `${CUSTOM_HEADER}Obo-Token`;
export const SESSION_HEADER = 'X-Amzn-Bedrock-AgentCore-Runtime-Session-Id';

/** A caller never sets these: AgentCore and Gatehouse do. Lower case. */
export const RESERVED_HEADER_PREFIXES = ['x-amzn-bedrock-agentcore-', 'x-amz-', 'x-amzn-'] as const;

/** AgentCore's own limits. */
export const MAX_HEADER_BYTES = 4_096;
export const MAX_FORWARDED_HEADERS = 20;
export const SESSION_ID_CHARACTERS = { min: 33, max: 256 } as const;

/** One call to an agent. */
export interface AgentCall extends Call {
  /** Its name in the policy. */
  readonly agent: string;
  /** What the runtime gets, as it was sent: JSON text. */
  readonly body: string;
  /** Whether the caller takes server-sent events. */
  readonly acceptsStream: boolean;
  /** As the caller names the session, if it does: never sent on. */
  readonly callerSession?: string;
  /** W3C trace context, as it came. */
  readonly trace: { readonly traceparent?: string; readonly tracestate?: string };
  /** What an A2A message says it is. */
  readonly a2a?: { readonly method: string; readonly taskId?: string };
}
