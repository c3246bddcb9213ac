// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what the file writes
import { describe, expect, test } from '@jest/globals';
import { load, problemsOf, SMALL } from './problems.ts';

const issuer = (written: string, env: Record<string, string> = {}): string | undefined =>
  load(
    SMALL.replace('issuer: https://okta.example', () => `issuer: "${written}"`),
    env,
  ).config.identity?.providers?.okta?.issuer;

describe('${NAME} in a text', () => {
  test('is the value of the environment', () => {
    expect(issuer('${ISSUER}', { ISSUER: 'https://a.example' })).toBe('https://a.example');
    expect(issuer('https://${HOST}/oauth2/${ID}', { HOST: 'a.example', ID: 'x' })).toBe('https://a.example/oauth2/x');
  });

  test('takes the default where there is no value, or an empty one', () => {
    expect(issuer('${ISSUER:-https://b.example}')).toBe('https://b.example');
    expect(issuer('${ISSUER:-https://b.example}', { ISSUER: '' })).toBe('https://b.example');
    expect(issuer('${ISSUER:-https://b.example}', { ISSUER: 'https://a.example' })).toBe('https://a.example');
  });

  test('is not read again inside a value', () => {
    expect(
      problemsOf(
        SMALL.replace('audiences: [a]', () => 'audiences: ["${A}"]'),
        { A: '${B}' },
      ),
    ).toEqual([]);
  });

  test('stands for itself after a second $', () => {
    const { config } = load(
      SMALL.replace('audiences: [a]', () => 'audiences: ["$${A} and $5 and ${B}"]'),
      { B: 'b' },
    );
    expect(config.identity?.providers?.okta?.audiences).toEqual(['${A} and $5 and b']);
  });

  test('is a problem with its place where nothing is set', () => {
    expect(problemsOf(SMALL.replace('audiences: [a]', () => 'audiences: ["x-${MISSING}"]'))).toEqual([
      'gateway.yaml:4:91: MISSING is not set: set it in the environment or in .env, or write ${MISSING:-default}',
    ]);
  });

  test.each(['${}', '${1A}', '${A B}', '${A', '${A:=b}'])('%s is none', (text) => {
    expect(
      problemsOf(
        SMALL.replace('audiences: [a]', () => `audiences: ["${text}"]`),
        { A: 'a' },
      ),
    ).toEqual([expect.stringContaining('write ${NAME} or ${NAME:-default}')]);
  });

  test('reads no names that every object has', () => {
    expect(problemsOf(SMALL.replace('audiences: [a]', () => 'audiences: ["${constructor}"]'))).toEqual([
      expect.stringContaining('constructor is not set'),
    ]);
  });
});
