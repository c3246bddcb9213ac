import type { Trouble } from '../failures.ts';
import { Rejection } from '../simulator.ts';

/** Headers that every answer carries. */
export const geminiHeaders: Readonly<Record<string, string>> = {
  'content-type': 'application/json; charset=UTF-8',
  'server-timing': 'gfet4t7; dur=12',
  vary: 'Origin, X-Origin, Referer',
};

interface Words {
  readonly code: number;
  readonly status: string;
  readonly message: string;
  readonly details?: readonly object[];
}

const rejection = (words: Words): Rejection => new Rejection(words.code, { error: words }, geminiHeaders);

/** A 400 about the request. */
export const badArgument = (message: string, details?: readonly object[]): Rejection =>
  rejection({ code: 400, message, status: 'INVALID_ARGUMENT', ...(details === undefined ? {} : { details }) });

/** A field that the message has not. `at` is the path of its parent, empty for the top. */
export const unknownName = (name: string, at: string): Rejection => {
  const description = `Invalid JSON payload received. Unknown name "${name}"${at === '' ? '' : ` at '${at}'`}: Cannot find field.`;
  const violation = { ...(at === '' ? {} : { field: at }), description };
  return badArgument(description, [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [violation] },
  ]);
};

export const unknownModel = (model: string): Rejection =>
  rejection({
    code: 404,
    message: `models/${model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.`,
    status: 'NOT_FOUND',
  });

const errorInfo = (reason: string) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
  metadata: { service: 'generativelanguage.googleapis.com' },
});

const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';
const quotaFailure = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaMetric: 'generativelanguage.googleapis.com/generate_content_requests', quotaId }],
});

const TROUBLES: Readonly<Record<Trouble, Words>> = {
  'malformed-json': {
    code: 400,
    status: 'INVALID_ARGUMENT',
    message: 'Invalid JSON payload received. Unexpected token.',
  },
  'key-missing': {
    code: 403,
    status: 'PERMISSION_DENIED',
    message:
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  },
  // The real API calls a wrong key an invalid argument.
  'key-rejected': {
    code: 400,
    status: 'INVALID_ARGUMENT',
    message: 'API key not valid. Please pass a valid API key.',
    details: [errorInfo('API_KEY_INVALID')],
  },
  'path-unknown': { code: 404, status: 'NOT_FOUND', message: 'Requested entity was not found.' },
  'rate-limited': {
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
    message: `${QUOTA} Please retry in 7s.`,
    details: [
      quotaFailure('GenerateRequestsPerMinutePerProjectPerModel'),
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' },
    ],
  },
  quota: {
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
    message: QUOTA,
    details: [quotaFailure('GenerateRequestsPerDayPerProjectPerModel')],
  },
  failed: { code: 500, status: 'INTERNAL', message: 'An internal error has occurred. Please retry.' },
  unavailable: { code: 503, status: 'UNAVAILABLE', message: 'The service is currently unavailable.' },
  overloaded: { code: 529, status: 'UNAVAILABLE', message: 'The model is overloaded. Please try again later.' },
};

/** Source: Gemini API, "Troubleshooting guide" and google.rpc.Status. */
export const rejectGemini = (trouble: Trouble): Rejection => rejection(TROUBLES[trouble]);

/** `sim-401`: a credential that is not an API key and has ended. */
export const unauthenticated = (): Rejection =>
  rejection({
    code: 401,
    status: 'UNAUTHENTICATED',
    message:
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    details: [errorInfo('ACCESS_TOKEN_EXPIRED')],
  });

/** What stands in the middle of a stream that fails. */
export const geminiErrorBody = {
  error: { code: 503, message: TROUBLES.overloaded.message, status: 'UNAVAILABLE' },
};
