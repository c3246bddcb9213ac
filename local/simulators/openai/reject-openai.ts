import type { Trouble } from '../failures.ts';
import { Rejection, type SimRequest } from '../simulator.ts';

/** Headers that every answer of OpenAI's API carries. Source: OpenAI API reference, "Debugging requests" and "Rate limits". */
export const openaiHeaders = (request: Pick<SimRequest, 'provider' | 'serial'>): Record<string, string> => ({
  'x-request-id': `req_sim${String(request.serial).padStart(12, '0')}`,
  ...(request.provider === 'openai'
    ? { 'openai-processing-ms': '12', 'openai-version': '2020-10-01', 'openai-organization': 'simulated' }
    : {}),
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-remaining-requests': '9999',
  'x-ratelimit-reset-requests': '6ms',
  'x-ratelimit-limit-tokens': '2000000',
  'x-ratelimit-remaining-tokens': '1999000',
  'x-ratelimit-reset-tokens': '30ms',
});

interface Words {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly code: string | null;
  readonly param?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** xAI speaks OpenAI's dialect except for errors, which are two strings. */
const bodyOf = (provider: string, { message, type, code, param = null }: Words): unknown =>
  provider === 'xai' ? { code: code ?? type, error: message } : { error: { message, type, param, code } };

const rejection = (words: Words, request: Pick<SimRequest, 'provider' | 'serial'>): Rejection =>
  new Rejection(words.status, bodyOf(request.provider, words), { ...openaiHeaders(request), ...words.headers });

/** A 400 about one field. */
export const badField = (
  request: Pick<SimRequest, 'provider' | 'serial'>,
  message: string,
  param: string | null = null,
  code: string | null = null,
): Rejection => rejection({ status: 400, message, type: 'invalid_request_error', code, param }, request);

export const unknownModel = (request: Pick<SimRequest, 'provider' | 'serial'>, model: string): Rejection =>
  rejection(
    {
      status: 404,
      message: `The model \`${model}\` does not exist or you do not have access to it.`,
      type: 'invalid_request_error',
      code: 'model_not_found',
    },
    request,
  );

const TROUBLES: Readonly<Record<Trouble, Words>> = {
  'malformed-json': {
    status: 400,
    message: 'We could not parse the JSON body of your request.',
    type: 'invalid_request_error',
    code: null,
  },
  'key-missing': {
    status: 401,
    message:
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.",
    type: 'invalid_request_error',
    code: null,
  },
  'key-rejected': {
    status: 401,
    message: 'Incorrect API key provided: wrong***-key.',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  },
  'path-unknown': { status: 404, message: 'Invalid URL', type: 'invalid_request_error', code: null },
  'rate-limited': {
    status: 429,
    message: 'Rate limit reached for requests. Please try again in 7s.',
    type: 'requests',
    code: 'rate_limit_exceeded',
    headers: {
      'retry-after': '7',
      'retry-after-ms': '7000',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '7s',
    },
  },
  quota: {
    status: 429,
    message: 'You exceeded your current quota, please check your plan and billing details.',
    type: 'insufficient_quota',
    code: 'insufficient_quota',
  },
  failed: {
    status: 500,
    message: 'The server had an error while processing your request. Sorry about that!',
    type: 'server_error',
    code: null,
  },
  unavailable: {
    status: 503,
    message: 'The engine is currently overloaded, please try again later.',
    type: 'server_error',
    code: null,
  },
  overloaded: {
    status: 529,
    message: 'The server is currently overloaded. Please try again later.',
    type: 'server_error',
    code: 'server_overloaded',
  },
};

/** Source: OpenAI API reference, "Error codes". */
export const rejectOpenai = (trouble: Trouble, request: Pick<SimRequest, 'provider' | 'serial'>): Rejection =>
  rejection(TROUBLES[trouble], request);

/** What stands in the middle of a stream that fails. */
export const openaiErrorBody = {
  error: { message: TROUBLES.failed.message, type: 'server_error', param: null, code: null },
};
