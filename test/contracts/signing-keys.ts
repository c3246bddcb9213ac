import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import type { SigningKeys } from '../../lambda/issuing/signing-keys.ts';

/** What every `SigningKeys` promises. `make` gives one with two keys. */
export const describeSigningKeys = (where: string, make: () => Promise<SigningKeys>) =>
  describe(`signing keys ${where}`, () => {
    const input = Buffer.from('header.claims');

    test('sign with the first of those that are published', async () => {
      const keys = await make();
      const [first, second] = await keys.published();
      const signature = await keys.sign(input, first.kid);
      const isBy = (key: object | undefined) =>
        verify('sha256', input, createPublicKey({ key: { ...key }, format: 'jwk' }), signature);
      expect([isBy(first), isBy(second)]).toEqual([true, false]);
    });

    test('publish nothing but public RSA keys, named by their thumbprint', async () => {
      for (const key of await (await make()).published()) {
        expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
        expect(key).toMatchObject({
          kty: 'RSA',
          alg: 'RS256',
          use: 'sig',
          kid: await calculateJwkThumbprint({ ...key }),
        });
      }
    });

    test('do not sign in the name of another key', async () => {
      const keys = await make();
      const [, second] = await keys.published();
      await expect(keys.sign(input, second?.kid ?? '')).rejects.toThrow('another key');
    });
  });
