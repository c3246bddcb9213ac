import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createAfterwards } from '../../../lambda/core/afterwards.ts';

/** Nothing is begun by itself within a test. */
const created = (soonMs = 60_000) => {
  const logged: unknown[] = [];
  return { ...createAfterwards((error) => logged.push(error), soonMs), logged };
};

test('nothing is begun before it is asked for, and all of it is done then, at once', async () => {
  const afterwards = created();
  const steps: string[] = [];
  const work = (name: string) => async () => {
    steps.push(`begin ${name}`);
    await sleep(20);
    steps.push(`end ${name}`);
  };
  afterwards.do(work('a'));
  afterwards.do(work('b'));
  await turn();
  expect(steps).toEqual([]);
  await afterwards.settle();
  expect(steps).toEqual(['begin a', 'begin b', 'end a', 'end b']);
  await afterwards.settle();
  expect(steps).toHaveLength(4);
});

test('what work leaves for later is done as well', async () => {
  const afterwards = created();
  const done: string[] = [];
  afterwards.do(async () => {
    done.push('first');
    afterwards.do(async () => void done.push('second'));
  });
  await afterwards.settle();
  expect(done).toEqual(['first', 'second']);
});

test('what a call that goes on for long left behind is begun meanwhile, and settled none the less', async () => {
  const afterwards = created(10);
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  afterwards.do(() => {
    begin();
    return ended;
  });
  await begun;
  let isSettled = false;
  const settled = afterwards.settle().then(() => {
    isSettled = true;
  });
  await turn();
  expect(isSettled).toBe(false);
  end();
  await settled;
});

test('what fails is logged, and keeps nothing else from being done', async () => {
  const { logged, ...afterwards } = created();
  const done: string[] = [];
  const bug = new Error('a bug');
  afterwards.do(() => Promise.reject(bug));
  afterwards.do(() => {
    throw bug;
  });
  afterwards.do(async () => void done.push('other'));
  await afterwards.settle();
  expect([logged, done]).toEqual([[bug, bug], ['other']]);
});
