import type { Trouble } from '../failures.ts';
import { Rejection, type SimRequest } from '../simulator.ts';

type Asked = Pick<SimRequest, 'serial'>;

const requestId = ({ serial }: Asked) => `req_sim${String(serial).padStart(18, '0')}`;

/** Headers that every answer carries. Source: Claude API reference, "Response headers". */
export const anthropicHeaders = (request: Asked): Record<string, string> => ({
  'request-id': requestId(request),
  'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
  'anthropic-ratelimit-requests-limit': '4000',
  'anthropic-ratelimit-requests-remaining': '3999',
  'anthropic-ratelimit-requests-reset': '2026-12-01T00:00:00Z',
  'anthropic-ratelimit-input-tokens-limit': '2000000',
  'anthropic-ratelimit-input-tokens-remaining': '1999000',
  'anthropic-ratelimit-input-tokens-reset': '2026-12-01T00:00:00Z',
  'anthropic-ratelimit-output-tokens-limit': '400000',
  'anthropic-ratelimit-output-tokens-remaining': '399000',
  'anthropic-ratelimit-output-tokens-reset': '2026-12-01T00:00:00Z',
  'anthropic-ratelimit-tokens-limit': '2400000',
  'anthropic-ratelimit-tokens-remaining': '2398000',
  'anthropic-ratelimit-tokens-reset': '2026-12-01T00:00:00Z',
});

const rejection = (
  request: Asked,
  status: number,
  type: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Rejection =>
  new Rejection(
    status,
    { type: 'error', error: { type, message }, request_id: requestId(request) },
    { ...anthropicHeaders(request), ...headers },
  );

/** A 400 about the request. The message begins with the path of the field, as the API's does. */
export const badRequest = (request: Asked, message: string): Rejection =>
  rejection(request, 400, 'invalid_request_error', message);

export const unknownModel = (request: Asked, model: string): Rejection =>
  rejection(request, 404, 'not_found_error', `model: ${model}`);

interface Words {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TROUBLES: Readonly<Record<Trouble, Words>> = {
  'malformed-json': { status: 400, type: 'invalid_request_error', message: 'The request body is not valid JSON' },
  'key-missing': { status: 401, type: 'authentication_error', message: 'x-api-key header is required' },
  'key-rejected': { status: 401, type: 'authentication_error', message: 'invalid x-api-key' },
  'path-unknown': { status: 404, type: 'not_found_error', message: 'Not Found' },
  'rate-limited': {
    status: 429,
    type: 'rate_limit_error',
    message: "This request would exceed your organization's rate limit of 4,000 requests per minute.",
    headers: { 'retry-after': '7', 'anthropic-ratelimit-requests-remaining': '0' },
  },
  quota: {
    status: 400,
    type: 'invalid_request_error',
    message: 'You have reached your specified API usage limits. You will regain access on 2027-01-01 at 00:00 UTC.',
  },
  failed: { status: 500, type: 'api_error', message: 'Internal server error' },
  unavailable: { status: 503, type: 'api_error', message: 'Service unavailable' },
  overloaded: { status: 529, type: 'overloaded_error', message: 'Overloaded' },
};

/** Source: Claude API reference, "Errors". */
export const rejectAnthropic = (trouble: Trouble, request: Asked): Rejection => {
  const { status, type, message, headers } = TROUBLES[trouble];
  return rejection(request, status, type, message, headers);
};

/** What stands in the middle of a stream that fails. */
export const anthropicErrorEvent = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
