import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BIN = path.join(ROOT, 'node_modules/.bin');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-cli-'));
  cpSync('policies', path.join(directory, 'policies'), { recursive: true });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The real CLI, as `npm run synth` calls it, with nothing of this machine's AWS settings. */
const cdkSynth = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(
    path.join(BIN, 'cdk'),
    ['synth', '--quiet', '--output', path.join(directory, 'out'), ...args],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: `${BIN}${path.delimiter}${process.env.PATH}`, HOME: directory, CI: 'true' },
    },
  );
  return { status, text: `${stdout}${stderr}` };
};

describe('cdk synth', () => {
  test('makes the template from the shipped gateway.yaml, without an account', () => {
    const { status, text } = cdkSynth();
    expect([status, text]).toEqual([0, expect.not.stringMatching(/error|warning/i)]);
    expect(existsSync(path.join(directory, 'out/Gatehouse.template.json'))).toBe(true);
  }, 60_000);

  test('stops at a typo in gateway.yaml: where it is, what was meant, and no stack trace', () => {
    const lines = readFileSync(path.join(ROOT, 'gateway.yaml'), 'utf8').split('\n');
    const at = lines.indexOf('  rateLimits:');
    lines[at] = '  rateLimit:';
    const file = path.join(directory, 'gateway.yaml');
    writeFileSync(file, lines.join('\n'));

    const { status, text } = cdkSynth('--context', `config=${file}`);
    expect(status).toBe(1);
    expect(text).toContain(`gateway.yaml:${at + 1}:3: `);
    expect(text).toContain('did you mean rateLimits');
    expect(text).not.toMatch(/^\s+at /m);
  }, 60_000);

  test('takes a policy of which every route is open', () => {
    const file = path.join(directory, 'open.yaml');
    const shipped = readFileSync(path.join(ROOT, 'gateway.yaml'), 'utf8');
    writeFileSync(file, shipped.replace('auth: strict', 'auth: optional'));
    const { status, text } = cdkSynth('--context', `config=${file}`);
    expect([status, text]).toEqual([0, expect.not.stringMatching(/error/i)]);
  }, 60_000);

  test('says which file is not there', () => {
    const { status, text } = cdkSynth('--context', 'config=missing.yaml');
    expect(status).toBe(1);
    expect(text).toContain('missing.yaml');
    expect(text).not.toMatch(/^\s+at /m);
  }, 60_000);
});
