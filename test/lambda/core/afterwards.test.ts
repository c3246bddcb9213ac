import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createAfterwards } from '../../../lambda/core/afterwards.ts';

const logged: unknown[] = [];
const afterwards = createAfterwards((error) => logged.push(error));

test('nothing is begun before it is asked for, and all of it is done then, at once', async () => {
  const steps: string[] = [];
  const work = (name: string) => async () => {
    steps.push(`begin ${name}`);
    await turn();
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
  const done: string[] = [];
  afterwards.do(async () => {
    done.push('first');
    afterwards.do(async () => void done.push('second'));
  });
  await afterwards.settle();
  expect(done).toEqual(['first', 'second']);
});

test('what fails is logged, and keeps nothing else from being done', async () => {
  const done: string[] = [];
  const bug = new Error('a bug');
  afterwards.do(() => Promise.reject(bug));
  afterwards.do(async () => void done.push('other'));
  await afterwards.settle();
  expect([logged, done]).toEqual([[bug], ['other']]);
});
