import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildSync, type Metafile } from 'esbuild';
import type { CompiledPolicy } from '../config/compiled.ts';

/** The repository: where entries are found, whatever folder `cdk` was started in. */
const ROOT = path.resolve(import.meta.dirname, '..');

/**
 * ESM has no `require`; the CommonJS packages in a bundle ask for Node's own modules with it. The name is one that no minifier
 * makes: it does not know what stands in a banner.
 */
const REQUIRE =
  "import{createRequire as gatehouseCreateRequire}from'node:module';const require=gatehouseCreateRequire(import.meta.url);";

/** An alias covers what is below it too, so the package's own files need a second name. */
const UNDICI = {
  undici: path.join(ROOT, 'lib/undici-client.mjs'),
  'undici-package': path.dirname(createRequire(import.meta.url).resolve('undici/package.json')),
};

/**
 * undici carries its HTTP/1 parser four times, 75 KB each: two parsers, with and without SIMD. Its own build for Node's core
 * switches the second parser off with `esbuildDetection`; the one without SIMD is only for processors that Lambda does not
 * have, and left outside the bundle it would fail at once if it were ever asked for.
 */
const ONE_HTTP_PARSER = {
  define: {
    esbuildDetection: 'true',
    'process.env.JEST_WORKER_ID': 'undefined',
    'process.env.UNDICI_NO_WASM_SIMD': 'undefined',
  },
  external: ['../llhttp/llhttp-wasm.js'],
};

/** CEL has one function for patterns, and no other way to write its name: the word stands wherever a pattern does. */
const withoutPatterns = (policy: CompiledPolicy): Readonly<Record<string, string>> =>
  JSON.stringify(policy).includes('matches') ? {} : { re2js: path.join(ROOT, 'lib/no-patterns.mjs') };

const LLM = 'lambda/llm/handler.ts';

/** What a Lambda loads when it first needs it, and only where the policy asks for it: a file of its own, by its name. */
const lazyParts = (entry: string, { llm }: CompiledPolicy): Readonly<Record<string, string>> =>
  entry === LLM && llm.tokenize === 'exact' ? { o200k: 'lambda/llm/o200k.ts' } : {};

/**
 * Bundles one Lambda: `index.mjs`, and `policy.json` beside it, so that the policy ships and rolls back with the code.
 *
 * Shape:  `entry` from the root of the repository, such as `lambda/llm/handler.ts`; answers esbuild's list of inputs.
 * Errors: throws esbuild's messages.
 */
export const bundle = (entry: string, policy: CompiledPolicy, directory: string): Metafile => {
  const { metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: { index: entry, ...lazyParts(entry, policy) },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'silent',
    alias: { ...UNDICI, ...withoutPatterns(policy) },
    ...ONE_HTTP_PARSER,
  });
  writeFileSync(path.join(directory, 'policy.json'), JSON.stringify(policy));
  return metafile;
};
