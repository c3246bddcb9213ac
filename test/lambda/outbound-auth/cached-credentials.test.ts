import { expect, test } from '@jest/globals';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { cachedCredentials } from '../../../lambda/outbound-auth/cached-credentials.ts';

const started = () => {
  const state = { now: 1_000_000, reads: 0, answer: async (): Promise<Hidden | undefined> => new Hidden('one') };
  const credentials = cachedCredentials(
    () => {
      state.reads++;
      return state.answer();
    },
    () => state.now,
  );
  const fails = async () => {
    throw new Error('store is down');
  };
  return { state, credentials, fails };
};

test('concurrent callers share one read', async () => {
  const { state, credentials } = started();
  const values = await Promise.all(
    Array.from({ length: 100 }, (_, i) => credentials.read('key', { fresh: i % 2 === 0 })),
  );
  expect(values.every((value) => value.open() === 'one')).toBe(true);
  expect(state.reads).toBe(1);
});

test('a flood of fresh reads asks the store once in five seconds', async () => {
  const { state, credentials } = started();
  await credentials.read('key');
  for (let i = 0; i < 50; i++) await credentials.read('key', { fresh: true });
  expect(state.reads).toBe(2);
  state.now += 5_000;
  await credentials.read('key', { fresh: true });
  expect(state.reads).toBe(3);
});

test('a value is kept for an hour while the store fails, and the store is asked every five seconds', async () => {
  const { state, credentials, fails } = started();
  await credentials.read('key');
  state.answer = fails;
  state.now += 60_000;
  for (let i = 0; i < 10; i++) expect((await credentials.read('key')).open()).toBe('one');
  expect(state.reads).toBe(2);
  state.now += 3_600_000 - 60_001;
  expect((await credentials.read('key')).open()).toBe('one');
  state.now += 1;
  await expect(credentials.read('key')).rejects.toMatchObject({
    code: 'credential_unavailable',
    detail: { reason: 'store' },
  });
});

test('a store that comes back is used again', async () => {
  const { state, credentials, fails } = started();
  state.answer = fails;
  await expect(credentials.read('key')).rejects.toMatchObject({ code: 'credential_unavailable', retryAfterSeconds: 5 });
  state.answer = async () => new Hidden('two');
  await expect(credentials.read('key')).rejects.toMatchObject({ code: 'credential_unavailable' });
  state.now += 5_000;
  expect((await credentials.read('key')).open()).toBe('two');
});

test('a secret that is not set is not asked for on every call', async () => {
  const { state, credentials } = started();
  state.answer = async () => undefined;
  for (let i = 0; i < 10; i++)
    await expect(credentials.read('key')).rejects.toMatchObject({ detail: { reason: 'unset' } });
  expect(state.reads).toBe(1);
});
