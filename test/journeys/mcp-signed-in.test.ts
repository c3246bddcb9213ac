import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Client,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { createBrowser, signInAs } from '../support/browser.ts';
import { startTestGateway, type TestGateway } from '../support/local-gateway.ts';
import { inspect, mcpRemote } from '../support/mcp-programs.ts';

/** Real clients with a person's real token, verified for real, and exchanged for real before a server is called. */

const INFO = { name: 'journey', version: '1.0.0' };
const CALLBACK = 'http://127.0.0.1:33418/callback';

let gateway: TestGateway;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-signed-in-'));
  const policy = readFileSync('gateway.yaml', 'utf8')
    .replace('requests: 50', 'requests: 1000')
    .replace('exchange: gatehouse', 'exchange: okta')
    .replace(
      'audiences: [api://default]',
      'audiences: [api://default]\n      clients: { mcp: { id: gatehouse-cli, redirectUris: ["http://127.0.0.1/callback"] } }',
    )
    .replace(
      '      servers: [slack, github, petstore]',
      '      servers: [slack, github, petstore]\n      authorizationServer: okta',
    );
  gateway = await startTestGateway(policy);
}, 30_000);
afterAll(async () => {
  await gateway.close();
  rmSync(directory, { recursive: true, force: true });
});

const url = (): URL => new URL(`${gateway.url}/mcp`);

interface AnyClient {
  listTools(): Promise<{ tools: readonly { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
}

/** The last thing that the server saw: jane, in a token that was made for it, got by the gateway's client. */
const sawJane = (): void => {
  expect(gateway.mcpServers.slack.calls().at(-1)).toMatchObject({
    tool: 'list_channels',
    caller: { sub: 'jane@acme.example', actor: 'copilot-service' },
  });
  const record = gateway.records().findLast((one) => one['mcp.tool'] === 'list_channels');
  expect(record).toMatchObject({ outcome: 'ok', principal: { sub: 'jane@acme.example' } });
};

const listsAndCalls = async (client: AnyClient): Promise<void> => {
  const before = gateway.mcpServers.slack.calls().length;
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['slack__list_channels', 'slack__post_message']),
  );
  const result = await client.callTool({ name: 'slack__list_channels', arguments: {} });
  expect(JSON.stringify(result)).toContain('incidents');
  expect(gateway.mcpServers.slack.calls()).toHaveLength(before + 1);
  sawJane();
};

describe('jane, by her token, with', () => {
  const headers = async () => ({ authorization: `Bearer ${await gateway.token('jane')}` });
  const program = async () => ({ url: String(url()), home: directory, token: await gateway.token('jane') });

  test.each(['legacy', 'auto'] as const)('the SDK’s client of now, %s', async (mode) => {
    const client = new Client(INFO, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(url(), { requestInit: { headers: await headers() } }));
    await listsAndCalls(client as AnyClient);
    await client.close();
  });

  test('the SDK’s client of 2025', async () => {
    const client = new ClientV1(INFO);
    const transport = new TransportV1(url(), { requestInit: { headers: await headers() } });
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    await listsAndCalls(client as AnyClient);
    await client.close();
  });

  test('the inspector', async () => {
    const listed = await inspect(await program(), ['--method', 'tools/list']);
    expect([listed.code, listed.out]).toEqual([0, expect.stringContaining('slack__list_channels')]);
    const called = await inspect(await program(), ['--method', 'tools/call', '--tool-name', 'slack__list_channels']);
    expect([called.code, called.out]).toEqual([0, expect.stringContaining('incidents')]);
    sawJane();
  }, 60_000);

  test('mcp-remote', async () => {
    const client = new ClientV1(INFO);
    await client.connect(mcpRemote(await program()));
    await listsAndCalls(client as AnyClient);
    await client.close();
  }, 60_000);
});

/** What a client keeps between its steps, and the page that it opens. */
class Signing implements OAuthClientProvider {
  readonly redirectUrl = CALLBACK;
  readonly clientMetadata = {
    client_name: 'journey',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  opened: URL | undefined;
  client: StoredOAuthClientInformation | undefined;
  kept: StoredOAuthTokens | undefined;
  discovered: OAuthDiscoveryState | undefined;
  #verifier = '';

  clientInformation = () => this.client;
  saveClientInformation = (client: StoredOAuthClientInformation): void => {
    this.client = client;
  };
  tokens = () => this.kept;
  saveTokens = (tokens: StoredOAuthTokens): void => {
    this.kept = tokens;
  };
  redirectToAuthorization = (address: URL): void => {
    this.opened = address;
  };
  saveCodeVerifier = (verifier: string): void => {
    this.#verifier = verifier;
  };
  codeVerifier = () => this.#verifier;
  saveDiscoveryState = (state: OAuthDiscoveryState): void => {
    this.discovered = state;
  };
  discoveryState = () => this.discovered;
}

test('a client that knows the address alone finds out who signs in, is told who it is, and calls as jane', async () => {
  const signing = new Signing();
  const transport = () => new StreamableHTTPClientTransport(url(), { authProvider: signing });
  const first = transport();
  await expect(new Client(INFO).connect(first)).rejects.toThrow(/nauthorized/);
  expect(signing.client).toMatchObject({ client_id: 'gatehouse-cli' });
  expect(signing.opened?.href).toContain(`${gateway.issuer}/v1/authorize`);

  const { query, url: arrived } = await signInAs(
    'jane',
    signing.opened?.href ?? '',
    createBrowser(new URL(gateway.issuer).origin),
  );
  expect(arrived.startsWith(CALLBACK)).toBe(true);
  await first.finishAuth(query);

  const client = new Client(INFO);
  await client.connect(transport());
  await listsAndCalls(client as AnyClient);
  await client.close();
  expect(gateway.printed()).not.toContain(signing.kept?.access_token ?? 'no token');
}, 30_000);
