import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bundleAgent } from '../../agent/bundle-agent.ts';
import { freePort } from '../support/free-port.ts';

let directory: string;
let inputs: readonly string[];
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-agent-'));
  inputs = Object.values(bundleAgent(directory).outputs).flatMap((output) => Object.keys(output.inputs));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What must not be in the agent, and why. */
const NEVER = [
  ['node_modules/@aws-sdk/', 'the agent must not be able to reach Bedrock past the gateway'],
  ['node_modules/@smithy/', 'nor to sign with the keys of its role'],
  ['client/stdio', 'nor to start processes'],
  ['node_modules/@strands-agents/sdk/dist/src/vended-tools/', 'tools come from the gateway only'],
  ['node_modules/aws-cdk-lib/', 'CDK belongs to the deployment'],
  ['node_modules/esbuild/', 'bundling belongs to the deployment'],
  ['node_modules/jose/', 'aws-jwt-verify verifies; jose signs in tests'],
  ['../lambda/', 'the agent is on its own'],
  ['../config/', 'the agent is on its own'],
] as const;

describe('the bundle of the agent', () => {
  test('holds nothing that it must not have', () => {
    expect(NEVER.filter(([name]) => inputs.some((input) => input.includes(name)))).toEqual([]);
  });

  test('is one file of at most 1500 KB, with what says that it is an ES module', () => {
    expect(readdirSync(directory).sort()).toEqual(['main.js', 'package.json']);
    expect(JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'))).toEqual({ type: 'module' });
    expect(statSync(path.join(directory, 'main.js')).size / 1024).toBeLessThan(1_500);
  });

  test('reads no secret from the environment', () => {
    const read =
      readFileSync(path.join(directory, 'main.js'), 'utf8').match(/\b[A-Z]+_(?:SECRET|PASSWORD)[A-Z_]*\b/g) ?? [];
    expect(read.filter((name) => name.startsWith('AWS_'))).toEqual([]);
  });
});

const SETTINGS = { AGENT_NAME: 'copilot', INBOUND: 'obo', MODEL: 'smart', LLM_URL: 'http://127.0.0.1:9/v1' };

const start = (env: Record<string, string>): ChildProcess =>
  spawn(process.execPath, ['main.js'], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });

describe('the bundle, started', () => {
  test('answers pings and invocations until it is told to stop', async () => {
    const port = await freePort();
    const child = start({ ...SETTINGS, PORT: String(port) });
    try {
      if (child.stdout === null) throw new Error('no output');
      await once(child.stdout, 'data');
      const ping = await fetch(`http://127.0.0.1:${port}/ping`);
      expect([ping.status, await ping.json()]).toEqual([200, { status: 'Healthy' }]);
      const refused = await fetch(`http://127.0.0.1:${port}/invocations`, { method: 'POST', body: '{"prompt":"hi"}' });
      expect([refused.status, await refused.json()]).toMatchObject([200, { error: { code: 'identity_rejected' } }]);
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('does not start without its settings, and says which', async () => {
    const { AGENT_NAME: _, ...some } = SETTINGS;
    const child = start(some);
    if (child.stderr === null) throw new Error('no output');
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(code).not.toBe(0);
    expect(said).toContain('not set in the environment: AGENT_NAME');
  });
});
