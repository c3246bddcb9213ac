import { expect, test } from '@jest/globals';
import { readAtMost } from '../../../lambda/core/read-at-most.ts';

const bodyOf = (...chunks: readonly string[]) => {
  const state = { given: 0, isDestroyed: false };
  const body = {
    async *[Symbol.asyncIterator]() {
      for (const chunk of chunks) {
        state.given++;
        yield Buffer.from(chunk);
      }
    },
    destroy: () => {
      state.isDestroyed = true;
    },
  };
  return { body, state };
};

test('a body that fits is read whole, and left alone', async () => {
  const { body, state } = bodyOf('ab', 'cd');
  expect(await readAtMost(body, 4)).toEqual({ bytes: Buffer.from('abcd'), isWhole: true });
  expect(state).toEqual({ given: 2, isDestroyed: false });
});

test('of one that does not fit no more is read than shows it, and the rest is given up', async () => {
  const { body, state } = bodyOf('ab', 'cde', 'f');
  expect(await readAtMost(body, 4)).toEqual({ bytes: Buffer.from('ab'), isWhole: false });
  expect(state).toEqual({ given: 2, isDestroyed: true });
});
