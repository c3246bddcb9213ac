import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildSync, type Metafile } from 'esbuild';

const FOLDER = import.meta.dirname;
const NOTHING = path.join(FOLDER, 'empty-module.cjs');

/** The CommonJS packages in the bundle ask for Node's own modules with it. The name is one that no minifier makes. */
const REQUIRE =
  "import{createRequire as gatehouseCreateRequire}from'node:module';const require=gatehouseCreateRequire(import.meta.url);";

/**
 * What the library brings and the agent must not have: a client that goes to Bedrock past the gateway, and with it all code
 * that reads and signs with the keys of AWS; and MCP servers started as processes.
 */
const WITHOUT = {
  '@aws-sdk/client-bedrock-runtime': NOTHING,
  '@smithy/fetch-http-handler': NOTHING,
  '@modelcontextprotocol/sdk/client/stdio.js': NOTHING,
};

/**
 * Bundles the agent for a zip that AgentCore runs with NODE_22: `main.js`, which is the entry point, and a `package.json`
 * that says it is an ES module. Nothing in it depends on the processor.
 *
 * Shape:  answers esbuild's list of inputs.
 * Errors: throws esbuild's messages.
 */
export const bundleAgent = (directory: string): Metafile => {
  const { metafile } = buildSync({
    absWorkingDir: FOLDER,
    entryPoints: ['main.ts'],
    outfile: path.join(directory, 'main.js'),
    bundle: true,
    minify: true,
    metafile: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    legalComments: 'none',
    logLevel: 'silent',
    alias: WITHOUT,
  });
  writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}\n');
  return metafile;
};
