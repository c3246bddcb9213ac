import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePolicy } from '../config/compile.ts';
import { loadGatewayConfig } from '../config/load.ts';
import { bundle } from '../lib/bundle.ts';
import { median } from './load.ts';
import { canPin } from './processes.ts';

export interface BundleFacts {
  readonly name: string;
  readonly kb: number;
  /** More than an empty module takes, in milliseconds. */
  readonly importMs: number;
}

const ENV = {
  LIMITS_TABLE: 'table',
  CREDENTIAL_ARNS: '{}',
  SIGNING_KEY_ARN: 'key',
  STAGE: 'prod',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'a',
  AWS_SECRET_ACCESS_KEY: 'b',
};

/** Loads a module as the Lambda runtime would and prints how long that took. */
const TIMER = `
globalThis.awslambda = { streamifyResponse: (handler) => handler };
const started = performance.now();
await import(process.argv[1]);
process.stderr.write(String(performance.now() - started));
process.exit(0);`;

const importMs = (file: string): number => {
  const node = [process.execPath, '--input-type=module', '-e', TIMER, file];
  const [command = '', ...rest] = canPin ? ['taskset', '-c', '0', ...node] : node;
  return Number(spawnSync(command, rest, { env: { ...process.env, ...ENV }, encoding: 'utf8' }).stderr);
};

/** Size and import time of each Lambda's bundle, made as for a deployment. */
export const bundleFacts = (names: readonly string[], rounds: number): readonly BundleFacts[] => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const empty = join(directory, 'empty.mjs');
  writeFileSync(empty, 'export {};');
  const policy = compilePolicy(
    loadGatewayConfig(readFileSync('gateway.yaml', 'utf8'), { file: 'gateway.yaml', env: {} }).config,
  );
  const facts = names.map((name) => {
    const out = mkdtempSync(join(directory, `${name}-`));
    bundle(`lambda/${name}/handler.ts`, policy, out);
    const file = join(out, 'index.mjs');
    const more: number[] = [];
    for (let round = 0; round < rounds; round++) more.push(importMs(file) - importMs(empty));
    return { name, kb: Math.round(statSync(file).size / 1000), importMs: Math.round(median(more)) };
  });
  rmSync(directory, { recursive: true });
  return facts;
};
