import { AwsError } from './aws-error.ts';
import type { RuntimeProperties } from './runtime.ts';

const CUSTOM = 'x-amzn-bedrock-agentcore-runtime-custom-';
const MAX_HEADERS = 20;
const MAX_BYTES = 4_096;
/** What reaches a container without being listed. */
const ALWAYS = ['content-type', 'accept', 'x-amzn-trace-id', 'traceparent', 'tracestate', 'baggage'];
const RESTRICTED = ['proxy-authorization', 'www-authenticate', 'host', 'user-agent', 'referer', 'cookie'];

/**
 * The headers that a runtime forwards, lower case.
 *
 * Errors: an `Error` for a list that CloudFormation would not take.
 * Source: AgentCore developer guide, "Pass custom headers to Amazon Bedrock AgentCore Runtime".
 */
export const readAllowlist = (properties: RuntimeProperties): readonly string[] => {
  const list = properties.RequestHeaderConfiguration?.RequestHeaderAllowlist ?? [];
  const names = list.map((name) => name.toLowerCase());
  if (names.length > MAX_HEADERS) throw new Error(`a runtime forwards at most ${MAX_HEADERS} headers`);
  if (new Set(names).size < names.length) throw new Error('a header is listed twice');
  for (const name of names) {
    if (!/^[a-z0-9_-]+$/.test(name)) throw new Error(`${name} is no name of a header that can be forwarded`);
    if (RESTRICTED.includes(name) || (/^x-amzn?-/.test(name) && !(name.startsWith(CUSTOM) && name !== CUSTOM)))
      throw new Error(`${name} is never forwarded`);
    if (name === 'authorization' && properties.AuthorizerConfiguration === undefined)
      throw new Error('authorization is forwarded by a runtime that takes JWTs only');
  }
  return names;
};

/** Errors: `AwsError('ValidationException')` for a value of more than 4 KB. */
export const forwardedHeaders = (headers: Headers, allowlist: readonly string[]): Headers => {
  const forwarded = new Headers();
  for (const [name, value] of headers) {
    if (!allowlist.includes(name) && !ALWAYS.includes(name)) continue;
    if (allowlist.includes(name) && Buffer.byteLength(value, 'latin1') > MAX_BYTES)
      throw new AwsError('ValidationException', `Header ${name} exceeds the maximum size of ${MAX_BYTES} bytes`);
    forwarded.set(name, value);
  }
  return forwarded;
};
