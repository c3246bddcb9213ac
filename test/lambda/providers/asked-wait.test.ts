import { describe, expect, test } from '@jest/globals';
import { limitResetMs } from '../../../lambda/providers/asked-wait.ts';

const NOW = Date.parse('2026-12-01T00:00:00Z');
const openai = (requests: string, tokens: string, left: readonly [string, string] = ['0', '0']) => ({
  'x-ratelimit-remaining-requests': left[0],
  'x-ratelimit-reset-requests': requests,
  'x-ratelimit-remaining-tokens': left[1],
  'x-ratelimit-reset-tokens': tokens,
});

describe('when a provider’s limits are free again', () => {
  test.each([
    ['6m0s', 360_000],
    ['1s', 1_000],
    ['30ms', 30],
    ['1h2m3.5s', 3_723_500],
    ['2m59.56s', 179_560],
    ['12', 12_000],
    ['0s', 0],
  ])('%s is %d ms', (reset, ms) => {
    expect(limitResetMs({ 'x-ratelimit-reset-requests': reset }, NOW)).toBeCloseTo(ms);
  });

  test.each(['', 'soon', '6m0', '-5s', '1d', '5 s', 'NaN', '9'.repeat(400)])('%j says nothing', (reset) => {
    expect(limitResetMs({ 'x-ratelimit-reset-requests': reset }, NOW)).toBeUndefined();
  });

  test('is when the limit that is used up is: the other one’s time is not waited for', () => {
    expect(limitResetMs(openai('6m0s', '2s', ['9999', '0']), NOW)).toBe(2_000);
    expect(limitResetMs(openai('6m0s', '2s', ['0', '5000']), NOW)).toBe(360_000);
    expect(limitResetMs(openai('6m0s', '2s'), NOW)).toBe(360_000);
  });

  test('is the soonest where no limit says that it is used up', () => {
    expect(limitResetMs(openai('6m0s', '2s', ['5', '5000']), NOW)).toBe(2_000);
  });

  test('may be a moment, which is read by the provider’s own clock where it tells it', () => {
    const reset = {
      'anthropic-ratelimit-requests-remaining': '17',
      'anthropic-ratelimit-requests-reset': '2026-12-01T01:00:00Z',
      'anthropic-ratelimit-output-tokens-remaining': '0',
      'anthropic-ratelimit-output-tokens-reset': '2026-12-01T00:00:30Z',
    };
    expect(limitResetMs(reset, NOW)).toBe(30_000);
    expect(limitResetMs({ ...reset, date: 'Tue, 01 Dec 2026 00:00:20 GMT' }, NOW)).toBe(10_000);
    expect(limitResetMs({ ...reset, date: 'Tue, 01 Dec 2026 00:05:00 GMT' }, NOW)).toBe(0);
  });

  test('is not said by headers that are not there', () => {
    expect(limitResetMs({ 'x-ratelimit-remaining-requests': '0' }, NOW)).toBeUndefined();
  });
});
