// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what the file writes
import { expect, test } from '@jest/globals';
import { readDotEnv } from '../../config/dot-env.ts';
import { authorizerEnv, type EnvOf, llmEnv, readEnv } from '../../config/env.ts';
import { identityIssuerNames } from '../../config/issuer-names.ts';
import { SMALL, shipped } from './problems.ts';

test('a Lambda reads the variables it names, and no others', () => {
  const env = readEnv(['A', 'B'], { A: '1', B: '2', C: '3' });
  expect(env).toEqual({ A: '1', B: '2' });
  expect(env.A).toBe('1');
});

test('all that are missing or empty are named, and no value is', () => {
  const read = () => readEnv(['A', 'B', 'C'], { A: 'hunter2', B: '' });
  expect(read).toThrow('not set in the environment: B, C');
  expect(read).not.toThrow(/hunter2/);
});

test('an environment block with a variable missing or misspelt does not compile', () => {
  type Block = EnvOf<readonly ['LIMITS_TABLE', 'OTHER']>;
  const whole: Block = { LIMITS_TABLE: 't', OTHER: 'p' };
  // @ts-expect-error OTHER is missing
  const missing: Block = { LIMITS_TABLE: 't' };
  // @ts-expect-error LIMIT_TABLE is no variable of this Lambda
  const misspelt: Block = { LIMIT_TABLE: 't', OTHER: 'p' };
  expect([whole, missing, misspelt]).toHaveLength(3);
});

test('the lists name each variable once', () => {
  for (const names of [llmEnv, authorizerEnv]) expect(new Set(names).size).toBe(names.length);
  expect(llmEnv).toContain('LIMITS_TABLE');
});

test('.env is read as Node reads it', () => {
  expect(readDotEnv('# keys\nOPENAI_API_KEY="a b"\nEMPTY=\nexport OTHER=x\n')).toEqual({
    OPENAI_API_KEY: 'a b',
    EMPTY: '',
    OTHER: 'x',
  });
});

test('issuers that the environment gives are known by name', () => {
  expect(identityIssuerNames(shipped)).toEqual([
    { provider: 'okta', envName: 'OKTA_ISSUER', default: 'https://okta.example/oauth2/default' },
  ]);
  expect(identityIssuerNames(SMALL.replace('https://okta.example', '"${ISSUER}"'))).toEqual([
    { provider: 'okta', envName: 'ISSUER' },
  ]);
  expect(identityIssuerNames(SMALL)).toEqual([]);
});

test.each(['', '[', 'identity: 5', 'identity: { providers: [x] }'])('of %j none are known', (text) => {
  expect(identityIssuerNames(text)).toEqual([]);
});
