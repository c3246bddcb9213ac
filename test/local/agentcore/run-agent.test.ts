import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { runAgent } from '../../../local/agentcore/run-agent.ts';
import type { Runtime } from '../../../local/agentcore/runtime.ts';
import { runtimeProperties } from '../../../local/agentcore/runtime-properties.ts';
import { type RunningAgentCore, startAgentCore } from '../../../local/agentcore/start-agentcore.ts';
import { SERVICE_CLIENT } from '../../../local/identity-provider/clients.ts';
import { TOKEN_EXCHANGE } from '../../../local/identity-provider/token-exchange.ts';
import { startTestGateway, type TestGateway } from '../../support/local-gateway.ts';
import { Sha256 } from '../../support/sha256.ts';
import { ACCOUNT, CUSTOM, GATEWAY_ROLE, KEYS, SESSION } from './stand-in.ts';

const AGENTS = `
agents:
  obo: { runtime: { source: agent }, inbound: obo, obo: { issuer: okta, clientId: 0oaOfAnotherPlace } }
  passthrough: { runtime: { source: agent }, inbound: jwt-passthrough }
  claims: { runtime: { source: agent }, inbound: claims-as-headers, claims: { sub: Sub, claims.team: Team }, obo: { issuer: okta } }
`;
const YAML = readFileSync('gateway.yaml', 'utf8')
  .replace(/^agents:[\s\S]*$/m, '')
  .replace('requests: 50', 'requests: 100000')
  .concat(AGENTS);

const clock = (): number => Date.now();
const arnOf = (name: string): string => `arn:aws:bedrock-agentcore:eu-central-1:${ACCOUNT}:runtime/${name}`;

const logged: Readonly<Record<string, string | number>>[] = [];
let gateway: TestGateway;
let core: RunningAgentCore;

beforeAll(async () => {
  gateway = await startTestGateway(YAML, {}, { frameGapMs: 0 });
  const { agents, identity } = gateway.loaded.policy;
  const runtimes = agents.map((agent): Runtime => {
    const properties = runtimeProperties(agent, {
      issuer: gateway.url,
      hasTokens: false,
      gatewayUrl: gateway.url,
      identity,
    });
    const environment = properties.EnvironmentVariables ?? {};
    return {
      arn: arnOf(agent.name),
      properties,
      container: runAgent({ environment, clock, log: (entry) => void logged.push(entry) }),
    };
  });
  core = await startAgentCore({
    port: 0,
    runtimes,
    credentials: { [KEYS.gateway.accessKeyId]: { ...KEYS.gateway, principalArn: GATEWAY_ROLE } },
    clock,
  });
}, 60_000);
afterAll(async () => {
  await core.close();
  await gateway.close();
});

