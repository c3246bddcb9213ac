import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { secretsManagerCredentials } from '../../../lambda/aws/secrets-manager-credentials.ts';
import { cachedCredentials } from '../../../lambda/outbound-auth/cached-credentials.ts';
import { fakeSecretsManager } from '../../support/fake-secrets-manager.ts';

let fake: Awaited<ReturnType<typeof fakeSecretsManager>>;
const time = { now: 1_800_000_000_000 };
const make = () =>
  cachedCredentials(
    secretsManagerCredentials({ client: fake.client, prefix: 'gh/', timeoutMs: 2_000 }),
    () => time.now,
  );

beforeAll(async () => {
  fake = await fakeSecretsManager();
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.failWith = undefined;
  fake.reads.length = 0;
  fake.secrets.clear();
});

test.each([
  ['{"value":" sk-1 "}', 'sk-1'],
  ['{"apiKey":"sk-2"}', 'sk-2'],
  ['{"value":"sk-3","apiKey":"other"}', 'sk-3'],
  ['{"type":"service_account","private_key":"k"}', '{"type":"service_account","private_key":"k"}'],
  ['{not json', '{not json'],
  ['"quoted"', '"quoted"'],
])('%s is read as %s', async (text, value) => {
  fake.secrets.set('gh/key', text);
  expect((await make().read('key')).open()).toBe(value);
});

test.each(['gatehouse-unset-8fj2', ' gatehouse-unset-', '{"value":"gatehouse-unset-x"}', '{"apiKey":""}'])(
  'the placeholder %s is not a value, and never shown',
  async (text) => {
    fake.secrets.set('gh/key', text);
    const refusal: unknown = await make()
      .read('key')
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'credential_unavailable', detail: { credential: 'key', reason: 'unset' } });
    expect(JSON.stringify(refusal)).not.toContain('gatehouse-unset');
  },
);

test('a secret that may not be read is refused without its ARN', async () => {
  fake.failWith = { status: 400, type: 'AccessDeniedException' };
  const refusal: unknown = await make()
    .read('key')
    .catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'credential_unavailable', detail: { credential: 'key', reason: 'store' } });
  const { cause, stack } = refusal as Error;
  expect(`${JSON.stringify(refusal)} ${String(cause)} ${JSON.stringify(cause)} ${stack}`).not.toContain('arn:');
});

test('a value read before is kept while the service throttles', async () => {
  fake.secrets.set('gh/key', 'sk-1');
  const credentials = make();
  await credentials.read('key');
  fake.failWith = { status: 400, type: 'ThrottlingException' };
  time.now += 61_000;
  expect((await credentials.read('key')).open()).toBe('sk-1');
});
