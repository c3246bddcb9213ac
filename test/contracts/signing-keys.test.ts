import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { kmsSigningKeys } from '../../lambda/aws/kms-signing-keys.ts';
import { toPublicJwk } from '../../lambda/issuing/thumbprint.ts';
import { memorySigningKeys } from '../../local/memory/signing-keys.ts';
import { fakeKms } from '../support/fake-kms.ts';
import { describeSigningKeys } from './signing-keys.ts';

let kms: Awaited<ReturnType<typeof fakeKms>>;
let folder: string;
beforeAll(async () => {
  kms = await fakeKms('one', 'two');
  folder = await mkdtemp(join(tmpdir(), 'keys-'));
});
afterEach(() => {
  kms.failWith = undefined;
  kms.asked.length = 0;
});
afterAll(async () => {
  await kms.close();
  await rm(folder, { recursive: true });
});

const inKms = (...keyIds: [string, ...string[]]) =>
  kmsSigningKeys({ client: kms.client, keyIds, timeoutMs: 15_000, toPublicJwk });

describeSigningKeys('in memory', () => memorySigningKeys());
describeSigningKeys('in files', () => memorySigningKeys({ folder }));
describeSigningKeys('in KMS', async () => inKms('one', 'two'));

test('KMS is asked for public keys once, by however many callers', async () => {
  const keys = inKms('one', 'two');
  await Promise.all(Array.from({ length: 20 }, () => keys.published()));
  await keys.published();
  expect(kms.asked.sort()).toEqual(['TrentService.GetPublicKey one', 'TrentService.GetPublicKey two']);
});

test('KMS out of reach is said so, without its words, and not remembered', async () => {
  const keys = inKms('one');
  kms.failWith = { status: 400, type: 'KMSInvalidStateException' };
  await expect(keys.published()).rejects.toMatchObject({
    code: 'signing_unavailable',
    detail: { store: 'kms', reason: 'KMSInvalidStateException' },
  });
  kms.failWith = undefined;
  expect(await keys.published()).toHaveLength(1);
  await expect(inKms('missing').published()).rejects.toMatchObject({ detail: { reason: 'NotFoundException' } });
});

test('files are for their owner only, survive a restart, and stay published when the next key signs', async () => {
  const own = join(folder, 'own');
  const before = await (await memorySigningKeys({ folder: own })).published();
  expect(await (await memorySigningKeys({ folder: own })).published()).toEqual(before);
  const after = await (await memorySigningKeys({ folder: own, signingKey: 2 })).published();
  expect(after[0]).toEqual(before[1]);
  expect(after).toContainEqual(before[0]);
  for (const file of await readdir(own)) expect((await stat(join(own, file))).mode & 0o777).toBe(0o600);
  await writeFile(join(own, 'token-key-9.json'), '{}');
  await expect(memorySigningKeys({ folder: own, signingKey: 9 })).rejects.toThrow('token-key-9.json');
});
