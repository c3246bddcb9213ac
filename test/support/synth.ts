import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

/**
 * Runs `bin/gateway.ts` as the CDK CLI would, with the settings of cdk.json, into a folder of its own.
 *
 * Shape:  `config` is a policy file, the repository's own if absent. `env` is the whole environment besides PATH.
 */
export const synthesize = (config = 'gateway.yaml', env: Readonly<Record<string, string>> = {}): Synthesized => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-synth-'));
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
  const template: Template = JSON.parse(readFileSync(path.join(directory, 'Gatehouse.template.json'), 'utf8'));
  return {
    template,
    directory,
    ofType: (type) => Object.entries(template.Resources).filter(([, resource]) => resource.Type === type),
    bundleOf: (functionId) => {
      const key: string = template.Resources[functionId]?.Properties.Code.S3Key ?? '';
      return path.join(directory, `asset.${path.basename(key, '.zip')}`);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};
