import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SESSION_HEADER } from '../../lambda/core/agent.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { createIssueToken } from '../../lambda/issuing/create-issue-token.ts';
import { memorySigningKeys } from '../../local/memory/signing-keys.ts';
import { startTestGateway, type TestGateway } from '../support/local-gateway.ts';

/** The agent of this repository behind the gateway, in AgentCore as it is played on this machine: no account, no key. */

let gateway: TestGateway;
beforeAll(async () => {
  // One agent call is several calls of models and tools: 200 of them are more than a person has in a minute.
  gateway = await startTestGateway(
    readFileSync('gateway.yaml', 'utf8').replace('requests: 50', 'requests: 100000'),
    {},
    { frameGapMs: 0 },
  );
}, 60_000);
afterAll(() => gateway.close());

const AGENTS = ['devops-copilot', 'oncall', 'reporting'];
const LIST = 'List the channels of slack';
const post = (text: string, channel = 'general'): string => `Post "${text}" to #${channel} on slack`;

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

const ask = async (agent: string, user: string, prompt: string, { headers = {}, path }: Asked = {}) => {
  const answer = await fetch(`${gateway.url}${path ?? `/agents/${agent}/invocations`}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await gateway.token(user)}`,
      ...headers,
    },
    body: JSON.stringify({ prompt }),
  });
  return { answer, text: await answer.text() };
};

const slackCalls = () => gateway.mcpServers.slack.calls();

describe.each(AGENTS)('%s', (agent) => {
  test('lists and posts as jane, and the server sees jane with the agent that acts for her', async () => {
    const listed = await ask(agent, 'jane', LIST);
    expect([listed.answer.status, listed.text]).toEqual([200, expect.stringContaining('incidents')]);
    expect(slackCalls().at(-1)).toMatchObject({
      tool: 'list_channels',
      caller: { sub: 'jane@acme.example', actor: agent },
    });

    const posted = await ask(agent, 'jane', post(`hello from ${agent}`));
    expect(posted.answer.status).toBe(200);
    expect(slackCalls().at(-1)).toMatchObject({
      tool: 'post_message',
      arguments: { channel: 'general', text: `hello from ${agent}` },
      caller: { sub: 'jane@acme.example', actor: agent },
    });
  }, 30_000);

  test('is on record, and so is what it did: jane, and the agent as the actor', async () => {
    const { answer } = await ask(agent, 'jane', LIST);
    const record = await gateway.recordOf(answer.headers.get('x-request-id'));
    expect(record).toMatchObject({
      surface: 'agents',
      outcome: 'ok',
      principal: { sub: 'jane@acme.example' },
      'gen_ai.agent.name': agent,
    });
    const inner = gateway.records().filter(({ principal }) => principal?.actor === agent);
    expect(new Set(inner.map(({ principal }) => principal?.sub))).toEqual(new Set(['jane@acme.example']));
    // One person, one set of limits, whichever way the calls come.
    expect(new Set(inner.map(({ principal }) => principal?.id))).toEqual(new Set([record.principal?.id]));
    expect(new Set(inner.map(({ surface }) => surface))).toEqual(new Set(['openai-chat', 'mcp', 'token']));
  }, 30_000);

  test('can not post for reader, who may only read', async () => {
    const before = slackCalls().filter(({ tool }) => tool === 'post_message').length;
    const listed = await ask(agent, 'reader', LIST);
    expect(listed.text).toContain('incidents');
    await ask(agent, 'reader', post('not allowed'));
    expect(slackCalls().filter(({ tool }) => tool === 'post_message')).toHaveLength(before);
  }, 30_000);

  test('streams where the caller takes events', async () => {
    const { answer, text } = await ask(agent, 'jane', LIST, { headers: { accept: 'text/event-stream' } });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(text.trim().split('\n').at(-1)).toContain('"done"');
  }, 30_000);

  test('is in the trace of its caller', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const { answer } = await ask(agent, 'jane', LIST, { headers: { traceparent } });
    expect(answer.status).toBe(200);
    expect(gateway.agentcore.calls().at(-1)).toMatchObject({ agent, traceparent });
  }, 30_000);

  test('knows nobody by a token that is none, and does nothing for somebody without a scope', async () => {
    const calls = slackCalls().length;
    const garbage = await ask(agent, 'jane', LIST, { headers: { authorization: 'Bearer garbage' } });
    expect(garbage.answer.status).toBe(401);
    expect(JSON.parse(garbage.text)).toMatchObject({ message: 'Unauthorized' });
    expect((await ask(agent, 'nobody', LIST)).answer.status).toBe(403);
    expect(slackCalls()).toHaveLength(calls);
  });

  test('hears nothing that a caller says about itself', async () => {
    const custom = 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-';
    const admin = await gateway.token('admin');
    const forged = {
      [`${custom}User`]: 'admin@acme.example',
      [`${custom}Scopes`]: 'mcp:admin',
      [`${custom}User-Jwt`]: admin,
      [`${custom}Obo-Token`]: admin,
      'X-Amzn-Bedrock-AgentCore-Runtime-User-Id': 'admin',
    };
    const { answer, text } = await ask(agent, 'reader', LIST, { headers: forged });
    expect([answer.status, text]).toEqual([200, expect.stringContaining('incidents')]);
    expect(slackCalls().at(-1)?.caller).toEqual({ sub: 'reader@acme.example', actor: agent });
  }, 30_000);
});

