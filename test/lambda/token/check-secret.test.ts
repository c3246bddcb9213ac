import { expect, test } from '@jest/globals';
import { checkSecret } from '../../../lambda/token/check-secret.ts';

const LONG = 'sixteen letters.';

test.each([
  [LONG, LONG, 'right'],
  [LONG, `{"clientId":"desk","clientSecret":"${LONG}"}`, 'right'],
  [`${LONG}x`, LONG, 'wrong'],
  ['', LONG, 'wrong'],
  ['other', `{"clientSecret":"${LONG}"}`, 'wrong'],
  ['fifteen letters', 'fifteen letters', 'too-short'],
  ['s3cret', '{"clientSecret":"s3cret"}', 'too-short'],
  ['', '{"clientSecret":""}', 'too-short'],
  ['', '', 'too-short'],
])('%j against a secret kept as %j: %s', (given, kept, verdict) => {
  expect(checkSecret(given, kept)).toBe(verdict);
});
