import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type McpGateway, startMcpGateway } from '../support/mcp-gateway.ts';
import { startFixture } from './fixture-server.ts';

let fixture: Awaited<ReturnType<typeof startFixture>>;
let gateway: McpGateway;
let out: string;

beforeAll(async () => {
  out = mkdtempSync(path.join(tmpdir(), 'gatehouse-conformance-'));
  fixture = await startFixture();
  gateway = await startMcpGateway([{ name: 'fixture', url: fixture.url, trusted: true }], [{ prefix: 'never' }]);
});
afterAll(async () => {
  await gateway.close();
  await fixture.close();
  rmSync(out, { recursive: true, force: true });
});

/** The official tool, as its own process: it judges what comes over the wire and nothing else. */
const conformance = async (tool: string, args: readonly string[]): Promise<{ code: number | null; said: string }> => {
  const entry = path.resolve('node_modules', tool, 'dist/index.js');
  const child = spawn(process.execPath, [entry, 'server', '--url', gateway.url, '-o', out, ...args]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, said };
};

const passed = (said: string): readonly string[] => [...said.matchAll(/^✓ ([\w-]+):/gm)].map(([, name]) => name ?? '');

describe('a full server behind the gateway', () => {
  test('passes every scenario that 2026-07-28 requires', async () => {
    const { code, said } = await conformance('@modelcontextprotocol/conformance', ['--requirements', '2026-07-28']);
    expect({ code, said: code === 0 ? '' : said.slice(said.indexOf('=== SUMMARY')) }).toEqual({ code: 0, said: '' });
    expect(passed(said).length).toBeGreaterThanOrEqual(37);
    expect(passed(said)).toEqual(
      expect.arrayContaining(['server-stateless', 'caching', 'input-required-result-multi-round']),
    );
  }, 90_000);

  test('passes the stable suite but for what needs a session', async () => {
    const list = path.resolve('test/conformance/expected-failures.yml');
    const { code, said } = await conformance('conformance-stable', ['--expected-failures', list]);
    expect({ code, said: code === 0 ? '' : said.slice(said.indexOf('=== SUMMARY')) }).toEqual({ code: 0, said: '' });
    expect(passed(said).length).toBeGreaterThanOrEqual(22);
  }, 90_000);
});
