import { describe, expect, test } from '@jest/globals';
import type { ReadSecret } from '../../lambda/outbound-auth/cached-credentials.ts';
import { cachedCredentials } from '../../lambda/outbound-auth/cached-credentials.ts';

/** A store that a test writes to. */
export interface SecretStore {
  readonly read: ReadSecret;
  write(name: string, text: string): void;
  remove(name: string): void;
}

const START = 1_800_000_000_000;

/** What every place of secrets promises once `cachedCredentials` is around it. `make` gives an empty one. */
export const describeCredentials = (where: string, make: () => Promise<SecretStore>) =>
  describe(`credentials ${where}`, () => {
    const started = async () => {
      const time = { now: START };
      const store = await make();
      return { time, store, credentials: cachedCredentials(store.read, () => time.now) };
    };
    const unset = {
      name: 'Refusal',
      code: 'credential_unavailable',
      detail: { credential: 'openai-api-key', reason: 'unset' },
    };

    test('reads each by its name, trimmed and hidden', async () => {
      const { store, credentials } = await started();
      store.write('openai-api-key', '  sk-one\n');
      store.write('xai-api-key', 'xai-two');
      const secret = await credentials.read('openai-api-key');
      expect(secret.open()).toBe('sk-one');
      expect(`${secret} ${JSON.stringify({ secret })}`).toBe('[hidden] {"secret":"[hidden]"}');
      expect((await credentials.read('xai-api-key')).open()).toBe('xai-two');
    });

    test.each(['', ' \n'])('an empty value (%j) is none, and the refusal says which', async (text) => {
      const { store, credentials } = await started();
      store.write('openai-api-key', text);
      await expect(credentials.read('openai-api-key')).rejects.toMatchObject(unset);
    });

    test('a name that nobody set is refused', async () => {
      const { credentials } = await started();
      await expect(credentials.read('openai-api-key')).rejects.toMatchObject(unset);
    });

    test('names of Object.prototype are names like others', async () => {
      const { credentials } = await started();
      await expect(credentials.read('constructor')).rejects.toMatchObject({ code: 'credential_unavailable' });
      await expect(credentials.read('__proto__')).rejects.toMatchObject({ code: 'credential_unavailable' });
    });

    test('a changed value is seen after a minute, and at once when asked for fresh', async () => {
      const { time, store, credentials } = await started();
      store.write('openai-api-key', 'one');
      await credentials.read('openai-api-key');
      store.write('openai-api-key', 'two');
      time.now += 59_999;
      expect((await credentials.read('openai-api-key')).open()).toBe('one');
      time.now += 1;
      expect((await credentials.read('openai-api-key')).open()).toBe('two');
      store.write('openai-api-key', 'three');
      expect((await credentials.read('openai-api-key', { fresh: true })).open()).toBe('three');
    });

    test('a removed value is gone, not kept', async () => {
      const { time, store, credentials } = await started();
      store.write('openai-api-key', 'one');
      await credentials.read('openai-api-key');
      store.remove('openai-api-key');
      time.now += 60_000;
      await expect(credentials.read('openai-api-key')).rejects.toMatchObject(unset);
    });
  });
