import { expect, test } from '@jest/globals';
import { isSecret } from '../../../lambda/token/check-secret.ts';

test.each([
  ['s3cret', 's3cret', true],
  ['s3cret', '{"clientId":"desk","clientSecret":"s3cret"}', true],
  ['other', 's3cret', false],
  ['other', '{"clientSecret":"s3cret"}', false],
  ['', '{"clientSecret":""}', false],
  ['', '', false],
])('%j is the secret kept as %j: %s', (given, kept, isRight) => {
  expect(isSecret(given, kept)).toBe(isRight);
});
