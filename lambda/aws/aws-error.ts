/**
 * What went wrong between us and an AWS service. `type` is the service's own name for it (`ThrottlingException`), or one of
 * ours: `Timeout`, `Unreachable`, `MalformedReply`. The service's message is left out: it names ARNs and repeats input.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError';

  constructor(
    readonly type: string,
    /** HTTP status; absent when there was no answer. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(type, options);
  }

  /** The service said that it did nothing, and that the same request may succeed soon. */
  get isThrottled(): boolean {
    return this.status === 429 || THROTTLED.has(this.type);
  }

  /** Nobody knows whether the request took effect, and the same request may succeed soon. */
  get isAmbiguous(): boolean {
    return this.type === 'Unreachable' || (this.status !== undefined && this.status >= 500);
  }
}

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
]);
