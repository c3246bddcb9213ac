import type { Refusal } from './refusal.ts';

type Body = Readonly<Record<string, unknown>>;

/** A 401 also has the `message` that API Gateway gives for a call it refuses itself: one shape, whoever turned the caller away. */
const unauthorized = (refusal: Refusal): Body => (refusal.status === 401 ? { message: 'Unauthorized' } : {});

/** Source: https://platform.openai.com/docs/guides/error-codes (R133, R134). */
const OPENAI_TYPES = new Map([
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [429, 'rate_limit_error'],
]);

/** OpenAI's error body. `code` is the refusal's own: the one thing programs should branch on. */
export const writeOpenAiRefusal = (refusal: Refusal): Body => ({
  ...unauthorized(refusal),
  error: {
    message: refusal.say,
    type: OPENAI_TYPES.get(refusal.status) ?? (refusal.status < 500 ? 'invalid_request_error' : 'server_error'),
    param: refusal.param ?? null,
    code: refusal.code,
  },
});

/** Source: https://docs.anthropic.com/en/api/errors (R133, R134). */
const ANTHROPIC_TYPES = new Map([
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
]);

/** Anthropic's error body. */
export const writeAnthropicRefusal = (refusal: Refusal, requestId: string): Body => ({
  ...unauthorized(refusal),
  type: 'error',
  error: {
    type: ANTHROPIC_TYPES.get(refusal.status) ?? (refusal.status < 500 ? 'invalid_request_error' : 'api_error'),
    message: refusal.say,
  },
  request_id: requestId,
});