test('the default agent answers at /invoke, and one that is not there is not found', async () => {
  const { answer, text } = await ask('', 'jane', LIST, { path: '/invoke' });
  expect([answer.status, text]).toEqual([200, expect.stringContaining('incidents')]);
  expect(slackCalls().at(-1)?.caller.actor).toBe('devops-copilot');
  expect((await ask('nowhere', 'jane', LIST)).answer.status).toBe(404);
}, 30_000);

test('a session that jane goes on with is hers: the same name of another is another session', async () => {
  const first = await ask('devops-copilot', 'jane', LIST);
  const session = first.answer.headers.get(SESSION_HEADER) ?? '';
  expect(session.length).toBeGreaterThan(0);
  const again = await ask('devops-copilot', 'jane', LIST, { headers: { [SESSION_HEADER]: session } });
  const other = await ask('devops-copilot', 'reader', LIST, { headers: { [SESSION_HEADER]: session } });
  expect([again, other].map(({ answer }) => answer.headers.get(SESSION_HEADER))).toEqual([session, session]);
  const sessions = gateway.agentcore
    .calls()
    .slice(-3)
    .map((call) => call.session);
  expect(sessions[0]).toBe(sessions[1]);
  expect(sessions[2]).not.toBe(sessions[0]);
}, 30_000);

test.each(AGENTS)(
  '%s is called by another agent, with the token of this gateway',
  async (agent) => {
    const keys = await memorySigningKeys({ signingKey: 1, folder: dirname(gateway.config) });
    const issue = createIssueToken({ issuer: gateway.url, keys, clock: systemClock, newId: () => randomUUID() });
    const { token } = await issue({
      audience: [`${gateway.url}/agents/planner`, gateway.url],
      scopes: ['llm:call', 'mcp:read'],
      sub: 'jane@acme.example',
      subId: { iss: gateway.issuer, sub: '00u1jane0local0acme0' },
      clientId: 'planner',
      actor: { sub: 'planner', iss: gateway.url },
      claims: {},
      lifetimeSeconds: 60,
      notAfter: Math.floor(Date.now() / 1_000) + 60,
    });
    const { answer, text } = await ask(agent, 'jane', LIST, { headers: { authorization: `Bearer ${token.open()}` } });
    expect([answer.status, text]).toEqual([200, expect.stringContaining('incidents')]);
    expect(slackCalls().at(-1)?.caller).toEqual({ sub: 'jane@acme.example', actor: agent });
  },
  30_000,
);

test('two people, interleaved 200 times, never see what is the other one’s', async () => {
  const before = slackCalls().length;
  const turns = Array.from({ length: 200 }, (_, turn) => ({
    user: turn % 2 === 0 ? 'jane' : 'admin',
    agent: AGENTS[turn % AGENTS.length] ?? '',
    mark: `mark ${turn} of ${turn % 2 === 0 ? 'jane' : 'admin'}`,
  }));
  const wave = 10;
  for (let at = 0; at < turns.length; at += wave)
    await Promise.all(
      turns.slice(at, at + wave).map(async ({ user, agent, mark }) => {
        const { answer, text } = await ask(agent, user, post(mark));
        expect([answer.status, text]).toEqual([200, expect.stringContaining(mark)]);
        const others = turns.filter((turn) => turn.user !== user).map((turn) => turn.mark);
        expect(others.filter((other) => text.includes(`${other}"`))).toEqual([]);
      }),
    );
  const made = slackCalls().slice(before);
  expect(made).toHaveLength(turns.length);
  for (const { user, agent, mark } of turns)
    expect(made.find(({ arguments: { text } }) => text === mark)?.caller).toEqual({
      sub: `${user}@acme.example`,
      actor: agent,
    });
}, 240_000);

test('no token is in what was printed', () => {
  expect(gateway.printed()).not.toMatch(/Bearer|eyJ/);
});
