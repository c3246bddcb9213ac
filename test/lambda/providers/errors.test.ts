import { describe, expect, test } from '@jest/globals';
import { REFUSALS } from '../../../lambda/core/refusal.ts';
import { writeAnthropicRefusal, writeOpenAiRefusal } from '../../../lambda/core/write-refusal.ts';
import { anthropic } from '../../../lambda/providers/anthropic.ts';
import { openAi } from '../../../lambda/providers/openai.ts';
import { retryAfterSeconds, upstreamWords } from '../../../lambda/providers/upstream-words.ts';

const fromAnthropic = (status: number, type: string, message = 'Something', headers = {}) =>
  anthropic.toRefusal(status, { type: 'error', error: { type, message }, request_id: 'r' }, headers);
const fromOpenAi = (status: number, error: object, headers = {}) => openAi.toRefusal(status, { error }, headers);

describe('errors of providers', () => {
  test('R133: are answered in the caller’s form', () => {
    const refusal = fromAnthropic(400, 'invalid_request_error', 'tools.0: bad');
    expect(writeOpenAiRefusal(refusal)).toEqual({
      error: {
        message: 'the provider rejected the request. It said: tools.0: bad',
        type: 'invalid_request_error',
        param: null,
        code: 'upstream_rejected',
      },
    });
    expect(writeAnthropicRefusal(refusal, 'id-1')).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
      request_id: 'id-1',
    });
  });

  test.each([
    [400, 'invalid_request_error', 'upstream_rejected'],
    [401, 'authentication_error', 'upstream_auth'],
    [402, 'billing_error', 'upstream_quota'],
    [403, 'permission_error', 'upstream_auth'],
    [404, 'not_found_error', 'upstream_model_not_found'],
    [413, 'request_too_large', 'upstream_too_large'],
    [422, 'something_new', 'upstream_rejected'],
    [429, 'rate_limit_error', 'upstream_limited'],
    [500, 'api_error', 'upstream_failed'],
    [503, 'api_error', 'upstream_busy'],
    [504, 'timeout_error', 'upstream_timeout'],
    [529, 'overloaded_error', 'upstream_busy'],
  ])('R134: %d %s is %s', (status, type, code) => {
    expect(fromAnthropic(status, type)).toMatchObject({ code, detail: { status, reason: type } });
  });

  test.each([
    [400, { code: 'context_length_exceeded' }, 'context_length_exceeded'],
    [404, { code: 'model_not_found' }, 'upstream_model_not_found'],
    [429, { code: 'insufficient_quota' }, 'upstream_quota'],
    [429, { code: null, type: 'insufficient_quota' }, 'upstream_quota'],
    [429, { code: 'rate_limit_exceeded' }, 'upstream_limited'],
    [400, { code: 'billing_hard_limit_reached' }, 'upstream_quota'],
    [401, { code: 'invalid_api_key' }, 'upstream_auth'],
    [302, {}, 'upstream_failed'],
    [500, {}, 'upstream_failed'],
  ])('R134: OpenAI’s %d %j is %s', (status, error, code) => {
    expect(fromOpenAi(status, error)).toMatchObject({ code });
  });

  test.each([
    [{ code: 'invalid-argument', error: 'Model grok-9 is unknown' }, 'Model grok-9 is unknown'],
    [{ error: "model 'llama' not found" }, "model 'llama' not found"],
    [{ object: 'error', message: 'too many images', type: 'BadRequestError', code: 400 }, 'too many images'],
    [{ detail: 'Unprocessable' }, 'Unprocessable'],
  ])('R133: the words of other servers are found in %j', (body, words) => {
    expect(openAi.toRefusal(400, body, {})).toMatchObject({ code: 'upstream_rejected', upstreamSays: words });
  });

  test.each([undefined, 'text', [], { error: null }, { error: 5 }])('no body is too strange: %j', (body) => {
    expect(openAi.toRefusal(500, body, {}).code).toBe('upstream_failed');
    expect(anthropic.toRefusal(500, body, {}).code).toBe('upstream_failed');
  });

  test('R135: overload is worth another try elsewhere, and is not the caller’s own limit', () => {
    const refusal = fromAnthropic(529, 'overloaded_error', 'Overloaded', { 'retry-after': '3' });
    expect(refusal.status).toBe(503);
    expect(refusal.spec).toMatchObject({ failover: true, retryable: true });
    expect(refusal.retryAfterSeconds).toBe(3);
  });

  test.each([401, 403])('R138: our credential is not the caller’s: %d', (status) => {
    const refusal = fromOpenAi(status, { message: 'Incorrect API key provided: sk-abc12345678.' });
    expect(refusal).toMatchObject({ code: 'upstream_auth', status: 502, upstreamSays: undefined });
    expect(JSON.stringify(writeOpenAiRefusal(refusal))).not.toMatch(/key provided|sk-/);
  });

  test.each([
    'prompt is too long: 200001 tokens > 200000 maximum',
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
    'Input is too long for requested model.',
    "This model's maximum context length is 8192 tokens.",
    'Your input exceeds the context window of this model.',
    "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
    'the request exceeds the available context size',
  ])('R139: %s', (message) => {
    expect(fromAnthropic(400, 'invalid_request_error', message).code).toBe('context_length_exceeded');
    expect(writeOpenAiRefusal(fromOpenAi(400, { message })).error).toMatchObject({
      code: 'context_length_exceeded',
      type: 'invalid_request_error',
    });
  });

  test.each([
    'You have reached your specified API usage limits. You will regain access on 2027-01-01 at 00:00 UTC.',
    'Your credit balance is too low to access the Anthropic API.',
  ])('R140: %s', (message) => {
    expect(fromAnthropic(400, 'invalid_request_error', message)).toMatchObject({
      code: 'upstream_quota',
      upstreamSays: undefined,
    });
    expect(REFUSALS.upstream_quota).toMatchObject({ failover: true });
  });

  test.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': '0.2' }, 1],
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 2],
    [{ 'retry-after': 'Fri, 20 Nov 2026 12:00:10 GMT', date: 'Fri, 20 Nov 2026 12:00:00 GMT' }, 10],
    [{ 'retry-after': 'Fri, 20 Nov 2026 12:00:00 GMT', date: 'Fri, 20 Nov 2026 12:00:10 GMT' }, 0],
    [{ 'retry-after': 'Fri, 20 Nov 2026 12:00:10 GMT' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('R141: %j is %j seconds', (headers, seconds) => {
    expect(retryAfterSeconds(headers)).toBe(seconds);
    expect(fromOpenAi(429, {}, headers).retryAfterSeconds).toBe(seconds);
  });
});

describe('a provider’s words', () => {
  test.each([
    ['key sk-proj-abcdef123456 in org-AbCdEfGhIjKl', 'key […] in […]'],
    ['AKIAIOSFODNN7EXAMPLE and AIzaSyA1234567890123456789', '[…] and […]'],
    ['request req_011CSHoEeqs5C35K2UUqR7Fy failed', 'request […] failed'],
    ['role arn:aws:iam::123456789012:role/x may not', 'role […] may not'],
    ['token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', 'token […]'],
  ])('name nobody’s account: %s', (said, told) => {
    expect(upstreamWords(said)).toBe(told);
  });

  test.each([
    'Your organization must be verified: see requirements.',
    'Unknown parameter: user_location_field, key_presses',
    'projections and accounting need skills',
  ])('stay readable: %s', (said) => {
    expect(upstreamWords(said)).toBe(said);
  });

  test('are one line, and not much of it', () => {
    expect(upstreamWords('a\r\nb\u2028c\u202ed')).toBe('a b c d');
    expect(upstreamWords('x'.repeat(1_000_000))).toHaveLength(401);
    expect(upstreamWords(' ')).toBeUndefined();
  });
});
