import type { Raw } from '../../core/mcp.ts';
import type { Refusal, RefusalCode } from '../../core/refusal.ts';
import { unhide } from '../../policy/hidden-text.ts';
import type { TargetError } from '../../targets/target.ts';
import type { Id } from './read-message.ts';
import { type Era, MODERN_VERSIONS } from './versions.ts';

/** A JSON-RPC error response, and the status it travels under. */
export interface WrittenError {
  readonly status: number;
  readonly body: Raw;
}

const INTERNAL_ERROR = -32603;

/** Codes of JSON-RPC 2.0 §5.1 and of MCP. Everything else of ours has the status as its code: no range is reserved for us. */
const CODES: Partial<Record<RefusalCode, number>> = {
  malformed_json: -32700,
  invalid_encoding: -32700,
  too_deep: -32700,
  repeated_name: -32600,
  invalid_request: -32600,
  method_not_allowed: -32600,
  header_mismatch: -32020,
  unsupported_version: -32022,
  invalid_meta: -32602,
  invalid_params: -32602,
  method_not_found: -32601,
  tool_not_found: -32602,
  prompt_not_found: -32602,
  resource_not_found: -32602,
  ambiguous_name: -32602,
  state_rejected: -32602,
  may_not_ask: INTERNAL_ERROR,
  result_too_large: INTERNAL_ERROR,
  internal: INTERNAL_ERROR,
  upstream_failed: INTERNAL_ERROR,
  upstream_unreachable: INTERNAL_ERROR,
  upstream_timeout: INTERNAL_ERROR,
  upstream_truncated: INTERNAL_ERROR,
  upstream_auth: INTERNAL_ERROR,
  upstream_busy: INTERNAL_ERROR,
  upstream_limited: INTERNAL_ERROR,
  upstream_too_large: INTERNAL_ERROR,
  credential_unavailable: INTERNAL_ERROR,
};

/** What clients of 2025 know by another code. */
const LEGACY_CODES: Partial<Record<RefusalCode, number>> = {
  unsupported_version: -32000,
  resource_not_found: -32002,
};

/** The request was understood and the answer is no: an answer like another, for all that HTTP has to say. */
const IN_BAND: ReadonlySet<RefusalCode> = new Set([
  'invalid_params',
  'tool_not_found',
  'prompt_not_found',
  'resource_not_found',
  'ambiguous_name',
  'state_rejected',
  'may_not_ask',
  'result_too_large',
  'upstream_failed',
  'upstream_unreachable',
  'upstream_timeout',
  'upstream_truncated',
  'upstream_auth',
  'upstream_busy',
  'upstream_limited',
  'upstream_too_large',
  'credential_unavailable',
]);

/** Clients of 2025 take a 404 for a lost session. */
const isInBand = (code: RefusalCode, era: Era): boolean =>
  IN_BAND.has(code) || (era === 'legacy' && code === 'method_not_found');

/** `id` is that of the request, null when it could not be read. */
export const writeError = (refusal: Refusal, id: Id | null, era: Era): WrittenError => {
  const { code: name, status } = refusal;
  const code = (era === 'legacy' ? LEGACY_CODES[name] : undefined) ?? CODES[name] ?? status;
  const unauthorized = status === 401 ? { message: 'Unauthorized' } : {};
  return {
    status: isInBand(name, era) ? 200 : status,
    body: { jsonrpc: '2.0', id, ...unauthorized, error: { code, message: refusal.say, data: dataOf(refusal) } },
  };
};

const dataOf = ({ code, detail }: Refusal): Raw => ({
  code,
  ...(code === 'unsupported_version' ? { supported: MODERN_VERSIONS, requested: detail.requested } : {}),
  ...(typeof detail.target === 'string' ? { target: detail.target } : {}),
});

const MISSING_CAPABILITY = -32021;
const NOT_FOUND_OF_2025 = -32002;
const INVALID_PARAMS = -32602;
/** The specification's own: clients act on them as said by us about this hop (G22). */
const isReserved = (code: number): boolean => (code <= -32020 && code >= -32099) || code === NOT_FOUND_OF_2025;

/** What a server answered, in its own words, cleaned, without its `data`. `mayAsk`: what it lacks is the client's to give. */
export const writeTargetError = (error: TargetError, id: Id, era: Era, mayAsk: boolean): WrittenError => {
  const { text } = unhide(error.says.slice(0, MAX_WORDS));
  const message = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, MAX_WORDS) || 'the server failed';
  const isLack = error.code === MISSING_CAPABILITY && mayAsk && era === 'modern';
  const required = isLack ? { data: error.data ?? {} } : {};
  const code = isLack ? error.code : codeFor(error.code, era);
  return { status: isLack ? 400 : 200, body: { jsonrpc: '2.0', id, error: { code, message, ...required } } };
};

const MAX_WORDS = 2_000;

const codeFor = (code: number, era: Era): number => {
  if (code === NOT_FOUND_OF_2025) return era === 'legacy' ? code : INVALID_PARAMS;
  return isReserved(code) ? INTERNAL_ERROR : code;
};
