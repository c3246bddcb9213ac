import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bundleAgent } from '../../agent/bundle-agent.ts';

/** Nothing here can build an image, so what it is made from is read. */
const lines = readFileSync('agent/Dockerfile', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' '));
const saying = (instruction: string) => lines.filter(([first]) => first === instruction).map(([, ...rest]) => rest);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-agent-'));
  bundleAgent(directory);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the image of the agent', () => {
  test('is for arm64, which AgentCore runs, with the version of Node that the bundle is made for', () => {
    expect(saying('FROM')).toEqual([['--platform=linux/arm64', expect.stringMatching(/^node:22(\.[\d.]+)?-slim$/)]]);
    expect(readFileSync('agent/bundle-agent.ts', 'utf8')).toContain("target: 'node22'");
  });

  test('copies what the bundle is, from where it is made, and starts what is in it', () => {
    expect(saying('COPY')).toEqual([['dist/', './']]);
    expect(readFileSync('agent/write-bundle.ts', 'utf8')).toContain("'agent/dist'");
    const [command] = saying('CMD');
    const started: unknown = JSON.parse(command?.join(' ') ?? '');
    expect(started).toEqual(['node', 'main.js']);
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(['main.js', 'package.json']));
  });

  test('runs as nobody in particular, which nothing takes back, at the port that AgentCore calls', () => {
    expect(saying('USER')).toEqual([['node']]);
    const order = lines.map(([first]) => first);
    expect(order.indexOf('USER')).toBeLessThan(order.indexOf('CMD'));
    expect(saying('EXPOSE')).toEqual([['8080']]);
    expect(readFileSync('agent/main.ts', 'utf8')).toContain('process.env.PORT ?? 8080');
  });
});
