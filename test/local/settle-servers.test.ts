import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { CompiledHttpServer } from '../../config/compiled-mcp.ts';
import { readLocalPolicy } from '../../local/local-policy.ts';

const standIns = {
  issuer: 'http://127.0.0.1:3001/oauth2/default',
  simulators: 'http://127.0.0.1:3002',
  slack: 'http://127.0.0.1:3003/mcp',
  github: 'http://127.0.0.1:3004/mcp',
  petstore: 'http://127.0.0.1:3005',
};
const SHIPPED = readFileSync('gateway.yaml', 'utf8');
/** The token for slack is the identity provider's. */
const WITH_OKTA = SHIPPED.replace('exchange: gatehouse', 'exchange: okta');

const read = (env: Record<string, string> = {}, text = SHIPPED) => {
  const loaded = readLocalPolicy(text, 'gateway.yaml', env, standIns);
  const standings = loaded.servers.map(({ name, is, variable, url }) => `${name} is ${is} (${variable}) at ${url}`);
  return { ...loaded, standings, servers: loaded.policy.mcp.servers };
};

describe('the servers of the shipped policy', () => {
  test('are played by stand-ins where the environment is empty', () => {
    const { standings, servers, simulatedKeys, localClients } = read();
    expect(standings).toEqual([
      'slack is stand-in (SLACK_MCP_URL) at http://127.0.0.1:3003/mcp',
      'github is stand-in (GITHUB_MCP_URL) at http://127.0.0.1:3004/mcp',
      'petstore is stand-in (PETSTORE_URL) at http://127.0.0.1:3005',
    ]);
    expect(servers.slack).toMatchObject({
      url: standIns.slack,
      privateHost: true,
      credential: { type: 'own-token', audience: 'api://slack' },
    });
    expect(servers.petstore).toMatchObject({ type: 'openapi', baseUrl: standIns.petstore, privateHost: true });
    expect(simulatedKeys).toMatchObject({ GITHUB_TOKEN: 'simulated' });
    expect(localClients).toEqual([]);
    const atOkta = read({}, WITH_OKTA);
    expect(atOkta.servers.slack).toMatchObject({
      url: standIns.slack,
      credential: { type: 'exchange', tokenUrl: `${standIns.issuer}/v1/token`, audience: 'api://slack' },
    });
    expect(atOkta.localClients).toEqual(['OKTA_CLIENT']);
  });

  test('are real where it gives their address, and one with a key of its own where it gives that', () => {
    const { standings, servers, simulatedKeys } = read({ GITHUB_TOKEN: 'real', PETSTORE_URL: 'https://pets.example' });
    expect(standings).toEqual([
      'slack is stand-in (SLACK_MCP_URL) at http://127.0.0.1:3003/mcp',
      'github is real (GITHUB_MCP_URL) at https://api.githubcopilot.com/mcp/',
      'petstore is real (PETSTORE_URL) at https://pets.example',
    ]);
    expect(servers.github).toMatchObject({ privateHost: false });
    expect(simulatedKeys).not.toHaveProperty('GITHUB_TOKEN');
    expect(read({ GITHUB_MCP_URL: 'https://github.example/mcp', GITHUB_TOKEN: '' }).standings[1]).toBe(
      'github is real (GITHUB_MCP_URL) at https://github.example/mcp',
    );
  });

  test('one that takes tokens of the real identity provider has no stand-in, with which those would be no use', () => {
    const { standings, localClients } = read({ OKTA_ISSUER: 'https://acme.okta.example/oauth2/default' }, WITH_OKTA);
    expect(standings[0]).toBe('slack is real (SLACK_MCP_URL) at https://mcp.slack.example/mcp');
    expect(localClients).toEqual([]);
  });
});

test('a server of another name, and one that asks for nothing, are what they are', () => {
  const policy = `
name: test
credentials: { tickets-token: {} }
defaults: { authorization: { default: allow } }
mcp:
  servers:
    tickets: { url: https://tickets.example/mcp, credential: tickets-token }
    github: { url: https://docs.example/mcp }
  routes:
    /mcp: { servers: [tickets, github] }
`;
  expect(read({}, policy).standings).toEqual([
    'tickets is real (TICKETS_TOKEN) at https://tickets.example/mcp',
    'github is real (undefined) at https://docs.example/mcp',
  ]);
});

test('an address that only the environment would give is the stand-in, and a secret goes there as it is read there', () => {
  const text = SHIPPED.replace(
    /github: \{ url: .*/,
    `github: { url: "\${GITHUB_MCP_URL}", credential: { secret: github-token, header: x-key }, listCredential: xai-api-key }`,
  );
  const { standings, servers } = read({}, text);
  expect(standings[1]).toBe('github is stand-in (GITHUB_MCP_URL) at http://127.0.0.1:3004/mcp');
  expect((servers.github as CompiledHttpServer).credential).toEqual({
    type: 'static',
    credential: 'github-token',
    header: 'authorization',
    scheme: 'Bearer',
  });
  expect(servers.github).not.toHaveProperty('listCredential');
});
