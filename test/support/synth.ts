import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON of any shape, and a wrong path in a test should just fail
  readonly Properties: any;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

export interface Synthesized {
  readonly template: Template;
  /** cdk.out: templates, assets, validation-report.json. */
  readonly directory: string;
  /** Pairs of logical id and resource. */
  ofType(type: string): readonly (readonly [string, Resource])[];
  /** The folder of the bundle that a function's code is. */
  bundleOf(functionId: string): string;
  remove(): void;
}

type Env = Readonly<Record<string, string>>;

/** What may stand in the environment of whoever deploys, and in no template. */
export const CANARY = 'sk-canary-7f3b9d';
const DEPLOYER: Env = { OPENAI_API_KEY: CANARY, ANTHROPIC_API_KEY: CANARY };

/** What the workers of one run share: a synthesis takes seconds, and several suites look at the same. */
const sharedFolder = (run: number): string => path.join(tmpdir(), `gatehouse-synths-of-${run}`);

const isWorker = process.send !== undefined;

/** The folder of the one who comes first; whoever comes later waits until it is full. */
const sharedSynthesis = (config: string, env: Env): string => {
  const name = hash('sha256', JSON.stringify([config, env]));
  const directory = path.join(sharedFolder(process.ppid), name);
  const done = `${directory}.done`;
  mkdirSync(path.dirname(directory), { recursive: true });
  try {
    mkdirSync(directory);
  } catch {
    const nobody = new Int32Array(new SharedArrayBuffer(4));
    for (let tries = 0; !existsSync(done); tries++) {
      if (tries > 600) throw new Error(`nobody made ${config}`);
      Atomics.wait(nobody, 0, 0, 100);
    }
    return directory;
  }
  synthesizeInto(directory, config, env);
  writeFileSync(done, '');
  return directory;
};

/**
 * Runs `bin/gateway.ts` as the CDK CLI would, with the settings of cdk.json.
 *
 * Shape:  `config` is a policy file, the repository's own if absent. `env` is the whole environment besides PATH, with keys in
 *         it if absent. `anew`: into a folder of its own, whoever else made the same.
 */
export const synthesize = (config = 'gateway.yaml', env: Env = DEPLOYER, { anew = false } = {}): Synthesized => {
  const isShared = isWorker && !anew;
  const directory = isShared ? sharedSynthesis(config, env) : mkdtempSync(path.join(tmpdir(), 'gatehouse-synth-'));
  if (!isShared) synthesizeInto(directory, config, env);
  const template: Template = JSON.parse(readFileSync(path.join(directory, 'Gatehouse.template.json'), 'utf8'));
  return {
    template,
    directory,
    ofType: (type) => Object.entries(template.Resources).filter(([, resource]) => resource.Type === type),
    bundleOf: (functionId) => {
      const key: string = template.Resources[functionId]?.Properties.Code.S3Key ?? '';
      return path.join(directory, `asset.${path.basename(key, '.zip')}`);
    },
    remove: () => {
      if (!isShared) rmSync(directory, { recursive: true, force: true });
    },
  };
};

const synthesizeInto = (directory: string, config: string, env: Env): void => {
  const { context } = JSON.parse(readFileSync(path.join(ROOT, 'cdk.json'), 'utf8'));
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'bin/gateway.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...env,
      PATH: process.env.PATH,
      GATEHOUSE_CONFIG: config,
      CDK_OUTDIR: directory,
      CDK_CONTEXT_JSON: JSON.stringify(context),
    },
  });
  if (status !== 0) throw new Error(`synth ended with ${status}:\n${stderr}`);
};
