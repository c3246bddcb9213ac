/** The errors of the AgentCore data plane. Source: AgentCore API reference, InvokeAgentRuntime, "Errors". */
const STATUS = {
  ValidationException: 400,
  UnauthorizedException: 401,
  ServiceQuotaExceededException: 402,
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  ConflictException: 409,
  RetryableConflictException: 409,
  RuntimeClientError: 424,
  ThrottlingException: 429,
  InternalServerException: 500,
} as const;

export type AwsErrorName = keyof typeof STATUS;

/** What a call is refused with. The name of the error is in `x-amzn-errortype`. */
export class AwsError extends Error {
  override readonly name = 'AwsError';

  constructor(
    readonly type: AwsErrorName,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  toResponse(): Response {
    const { type, message, headers } = this;
    return Response.json({ message }, { status: STATUS[type], headers: { ...headers, 'x-amzn-errortype': type } });
  }
}
