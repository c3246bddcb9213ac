import type { Trouble } from '../failures.ts';
import { Rejection, type SimRequest } from '../simulator.ts';

type Asked = Pick<SimRequest, 'serial'>;

/** Headers that every answer carries. */
export const bedrockHeaders = ({ serial }: Asked): Record<string, string> => ({
  'x-amzn-requestid': `00000000-0000-4000-8000-${String(serial).padStart(12, '0')}`,
});

interface Words {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const rejection = (request: Asked, { status, type, message, headers }: Words): Rejection =>
  new Rejection(
    status,
    { message },
    {
      ...bedrockHeaders(request),
      'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
      ...headers,
    },
  );

/** A 400 about the request. */
export const invalid = (request: Asked, message: string): Rejection =>
  rejection(request, { status: 400, type: 'ValidationException', message });

/** Bedrock calls an unknown model an invalid identifier: 400, not 404. */
export const unknownModel = (request: Asked): Rejection =>
  invalid(request, 'The provided model identifier is invalid.');

const TROUBLES: Readonly<Record<Trouble, Words>> = {
  'malformed-json': { status: 400, type: 'SerializationException', message: 'Unexpected token in the body' },
  'key-missing': { status: 403, type: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' },
  // AWS answers a bad credential with 403.
  'key-rejected': {
    status: 403,
    type: 'UnrecognizedClientException',
    message: 'The security token included in the request is invalid.',
  },
  'path-unknown': {
    status: 404,
    type: 'UnknownOperationException',
    message: 'The requested operation is not recognized.',
  },
  // The real service names no time; a test of Retry-After needs one.
  'rate-limited': {
    status: 429,
    type: 'ThrottlingException',
    message: 'Too many requests, please wait before trying again.',
    headers: { 'retry-after': '7' },
  },
  quota: {
    status: 400,
    type: 'ServiceQuotaExceededException',
    message: 'Your request exceeds the service quota for your account.',
  },
  failed: {
    status: 500,
    type: 'InternalServerException',
    message: 'The system encountered an unexpected error during processing. Try your request again.',
  },
  unavailable: {
    status: 503,
    type: 'ServiceUnavailableException',
    message: 'Bedrock is unable to process your request.',
  },
  overloaded: {
    status: 529,
    type: 'ServiceUnavailableException',
    message: 'The model is overloaded. Try again later.',
  },
};

/** Source: Amazon Bedrock API reference, "Common Errors" and the errors of `Converse`. */
export const rejectBedrock = (trouble: Trouble, request: Asked): Rejection => rejection(request, TROUBLES[trouble]);

/** What ends a stream that fails. */
export const streamException = {
  message: 'The model produced invalid output. Try your request again.',
  originalStatusCode: 500,
  originalMessage: 'model error',
};
