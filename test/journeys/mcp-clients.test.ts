import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ANONYMOUS } from '../../lambda/core/principal.ts';
import { Refusal } from '../../lambda/core/refusal.ts';
import { freePort } from '../support/free-port.ts';
import { type McpGateway, startMcpGateway } from '../support/mcp-gateway.ts';
import { inspect, mcpRemote, runScript } from '../support/mcp-programs.ts';

const TOKEN = 'jane-token';
const INFO = { name: 'journey', version: '1.0.0' };

let gateway: McpGateway;
let everything: ReturnType<typeof runScript>;
let directory: string;

const isUp = async (url: string): Promise<boolean> => {
  try {
    await fetch(url);
    return true;
  } catch {
    return false;
  }
};

/** A real package that knows 2025 only and keeps sessions: every client of 2026 crosses the eras. */
beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-clients-'));
  const port = await freePort();
  everything = runScript('@modelcontextprotocol/server-everything/dist/index.js', ['streamableHttp'], {
    PORT: String(port),
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  for (let tries = 0; tries < 100 && !(await isUp(url)); tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  gateway = await startMcpGateway(
    [{ name: 'every', url }],
    [
      { path: '/mcp', auth: 'strict' },
      { path: '/public/mcp', auth: 'none' },
    ],
    {
      identify: async (authorization) => {
        if (authorization === undefined) throw new Refusal('token_missing');
        if (authorization !== `Bearer ${TOKEN}`) throw new Refusal('token_rejected');
        return { principal: { ...ANONYMOUS, id: 'jane', sub: 'jane' }, token: undefined };
      },
    },
  );
}, 30_000);
afterAll(async () => {
  await gateway.close();
  everything.kill();
  rmSync(directory, { recursive: true, force: true });
});

const ROUTES = [
  { route: '/mcp', token: TOKEN },
  { route: '/public/mcp', token: undefined },
] as const;

const headersFor = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

interface AnyClient {
  listTools(): Promise<{ tools: readonly { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
}

const listsAndCalls = async (client: AnyClient): Promise<void> => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain('every__echo');
  const result = await client.callTool({ name: 'every__echo', arguments: { message: 'hello' } });
  expect(result).toMatchObject({ content: [{ type: 'text', text: 'Echo: hello' }] });
};

describe.each(ROUTES)('real clients on $route', ({ route, token }) => {
  const url = () => new URL(`${gateway.origin}${route}`);
  const program = () => ({ url: String(url()), home: directory, ...(token === undefined ? {} : { token }) });

  test.each(['legacy', 'auto', 'modern'] as const)('the SDK’s client of now, %s', async (mode) => {
    const negotiation = mode === 'modern' ? { pin: '2026-07-28' } : mode;
    const client = new Client(INFO, { versionNegotiation: { mode: negotiation } });
    await client.connect(new StreamableHTTPClientTransport(url(), { requestInit: { headers: headersFor(token) } }));
    await listsAndCalls(client as AnyClient);
    await client.close();
    const version = gateway.records().at(-1)?.['mcp.protocol.version'];
    expect(version).toBe(mode === 'legacy' ? '2025-11-25' : '2026-07-28');
  });

  test('the SDK’s client of 2025', async () => {
    const client = new ClientV1(INFO);
    const transport = new TransportV1(url(), { requestInit: { headers: headersFor(token) } });
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    await listsAndCalls(client as AnyClient);
    await client.close();
  });

  test('the inspector', async () => {
    const listed = await inspect(program(), ['--method', 'tools/list']);
    expect(listed).toMatchObject({ code: 0, errors: expect.not.stringContaining('rror') });
    expect(listed.out).toContain('every__echo');
    const call = ['--method', 'tools/call', '--tool-name', 'every__echo', '--tool-arg', 'message=hello'];
    expect((await inspect(program(), call)).out).toContain('Echo: hello');
  }, 30_000);

  test('mcp-remote', async () => {
    const client = new ClientV1(INFO);
    await client.connect(mcpRemote(program()));
    await listsAndCalls(client as AnyClient);
    await client.close();
  }, 30_000);
});

describe('without a token on a route that wants one', () => {
  test('the SDK’s client is told so, and the inspector leaves with its code for that', async () => {
    const client = new Client(INFO);
    const connecting = client.connect(new StreamableHTTPClientTransport(new URL(gateway.url)));
    await expect(connecting).rejects.toThrow(/401|nauthorized/);
    expect(
      (
        await inspect({ url: gateway.url, token: 'wrong', home: directory }, [
          '--method',
          'tools/list',
          '--stored-auth-only',
        ])
      ).code,
    ).toBe(3);
  }, 30_000);
});
