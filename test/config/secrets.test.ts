// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what the file writes
import { describe, expect, test } from '@jest/globals';
import { problemsOf, SMALL } from './problems.ts';

const KEY = 'sk-proj-Abc123Def456Ghi789Jkl012';

describe('a secret in the policy', () => {
  test.each([
    ['where a name is expected', SMALL.replace('credential: openai-api-key', `credential: ${KEY}`)],
    ['where a name is expected, in lower case', SMALL.replace('credential: openai-api-key', 'credential: sk-abcdef')],
    ['as the value of a credential', SMALL.replace('openai-api-key: {}', `openai-api-key: ${KEY}`)],
    ['as the value of a credential, of no known form', SMALL.replace('openai-api-key: {}', 'openai-api-key: hunter2')],
    ['as the name of a credential', SMALL.replace('openai-api-key: {}', `openai-api-key: {}, ${KEY}: {}`)],
    ['under a key of its own', SMALL.replace('kind: openai,', `kind: openai, apiKey: ${KEY},`)],
    ['as a key', SMALL.replace('kind: openai,', `kind: openai, ${KEY}: x,`)],
    ['in a URL', SMALL.replace('kind: openai,', 'kind: openai, baseUrl: "https://user:hunter2@api.example",')],
    ['in place of its hash', SMALL.replace('identity: {', 'identity: { apiKeys: { a: { sha256: hunter2 } },')],
    [
      'in place of its hash, of a known form',
      SMALL.replace('identity: {', `identity: { apiKeys: { a: { sha256: ${KEY} } },`),
    ],
    ['as the name of a gateway', SMALL.replace('name: test', 'name: ghp_0123456789abcdefghijklmnopqrstuvwxyz')],
    ['as the answer to a choice', SMALL.replace('kind: openai', `kind: ${KEY}`)],
  ])('%s is refused and never repeated', (_where, text) => {
    const problems = problemsOf(text).join('\n');
    expect(problems).not.toBe('');
    expect(problems).not.toMatch(/Abc123|hunter2|sk-abcdef|ghp_0123/);
  });

  test('is told where it belongs', () => {
    expect(problemsOf(SMALL.replace('credential: openai-api-key', 'credential: sk-abcdef'))[0]).toContain(
      'put it in Secrets Manager or .env and name it under credentials',
    );
  });
});

describe('the environment', () => {
  test.each([
    ['under credentials', SMALL.replace('openai-api-key: {}', 'openai-api-key: "${OPENAI_API_KEY}"')],
    ['as the name of a credential', SMALL.replace('credential: openai-api-key', 'credential: "${OPENAI_API_KEY}"')],
  ])('is not read %s', (_where, text) => {
    const problems = problemsOf(text, { OPENAI_API_KEY: 'hunter2' });
    expect(problems).toEqual([expect.stringContaining('credentials are only named here')]);
  });

  test('may give the hash of a key', () => {
    const text = SMALL.replace('identity: {', 'identity: { apiKeys: { a: { sha256: "${KEY_HASH}" } },');
    expect(problemsOf(text, { KEY_HASH: 'ab'.repeat(32) })).toEqual([]);
  });

  test('is never repeated, whatever it holds', () => {
    const problems = problemsOf(SMALL.replace('issuer: https://okta.example', 'issuer: "${ISSUER}"'), {
      ISSUER: 'hunter2',
    });
    expect(problems).toEqual([expect.stringContaining('found the value of ${ISSUER}')]);
    const under = SMALL.replace('identity:', 'identiy:').replace('issuer: https://okta.example', 'issuer: "${ISSUER}"');
    expect(problemsOf(under, { ISSUER: 'hunter2' }).join('\n')).not.toContain('hunter2');
  });
});
