import { expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { UpstreamCredentials } from '../../lib/constructs/upstream-credentials.ts';

const credentials = (count: number) => {
  const names = Array.from({ length: count }, (_, i) => `provider-${i}-api-key`);
  return new UpstreamCredentials(new Stack(), 'Credentials', { names });
};

test('more credentials than the environment of a function can name are refused at synth', () => {
  expect(() => credentials(20)).not.toThrow();
  expect(() => credentials(40)).toThrow(/^credentials: 40 names take some \d+ characters/);
});
