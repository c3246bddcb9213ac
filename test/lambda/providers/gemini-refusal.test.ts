import { describe, expect, test } from '@jest/globals';
import { gemini } from '../../../lambda/providers/gemini.ts';

const refusal = (code: number, status: string, message: string, details: readonly object[] = [], headers = {}) =>
  gemini.toRefusal(code, { error: { code, status, message, details } }, headers);
const RETRY = 'type.googleapis.com/google.rpc.RetryInfo';
const quota = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId }],
});

describe('an error', () => {
  test.each([
    [400, 'INVALID_ARGUMENT', 'upstream_rejected'],
    [400, 'FAILED_PRECONDITION', 'upstream_auth'],
    [401, 'UNAUTHENTICATED', 'upstream_auth'],
    [403, 'PERMISSION_DENIED', 'upstream_auth'],
    [404, 'NOT_FOUND', 'upstream_model_not_found'],
    [429, 'RESOURCE_EXHAUSTED', 'upstream_limited'],
    [499, 'CANCELLED', 'upstream_failed'],
    [500, 'INTERNAL', 'upstream_failed'],
    [503, 'UNAVAILABLE', 'upstream_busy'],
    [504, 'DEADLINE_EXCEEDED', 'upstream_timeout'],
  ])('R137: %s %s is %s', (code, status, expected) => {
    expect(refusal(code, status, 'It went wrong.')).toMatchObject({
      code: expected,
      detail: { status: code, reason: status },
    });
  });

  test('R137, R138: a key that is not valid is ours to mend, although it comes as a 400', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }];
    const said = refusal(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', details);
    expect(said).toMatchObject({ code: 'upstream_auth', status: 502 });
    expect(said.say).not.toContain('API key');
    expect(refusal(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.').code).toBe('upstream_auth');
  });

  test.each([
    ['12s', 12],
    ['0.25s', 1],
    ['41.000000001s', 42],
    ['soon', undefined],
  ])('R137: a retry delay of %s is %s seconds', (retryDelay, seconds) => {
    const said = refusal(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', [{ '@type': RETRY, retryDelay }]);
    expect(said.retryAfterSeconds).toBe(seconds);
  });

  test('R141: the header counts where the body says nothing', () => {
    expect(refusal(503, 'UNAVAILABLE', 'busy', [], { 'retry-after': '3' }).retryAfterSeconds).toBe(3);
  });

  test('R137: a quota of the day is used up, one of the minute is not', () => {
    expect(refusal(429, 'RESOURCE_EXHAUSTED', 'q', [quota('GenerateRequestsPerDayPerProject')]).code).toBe(
      'upstream_quota',
    );
    expect(refusal(429, 'RESOURCE_EXHAUSTED', 'q', [quota('GenerateRequestsPerMinutePerProject')]).code).toBe(
      'upstream_limited',
    );
    expect(refusal(429, 'RESOURCE_EXHAUSTED', 'Your project has exceeded its spending cap.').code).toBe(
      'upstream_quota',
    );
  });

  test('R139: a conversation that does not fit is told as such', () => {
    const message = 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).';
    expect(refusal(400, 'INVALID_ARGUMENT', message).code).toBe('context_length_exceeded');
  });

  test('R133: a list of one error, and a body that is none', () => {
    const error = {
      code: 400,
      status: 'FAILED_PRECONDITION',
      message: 'User location is not supported for the API use.',
    };
    expect(gemini.toRefusal(400, [{ error }], {}).code).toBe('upstream_auth');
    expect(gemini.toRefusal(502, undefined, {}).code).toBe('upstream_failed');
    expect(gemini.toRefusal(400, { error: { details: 'none' } }, {}).code).toBe('upstream_rejected');
  });
});
