import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Collector, startCollector } from '../agent/traced-agent.ts';
import { freeNeighbours } from '../support/local-gateway.ts';

const ROOT = path.resolve('.');
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PROGRAM = ['--import', import.meta.resolve('tsx')];

let directory: string;
let collector: Collector;
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-'));
  collector = await startCollector();
});
afterEach(async () => {
  rmSync(directory, { recursive: true, force: true });
  await collector.close();
});

/** Invokes an agent of `npm start`, which runs in a folder of its own with nothing but `env`, and stops it. */
const invokeOnce = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
  const port = String(await freeNeighbours());
  const options = { cwd: directory, env };
  const args = ['local/main.ts', '--config', 'gateway.yaml', '--port', port, '--json'];
  const [main = '', ...rest] = args.map((one) => (/\.(ts|yaml)$/.test(one) ? path.join(ROOT, one) : one));
  const local = spawn(process.execPath, [...PROGRAM, main, ...rest], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let out = '';
    local.stdout.on('data', (data) => {
      out += String(data);
    });
    while (!out.includes('"ready"')) await once(local.stdout, 'data');
    const mint = [...PROGRAM, path.join(ROOT, 'local/token.ts'), 'jane', '--port', port];
    const { stdout } = await promisify(execFile)(process.execPath, mint, options);
    const answer = await fetch(`http://127.0.0.1:${port}/agents/devops-copilot/invocations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stdout.trim()}`,
        'content-type': 'application/json',
        traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
      },
      body: '{"prompt":"hello"}',
    });
    return await answer.json();
  } finally {
    const exited = once(local, 'exit');
    local.kill('SIGTERM');
    await exited;
  }
};

test('agents on this machine send their traces where the environment says, and as .env says', async () => {
  writeFileSync(
    path.join(directory, '.env'),
    'OTEL_SERVICE_NAME=mine\nOTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9\n',
  );
  const answer = await invokeOnce({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  expect(answer).toMatchObject({ agent: 'devops-copilot' });
  expect(collector.resource()).toMatchObject({ 'service.name': 'mine' });
  const invocations = collector.spans().filter(({ name }) => name === 'invoke_agent devops-copilot');
  expect(invocations.map(({ traceId }) => traceId)).toEqual([TRACE]);
}, 60_000);
