import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bundleAgent } from '../../lib/agent-bundle.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-agent-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('an agent is bundled by the program in its own folder', () => {
  bundleAgent('test/cdk/agent', directory);
  expect(readdirSync(directory)).toEqual(['main.js', 'package.json']);
}, 30_000);

test('a folder without one is said to be so', () => {
  expect(() => bundleAgent('test/cdk', directory)).toThrow('agents: there is no test/cdk/write-bundle.ts');
});

test('a program that writes nothing to start is not deployed', () => {
  writeFileSync(path.join(directory, 'write-bundle.ts'), 'export {};\n');
  expect(() => bundleAgent(directory, directory)).toThrow('wrote no main.js');
}, 30_000);
