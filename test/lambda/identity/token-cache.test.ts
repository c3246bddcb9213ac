import { expect, test } from '@jest/globals';
import { ANONYMOUS } from '../../../lambda/core/principal.ts';
import { createTokenCache } from '../../../lambda/identity/token-cache.ts';
import { handClock, NOW } from './issuer.ts';

const principal = (sub: string, expiresAt: number) => ({ ...ANONYMOUS, sub, expiresAt });

test('a thousand tokens are remembered, and the least recently used goes first', () => {
  const cache = createTokenCache(handClock().clock);
  for (let at = 0; at < 1_000; at += 1) cache.put(`token-${at}`, principal(String(at), NOW + 3600));
  expect(cache.get('token-0')?.sub).toBe('0');
  cache.put('token-1000', principal('1000', NOW + 3600));
  expect(cache.get('token-0')?.sub).toBe('0');
  expect(cache.get('token-1')).toBeUndefined();
  expect(cache.get('token-2')?.sub).toBe('2');
});

test('a token is remembered until it expires, or for a minute', () => {
  const { clock, forwardSeconds } = handClock();
  const cache = createTokenCache(clock);
  cache.put('short', principal('short', NOW + 10));
  cache.put('long', principal('long', NOW + 3600));
  forwardSeconds(9.999);
  expect(cache.get('short')?.sub).toBe('short');
  forwardSeconds(0.001);
  expect(cache.get('short')).toBeUndefined();
  forwardSeconds(49.999);
  expect(cache.get('long')?.sub).toBe('long');
  forwardSeconds(0.001);
  expect(cache.get('long')).toBeUndefined();
});

test('a token without an end is not remembered', () => {
  const cache = createTokenCache(handClock().clock);
  cache.put('endless', ANONYMOUS);
  expect(cache.get('endless')).toBeUndefined();
});

test('part of a token finds nothing', () => {
  const cache = createTokenCache(handClock().clock);
  cache.put('header.claims.signature', principal('jane', NOW + 3600));
  for (const part of ['header.claims.', 'header.claims.signatur', 'header.claims.signature ', ''])
    expect(cache.get(part)).toBeUndefined();
});
