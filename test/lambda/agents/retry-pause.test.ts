import { expect, test } from '@jest/globals';
import { retryPauseMs } from '../../../lambda/agents/retry-pause.ts';
import type { Failure } from '../../../lambda/agents/runtime-refusal.ts';
import { Refusal, type RefusalCode } from '../../../lambda/core/refusal.ts';

const failure = (code: RefusalCode, retry: Failure['retry'], askedMs?: number): Failure => ({
  refusal: new Refusal(code),
  retry,
  ...(askedMs === undefined ? {} : { askedMs }),
});
const busy = (askedMs?: number) => failure('agent_busy', 'while-busy', askedMs);
const limited = (askedMs?: number) => failure('upstream_limited', 'yes', askedMs);
const broken = failure('upstream_failed', 'yes');

test.each([
  ['what broke is asked again soon, and twice as late each time', broken, 0, 0, 100],
  ['what broke, the second time', broken, 1, 0, 200],
  ['what is limited is left alone for longer', limited(), 0, 0, 500],
  ['what is limited, the second time', limited(), 1, 0, 1_000],
  ['whoever says for how long is left alone that long', limited(2_500), 0, 0, 2_500],
  ['nobody waits longer than three seconds here', limited(3_000), 0, 0, 3_000],
  ['nor a moment more', limited(3_001), 0, 0, undefined],
  ['three tries are enough', broken, 3, 0, undefined],
  ['what says no is not asked again', failure('agent_auth', 'no'), 0, 0, undefined],
  ['a busy session is waited for', busy(), 0, 0, 500],
  ['for three seconds in all', busy(), 0, 2_500, 500],
  ['and no longer', busy(), 0, 2_501, undefined],
  ['which holds for what it asks for, too', busy(1_000), 0, 2_001, undefined],
  ['of what is no busy session the time so far does not matter', limited(), 0, 60_000, 500],
])('%s', (_, why, tries, elapsedMs, pauseMs) => {
  expect(retryPauseMs(why, tries, elapsedMs, 1)).toBe(pauseMs);
});

test('the wait is drawn, so that many do not come back at once', () => {
  expect([0, 0.25, 0.5].map((drawn) => retryPauseMs(broken, 0, 0, drawn))).toEqual([0, 25, 50]);
});
