import { expect, test } from '@jest/globals';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { authenticate } from '../../../lambda/identity/authenticate.ts';
import type { Identify } from '../../../lambda/identity/identify.ts';
import { refusalOf } from './issuer.ts';

const jane = { ...ANONYMOUS, id: 'jane', sub: 'jane' };
const identify: Identify = async (authorization) => {
  if (authorization === undefined) throw new Refusal('token_missing');
  if (authorization !== 'Bearer good') throw new Refusal('token_rejected', { reason: 'malformed' });
  return { principal: jane, token: new Hidden('good') };
};

test.each(['strict', 'optional'] as const)('with auth %s a good token is its owner', async (mode) => {
  expect((await authenticate(mode, 'Bearer good', identify)).principal).toBe(jane);
});

test.each(['strict', 'optional'] as const)('with auth %s a bad token is refused', async (mode) => {
  for (const bad of ['Bearer bad', '', 'Basic x'])
    expect(await refusalOf(authenticate(mode, bad, identify))).toMatchObject({ code: 'token_rejected' });
});

test('with auth strict no token is refused', async () => {
  expect(await refusalOf(authenticate('strict', undefined, identify))).toMatchObject({ code: 'token_missing' });
});

test('with auth optional no token is anonymous', async () => {
  expect(await authenticate('optional', undefined, identify)).toEqual({ principal: ANONYMOUS, token: undefined });
});

test.each([undefined, 'Bearer good', 'Bearer bad'])(
  'with auth none everybody is anonymous, and %s is not kept',
  async (header) => {
    expect(await authenticate('none', header, identify)).toEqual({ principal: ANONYMOUS, token: undefined });
  },
);
