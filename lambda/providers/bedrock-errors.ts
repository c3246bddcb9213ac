import type { Refusal, RefusalCode } from '../core/refusal.ts';
import { isObject, upstreamRefusal } from './upstream-words.ts';

/** Stands before the name of an exception where a frame has the name of its event. */
export const EXCEPTION = 'exception:';

/**
 * What a status does not say exactly enough (R136). AWS answers a bad signature or an expired session with 400 or 403, and a
 * model that failed with a 424.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors,
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html.
 */
const CODES = new Map<string, RefusalCode>([
  ['AccessDeniedException', 'upstream_auth'],
  ['ExpiredTokenException', 'upstream_auth'],
  ['IncompleteSignature', 'upstream_auth'],
  ['InvalidClientTokenId', 'upstream_auth'],
  ['InvalidSignatureException', 'upstream_auth'],
  ['MissingAuthenticationTokenException', 'upstream_auth'],
  ['NotAuthorized', 'upstream_auth'],
  ['OptInRequired', 'upstream_auth'],
  ['RequestExpired', 'upstream_auth'],
  ['UnrecognizedClientException', 'upstream_auth'],
  ['ModelErrorException', 'upstream_failed'],
  ['ModelStreamErrorException', 'upstream_failed'],
  ['InternalServerException', 'upstream_failed'],
  ['ModelNotReadyException', 'upstream_limited'],
  ['ModelTimeoutException', 'upstream_timeout'],
  ['ServiceQuotaExceededException', 'upstream_limited'],
  ['ServiceUnavailableException', 'upstream_busy'],
  ['ThrottlingException', 'upstream_limited'],
]);

/** The status that an exception inside a stream would have had (R125). */
const STATUS = new Map<string, number>([
  ['ValidationException', 400],
  ['AccessDeniedException', 403],
  ['ResourceNotFoundException', 404],
  ['ModelTimeoutException', 408],
  ['ModelErrorException', 424],
  ['ModelStreamErrorException', 424],
  ['ServiceQuotaExceededException', 429],
  ['ThrottlingException', 429],
  ['ModelNotReadyException', 429],
  ['ServiceUnavailableException', 503],
]);

/** A validation error that is about the name of the model, and not about what was asked of it. */
const ABOUT_THE_MODEL = /model identifier is invalid|on-demand throughput isn.t supported|end of its life/i;

/** An answer of 400 or more: its type is in a header, before a colon (R133), or in the body. */
export const bedrockRefusal = (status: number, body: unknown, headers: Readonly<Record<string, string>>): Refusal => {
  const said = isObject(body) ? body : {};
  const raw = headers['x-amzn-errortype'] ?? (typeof said.__type === 'string' ? said.__type : '');
  return refusal(status, raw.split(':')[0]?.split('#').at(-1) ?? '', said.message ?? said.Message, headers);
};

/** An exception in a stream that began with a 200. `type` begins with a small letter there. */
export const exceptionRefusal = (type: string, body: unknown): Refusal => {
  const name = `${type.slice(0, 1).toUpperCase()}${type.slice(1)}`;
  return refusal(STATUS.get(name) ?? 500, name, isObject(body) ? body.message : undefined, {});
};

const refusal = (
  status: number,
  type: string,
  message: unknown,
  headers: Readonly<Record<string, string>>,
): Refusal => {
  const unknownModel = type === 'ValidationException' && typeof message === 'string' && ABOUT_THE_MODEL.test(message);
  const code = unknownModel ? 'upstream_model_not_found' : CODES.get(type);
  return upstreamRefusal({ status, headers, message, reason: type, ...(code === undefined ? {} : { code }) });
};
