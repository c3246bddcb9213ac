import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { CompiledApiKey } from '../../../config/compiled.ts';
import { createIdentify } from '../../../lambda/identity/identify.ts';
import { principalId } from '../../../lambda/identity/principal-id.ts';
import { handClock, refusalOf } from './issuer.ts';

const apiKey = (name: string, key: string, more: Partial<CompiledApiKey> = {}): CompiledApiKey => ({
  name,
  sha256: createHash('sha256').update(key).digest('hex'),
  scopes: [],
  roles: [],
  groups: [],
  claims: {},
  ...more,
});

const noNetwork = () => Promise.reject(new Error('an API key needs no network'));
const identifyWith = (...apiKeys: CompiledApiKey[]) =>
  createIdentify({ providers: [], apiKeys }, { fetchJson: noNetwork, clock: handClock().clock });

describe('an API key', () => {
  const identify = identifyWith(
    apiKey('ci-bot', 'gh_first-key', { scopes: ['llm:call'], claims: { team: 'platform' } }),
    apiKey('nightly', 'gh_second-key', { roles: ['ai-agents'], groups: ['batch'] }),
  );

  test('is its owner, with what the policy gives it, and is not kept as a token', async () => {
    expect(await identify('Bearer gh_first-key')).toEqual({
      principal: {
        id: principalId('gatehouse:api-key', 'ci-bot'),
        issuer: 'gatehouse:api-key',
        sub: 'ci-bot',
        clientId: 'ci-bot',
        scopes: ['llm:call'],
        roles: [],
        groups: [],
        claims: { team: 'platform' },
      },
      token: undefined,
    });
    expect((await identify('Bearer gh_second-key')).principal.sub).toBe('nightly');
  });

  test.each([
    'gh_first-ke',
    'gh_first-keyy',
    'GH_FIRST-KEY',
    'ci-bot',
    'x',
    createHash('sha256').update('gh_first-key').digest('hex'),
  ])('that is not known is refused: %s', async (presented) => {
    expect(await refusalOf(identify(`Bearer ${presented}`))).toMatchObject({
      code: 'token_rejected',
      reason: 'unknown-api-key',
    });
  });

  test('is never looked for among none as if all were welcome', async () => {
    expect(await refusalOf(identifyWith()('Bearer anything'))).toMatchObject({ reason: 'unknown-api-key' });
  });

  test.each(['', 'abc', 'F'.repeat(64), `${'0'.repeat(63)}g`])('whose hash is %j stops the start', (sha256) => {
    expect(() => identifyWith(apiKey('ci-bot', 'k', { sha256 }))).toThrow('API key ci-bot: sha256 must be 64');
  });
});
