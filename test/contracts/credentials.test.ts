import { afterAll, beforeAll } from '@jest/globals';
import { secretsManagerCredentials } from '../../lambda/aws/secrets-manager-credentials.ts';
import { envCredentials, envNameOf } from '../../local/memory/env-credentials.ts';
import { fakeSecretsManager } from '../support/fake-secrets-manager.ts';
import { describeCredentials } from './credentials.ts';

let fake: Awaited<ReturnType<typeof fakeSecretsManager>>;
beforeAll(async () => {
  fake = await fakeSecretsManager();
});
afterAll(() => fake.close());

describeCredentials('in the environment', async () => {
  const env: Record<string, string | undefined> = {};
  return {
    read: envCredentials(env),
    write: (name, text) => {
      env[envNameOf(name)] = text;
    },
    remove: (name) => {
      delete env[envNameOf(name)];
    },
  };
});

describeCredentials('in Secrets Manager', async () => {
  fake.secrets.clear();
  return {
    read: secretsManagerCredentials({ client: fake.client, prefix: 'gatehouse/', timeoutMs: 2_000 }),
    write: (name, text) => {
      fake.secrets.set(`gatehouse/${name}`, text);
    },
    remove: (name) => {
      fake.secrets.delete(`gatehouse/${name}`);
    },
  };
});
