import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

test('what ships of CEL is the two packages and our own few files: no zod, no YAML', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: ['config/cel.ts'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const packages = Object.keys(metafile.inputs).map(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'ours',
  );
  expect([...new Set(packages)].sort()).toEqual(['@marcbachmann/cel-js', 'ours', 're2js']);
  expect(outputFiles[0]?.contents.length).toBeLessThan(260_000);
});
