import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/**
 * Who may import whom. A folder may always import itself and `node:` modules; `type x` allows `import type` only. A row for a
 * deeper folder wins over the one above it.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  config: ['zod', 'yaml', '@marcbachmann/cel-js', 're2js', '@pydantic/genai-prices'],
  'lambda/core': [],
  'lambda/identity': ['lambda/core', 'config', 'aws-jwt-verify'],
  'lambda/policy': ['lambda/core', 'config'],
  'lambda/providers': ['lambda/core', 'config', 'undici', 'eventsource-parser', 'type lambda/outbound-auth'],
  'lambda/outbound-auth': ['lambda/core', 'config', 'type lambda/providers'],
  'lambda/telemetry': ['lambda/core', 'config'],
  'lambda/targets': [
    'lambda/core',
    'config',
    'eventsource-parser',
    'lambda/policy/hidden-text.ts',
    'lambda/providers/send.ts',
    'type lambda/outbound-auth',
  ],
  'lambda/http': ['lambda/core', 'lambda/identity', 'lambda/telemetry', 'config'],
  'lambda/aws': [
    'lambda/core',
    'undici',
    'aws4fetch',
    'type lambda/policy',
    'type lambda/outbound-auth',
    'type lambda/providers',
    'type lambda/targets',
    'type lambda/telemetry',
    'type lambda/issuing',
    'type lambda/token',
    'type lambda/agents',
    'type aws-lambda',
  ],
  'lambda/llm': [
    'lambda/core',
    'lambda/identity',
    'lambda/policy',
    'lambda/providers',
    'lambda/outbound-auth',
    'lambda/telemetry',
    'lambda/http',
    'lambda/aws',
    'config',
    'hono',
    'gpt-tokenizer',
    'type aws-lambda',
  ],
  'lambda/mcp': [
    'lambda/core',
    'lambda/identity',
    'lambda/policy',
    'lambda/targets',
    'lambda/providers/send.ts',
    'lambda/outbound-auth',
    'lambda/telemetry',
    'lambda/http',
    'lambda/aws',
    'config',
    'hono',
    'type aws-lambda',
  ],
  'lambda/issuing': ['lambda/core', 'config'],
  'lambda/token': [
    'lambda/core',
    'lambda/identity',
    'lambda/issuing',
    'lambda/outbound-auth',
    'lambda/telemetry',
    'lambda/http',
    'lambda/aws',
    'config',
    'hono',
    'type aws-lambda',
  ],
  'lambda/agents': [
    'lambda/core',
    'lambda/identity',
    'lambda/issuing',
    'lambda/policy',
    'lambda/providers/send.ts',
    'lambda/outbound-auth',
    'lambda/telemetry',
    'lambda/http',
    'lambda/aws',
    'type lambda/providers',
    'config',
    'hono',
    'eventsource-parser',
    'type aws-lambda',
  ],
  'lambda/authorizer': ['lambda/core', 'lambda/identity', 'config', 'type aws-lambda'],
  agent: ['@strands-agents/sdk', '@modelcontextprotocol/sdk', '@opentelemetry', 'aws-jwt-verify', 'esbuild'],
  lib: ['aws-cdk-lib', 'constructs', 'cdk-nag', 'esbuild', 'agent/bundle-agent.ts', 'type config'],
  bin: ['lib', 'config', 'aws-cdk-lib', 'cdk-nag'],
  local: [
    'agent',
    'lambda/core',
    'lambda/identity',
    'lambda/policy',
    'lambda/providers',
    'lambda/outbound-auth',
    'lambda/telemetry',
    'lambda/targets',
    'lambda/http',
    'lambda/llm',
    'lambda/mcp',
    'lambda/issuing',
    'lambda/token',
    'lambda/agents',
    'lambda/aws/sign-request.ts',
    'type lambda/aws/json-client.ts',
    'config',
    'yaml',
    '@hono/node-server',
    '@modelcontextprotocol/server',
    'oidc-provider',
    'jose',
  ],
};

interface Import {
  readonly file: string;
  readonly to: string;
  readonly isType: boolean;
}

const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;

const importsOf = (file: string): Import[] =>
  [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, type, specifier = '']) => ({
    file,
    to: specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier,
    isType: type !== undefined,
  }));

const filesOf = (folder: string): string[] => globSync(`${folder}/**/*.ts`);

const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

const straysIn = (folder: string, allowed: readonly string[]): string[] =>
  filesOf(folder)
    .flatMap(importsOf)
    .filter(({ to, isType }) => {
      if (to.startsWith('node:') || within(to, folder)) return false;
      return !allowed.some((one) => within(to, one) || (isType && one.startsWith('type ') && within(to, one.slice(5))));
    })
    .map(({ file, to }) => `${file} imports ${to}`);

describe('who may import whom', () => {
  test.each(Object.entries(MAY_IMPORT))('%s imports only what it may', (folder, allowed) => {
    expect(filesOf(folder)).not.toHaveLength(0);
    expect(straysIn(folder, allowed)).toEqual([]);
  });

  test('every folder of the code has a row', () => {
    const folders = globSync('lambda/*/').map((folder) => folder.replace(/\/$/, ''));
    expect(folders.filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  test('nothing imports in a circle', () => {
    const graph = new Map(
      ['config', 'agent', 'lambda', 'lib', 'bin', 'local'].flatMap(filesOf).map((file) => [
        file,
        importsOf(file)
          .filter(({ isType }) => !isType)
          .map(({ to }) => to),
      ]),
    );
    const settled = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      if (settled.has(file) || trail.includes(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
      settled.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  const usersOf = (pattern: RegExp, folders: readonly string[]): string[] =>
    folders
      .flatMap(filesOf)
      .filter((file) => pattern.test(readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'/g, '')));

  test('the environment is read by entry points only', () => {
    const entries = /^(bin\/|agent\/main\.ts|local\/(main|token|mcp-pins)\.ts|lambda\/\w+\/handler\.ts|config\/write-)/;
    expect(
      usersOf(/\bprocess\.env\b/, ['config', 'agent', 'lambda', 'lib', 'bin', 'local']).filter(
        (file) => !entries.test(file),
      ),
    ).toEqual([]);
  });

  test('the time is asked for in one place', () => {
    expect(usersOf(/\bDate\.now\(|new Date\(\)|performance\.now\(/, ['config', 'agent', 'lambda', 'local'])).toEqual([
      'agent/main.ts',
      'lambda/core/clock.ts',
    ]);
  });

  test('no code under lambda asks where it runs', () => {
    expect(usersOf(/\bisLocal\b|NODE_ENV|AWS_EXECUTION_ENV/, ['lambda'])).toEqual([]);
  });

  test('handlers are imported by nobody', () => {
    const all = ['config', 'agent', 'lambda', 'lib', 'bin', 'local'].flatMap(filesOf).flatMap(importsOf);
    expect(all.filter(({ to }) => to.endsWith('handler.ts'))).toEqual([]);
  });

  test('no code is made from text', () => {
    expect(usersOf(/\beval\(|new Function\(/, ['config', 'agent', 'lambda', 'lib', 'bin', 'local'])).toEqual([]);
  });
});