/** The gateway's exchange, at the identity provider of this machine. */
const exchanged = async (subject: string): Promise<string> => {
  const { serviceSecret } = JSON.parse(readFileSync(join(dirname(gateway.config), 'identity.json'), 'utf8'));
  const answer = await fetch(`${gateway.issuer}/v1/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${SERVICE_CLIENT}:${serviceSecret}`)}` },
    body: new URLSearchParams({
      grant_type: TOKEN_EXCHANGE,
      subject_token: subject,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'api://default',
    }),
  });
  const { access_token, error } = (await answer.json()) as { access_token?: string; error?: string };
  if (access_token === undefined) throw new Error(error);
  return access_token;
};

/** Calls an agent as the gateway does in its mode. */
const call = async (name: string, user: string, prompt: string, accept = 'application/json'): Promise<Response> => {
  const own = await gateway.token(user);
  const token = name === 'obo' ? await exchanged(own) : own;
  const url = `${core.endpoint}/runtimes/${encodeURIComponent(arnOf(name))}/invocations?qualifier=DEFAULT`;
  const body = JSON.stringify({ prompt });
  const shared = { 'content-type': 'application/json', accept, [SESSION]: `${user}-`.padEnd(40, 's') };
  if (name === 'obo')
    return fetch(url, { method: 'POST', headers: { ...shared, authorization: `Bearer ${token}` }, body });
  const { pathname, host } = new URL(url);
  const identity: Record<string, string> =
    name === 'passthrough'
      ? { [`${CUSTOM}User-Jwt`]: token }
      : { [`${CUSTOM}Sub`]: `${user}@acme.example`, [`${CUSTOM}Obo-Token`]: token };
  const signer = new SignatureV4({
    credentials: KEYS.gateway,
    service: 'bedrock-agentcore',
    region: 'eu-central-1',
    sha256: Sha256,
  });
  const signed = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    path: pathname,
    query: { qualifier: 'DEFAULT' },
    headers: { ...shared, ...identity, host },
    body,
  });
  return fetch(url, { method: 'POST', headers: signed.headers, body });
};

interface Said {
  readonly output: string;
  readonly session: string;
  readonly identity: { readonly sub: string; readonly inbound: string };
}

describe.each([
  ['obo', 'obo'],
  ['passthrough', 'jwt-passthrough'],
  ['claims', 'claims-as-headers'],
])('the agent %s in its runtime', (name, inbound) => {
  test('lists the channels for jane, as jane', async () => {
    const said = (await (await call(name, 'jane', 'list the slack channels')).json()) as Said;
    expect(said.output).toContain('C01GENERAL');
    expect(said).toMatchObject({
      agent: name,
      session: 'jane-'.padEnd(40, 's'),
      identity: { sub: 'jane@acme.example', inbound },
    });
  });

  test('posts as jane, word by word', async () => {
    const response = await call(name, 'jane', `post hello from ${name} to #deploys`, 'text/event-stream');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = (await response.text())
      .trim()
      .split('\n\n')
      .map((line) => JSON.parse(line.slice('data: '.length)));
    expect(events.at(-1)).toMatchObject({ type: 'done', identity: { sub: 'jane@acme.example' } });
    expect(events.filter(({ type }) => type === 'text').length).toBeGreaterThan(1);
    expect(events.at(-1).output).toContain(`"user":"jane@acme.example","text":"hello from ${name}"`);
  });

  test('cannot post for who may only read', async () => {
    const said = (await (await call(name, 'reader', `post no from ${name} to #deploys`)).json()) as Said;
    expect(said.output).not.toContain('The tools answered');
    const history = (await (await call(name, 'jane', 'get the history of the channel #deploys')).json()) as Said;
    expect(history.output).toContain('The tools answered');
    expect(history.output).not.toContain(`no from ${name}`);
  });

  test('can do nothing for who may use no model', async () => {
    // There is nothing to exchange a token without scopes for.
    if (name === 'obo') return expect(call(name, 'nobody', 'hello')).rejects.toThrow('invalid_scope');
    const response = await call(name, 'nobody', 'hello');
    expect([response.status, await response.json()]).toMatchObject([200, { error: { code: 'not_allowed' } }]);
  });
});

test('a person’s own token gets nobody past the gateway, though it has issuer, audience and scopes', async () => {
  const answer = await fetch(
    `${core.endpoint}/runtimes/${encodeURIComponent(arnOf('obo'))}/invocations?qualifier=DEFAULT`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${await gateway.token('jane')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'list the slack channels' }),
    },
  );
  expect(answer.status).toBe(403);
  expect(await answer.text()).not.toContain('C01GENERAL');
});

test('the gateway’s own call, exchanged, comes through', async () => {
  const answer = await fetch(`${gateway.url}/agents/obo/invocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await gateway.token('jane')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'list the slack channels' }),
  });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('C01GENERAL')]);
});

test('callers of one process never see what is of another', async () => {
  const users = ['jane', 'admin', 'reader'];
  const names = ['obo', 'passthrough', 'claims'];
  const answers = await Promise.all(
    Array.from({ length: 45 }, async (_, index) => {
      const user = users[index % users.length] ?? '';
      const name = names[Math.floor(index / users.length) % names.length] ?? '';
      const said = await (await call(name, user, `list the slack channels for mark-${user}-${index}`)).text();
      return { index, user, said };
    }),
  );
  for (const { index, user, said } of answers) {
    expect(said).toContain(`${user}@acme.example`);
    expect(said).toContain('C01GENERAL');
    const foreign = users.filter((one) => one !== user).flatMap((one) => [`sub":"${one}@`, `sub\\":\\"${one}@`]);
    expect([index, ...foreign.filter((one) => said.includes(one))]).toEqual([index]);
  }
}, 60_000);

test('nothing of a token, of what was said, or of the agent’s own identity is in the log', async () => {
  await call('obo', 'jane', 'hello secret-word');
  const lines = JSON.stringify(logged);
  expect(logged.length).toBeGreaterThan(10);
  expect(lines).not.toMatch(/eyJ|secret-word|local-|@acme/);
});
