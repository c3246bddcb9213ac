/**
 * Headers in which AgentCore brings what it was sent for the agent.
 * Source: AgentCore developer guide, "Pass custom headers to Amazon Bedrock AgentCore Runtime".
 */
export const CUSTOM_HEADER = 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-';
export const USER_JWT_HEADER = `${CUSTOM_HEADER}User-Jwt`;
export const OBO_TOKEN_HEADER = `${CUSTOM_HEADER}Obo-Token`;
export const SESSION_HEADER = 'X-Amzn-Bedrock-AgentCore-Runtime-Session-Id';

/** W3C Trace Context, as it is passed on to models and tools. */
export const readTrace = (headers: Headers): Readonly<Record<string, string>> => {
  const traceparent = headers.get('traceparent');
  const tracestate = headers.get('tracestate');
  if (traceparent === null || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)) return {};
  return { traceparent, ...(tracestate === null ? {} : { tracestate }) };
};
