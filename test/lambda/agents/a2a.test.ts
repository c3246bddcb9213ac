import { afterEach, describe, expect, test } from '@jest/globals';
import type { CompiledAgent } from '../../../config/compiled-agents.ts';
import {
  type AgentsGateway,
  ARN,
  compiledAgent,
  ISSUER,
  json,
  type RuntimeAnswer,
  refused,
  startAgentsGateway,
  userToken,
} from '../../support/agents-gateway.ts';
import { isSignedRight } from '../../support/verify-sigv4.ts';

const URL_HERE = `${ISSUER}/a2a/research`;
const SESSION = 'x-amzn-bedrock-agentcore-runtime-session-id';

const running: AgentsGateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

const gatewayFor = async (answer: RuntimeAnswer, agent: Partial<CompiledAgent> = {}): Promise<AgentsGateway> => {
  const research = { name: 'research', path: '/a2a/research', protocol: 'a2a', isDefault: false } as const;
  const gateway = await startAgentsGateway([compiledAgent({ ...research, ...agent })], answer);
  running.push(gateway);
  return gateway;
};

const send = (
  gateway: AgentsGateway,
  message: unknown,
  headers: Readonly<Record<string, string>> = {},
  sub = 'jane',
): Promise<Response> =>
  gateway.fetch('/a2a/research', {
    method: 'POST',
    token: userToken(sub),
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });

const rpc = (method: string, params: object = {}, id: unknown = 'q1'): object => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const card = (gateway: AgentsGateway, name = 'agent-card.json', sub = 'jane'): Promise<Response> =>
  gateway.fetch(`/a2a/research/.well-known/${name}`, { token: userToken(sub) });

describe('a message of A2A', () => {
  test.each(['message/send', 'tasks/get', 'tasks/cancel', 'SendMessage', 'something/else'])(
    'reaches the agent as it was sent: %s',
    async (method) => {
      const answer = { jsonrpc: '2.0', id: 'q1', result: { kind: 'task', id: 't1', status: { state: 'working' } } };
      const gateway = await gatewayFor(json(answer));
      const body = JSON.stringify(rpc(method, { id: 't0' }));
      const response = await send(gateway, body);
      expect(await response.json()).toEqual(answer);
      const [call] = gateway.runtimeCalls;
      expect(call).toMatchObject({ method: 'POST', body });
      expect(call?.path).toBe(`/runtimes/${encodeURIComponent(ARN)}/invocations/?qualifier=DEFAULT`);
      expect(call === undefined || (await isSignedRight(call))).toBe(true);
      expect(gateway.records[0]).toMatchObject({
        surface: 'a2a',
        'gen_ai.agent.name': 'research',
        'a2a.method': method,
        'a2a.task.id': 't1',
        'a2a.task.state': 'working',
      });
    },
  );

  test('says its task where the agent does not', async () => {
    const gateway = await gatewayFor(
      json({ jsonrpc: '2.0', id: 'q1', error: { code: -32001, message: 'no such task' } }),
    );
    expect((await send(gateway, rpc('tasks/get', { id: 't9' }))).status).toBe(200);
    expect(gateway.records[0]).toMatchObject({ 'a2a.method': 'tasks/get', 'a2a.task.id': 't9' });
  });

  test('streams, and the record has the last state', async () => {
    const event = (result: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', id: 'q1', result })}\n\n`;
    const events = [
      event({ kind: 'task', id: 't1', status: { state: 'submitted' } }),
      event({ statusUpdate: { taskId: 't1', status: { state: 'TASK_STATE_COMPLETED' } } }),
    ].join('');
    const gateway = await gatewayFor((_call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(events);
    });
    const response = await send(gateway, rpc('message/stream'), { accept: 'text/event-stream' });
    expect(await response.text()).toBe(events);
    expect(gateway.records[0]).toMatchObject({ 'a2a.task.id': 't1', 'a2a.task.state': 'TASK_STATE_COMPLETED' });
  });

  test('whose stream is cut ends with an error that its client understands', async () => {
    const gateway = await gatewayFor((_call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"jsonrpc":"2.0"}\n\ndata: {', () => setTimeout(() => response.destroy(), 20));
    });
    const text = await (await send(gateway, rpc('message/stream', {}, 7))).text();
    const [first, last, ...more] = text.split('\n\n');
    expect([first, more]).toEqual(['data: {"jsonrpc":"2.0"}', ['']]);
    expect(JSON.parse(last?.replace('data: ', '') ?? '')).toMatchObject({
      jsonrpc: '2.0',
      id: 7,
      error: { code: -32_000, data: { code: 'upstream_truncated' } },
    });
  });

  test.each([
    ['[]', null],
    [[rpc('message/send')], null],
    ['"text"', null],
    [{ jsonrpc: '1.0', id: 'q1', method: 'message/send' }, 'q1'],
    [{ jsonrpc: '2.0', id: 'q1' }, 'q1'],
    [{ jsonrpc: '2.0', id: 'q1', method: '' }, 'q1'],
    [{ jsonrpc: '2.0', method: 'message/send' }, null],
    [{ jsonrpc: '2.0', id: {}, method: 'message/send' }, null],
    [{ jsonrpc: '2.0', id: 3, method: 'message/send', params: [1] }, 3],
  ])('of another shape is refused as JSON-RPC says: %j', async (message, id) => {
    const gateway = await gatewayFor(json({}));
    const response = await send(gateway, message);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      jsonrpc: '2.0',
      id,
      error: { code: -32_600, data: { code: 'invalid_request' } },
    });
    expect(gateway.runtimeCalls).toEqual([]);
  });

  test('that is no JSON', async () => {
    const gateway = await gatewayFor(json({}));
    expect(await (await send(gateway, '{')).json()).toMatchObject({ id: null, error: { code: -32_700 } });
  });

  test('of somebody who may not, of nobody, and for an agent that fails', async () => {
    const gateway = await gatewayFor(refused(424, 'RuntimeClientError'));
    const denied = await send(gateway, rpc('message/send'), {}, 'nobody');
    expect([denied.status, await denied.json()]).toMatchObject([
      403,
      { id: 'q1', error: { data: { code: 'not_allowed' } } },
    ]);
    expect(gateway.runtimeCalls).toEqual([]);
    const unknown = await gateway.fetch('/a2a/research', { method: 'POST', token: 'garbage', body: '{}' });
    expect([unknown.status, await unknown.json()]).toMatchObject([401, { message: 'Unauthorized' }]);
    const failed = await send(gateway, rpc('message/send'));
    expect([failed.status, await failed.json()]).toMatchObject([
      502,
      { id: 'q1', error: { data: { code: 'agent_failed' } } },
    ]);
    expect(gateway.records.map(({ reason }) => reason)).toEqual(['not_allowed', 'token_rejected', 'agent_failed']);
  });

  test('is of one session with all that its caller says to the agent, so that a task is found again', async () => {
    const gateway = await gatewayFor(json({}));
    await send(gateway, rpc('message/send', { message: { parts: [] } }));
    await send(gateway, rpc('message/send', { message: { contextId: 'made-by-the-agent' } }));
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/resubscribe', 'GetTask'])
      await send(gateway, rpc(method, { id: 't1' }));
    expect(gateway.runtimeCalls).toHaveLength(6);
    expect(new Set(gateway.runtimeCalls.map(({ headers }) => headers[SESSION])).size).toBe(1);
  });

  test('is of a session of its own where a header names one, and never of anybody else’s', async () => {
    const gateway = await gatewayFor(json({}));
    await send(gateway, rpc('message/send'));
    await send(gateway, rpc('message/send'), { 'x-gatehouse-session': 'c1' });
    await send(gateway, rpc('tasks/get'), { 'x-gatehouse-session': 'c1' });
    await send(gateway, rpc('message/send'), {}, 'joe');
    await send(gateway, rpc('message/send'), { 'x-gatehouse-session': 'c1' }, 'joe');
    const [own, named, again, joes, joesNamed] = gateway.runtimeCalls.map(({ headers }) => headers[SESSION]);
    expect(again).toBe(named);
    expect(new Set([own, named, joes, joesNamed]).size).toBe(4);
  });
});

describe('the card of an agent', () => {
  const old = {
    protocolVersion: '0.3.0',
    name: 'Research',
    url: 'https://bedrock-agentcore.eu-central-1.amazonaws.com/runtimes/x/invocations/',
    preferredTransport: 'JSONRPC',
    additionalInterfaces: [
      { url: 'https://internal.example/', transport: 'JSONRPC' },
      { url: 'https://internal.example/grpc', transport: 'GRPC' },
    ],
    capabilities: { streaming: true },
    securitySchemes: { own: { type: 'apiKey', in: 'header', name: 'x' } },
    security: [{ own: [] }],
    skills: [{ id: 's', security: [{ own: [] }] }],
    signatures: [{ protected: 'x', signature: 'y' }],
  };

  test.each(['agent-card.json', 'agent.json'])(
    'has the addresses and the security of the gateway: %s',
    async (name) => {
      const gateway = await gatewayFor(json(old));
      const response = await card(gateway, name);
      expect(await response.json()).toEqual({
        protocolVersion: '0.3.0',
        name: 'Research',
        url: URL_HERE,
        preferredTransport: 'JSONRPC',
        additionalInterfaces: [{ url: URL_HERE, transport: 'JSONRPC' }],
        capabilities: { streaming: true },
        securitySchemes: {
          gatehouse: { type: 'openIdConnect', openIdConnectUrl: `${ISSUER}/.well-known/openid-configuration` },
        },
        security: [{ gatehouse: [] }],
        skills: [{ id: 's' }],
      });
      const [call] = gateway.runtimeCalls;
      expect(call).toMatchObject({ method: 'GET', body: '' });
      expect(call?.path).toBe(
        `/runtimes/${encodeURIComponent(ARN)}/invocations/.well-known/agent-card.json?qualifier=DEFAULT`,
      );
      expect(call === undefined || (await isSignedRight(call))).toBe(true);
      expect([response.headers.get(SESSION), response.headers.get('x-gatehouse-session')]).toEqual([null, null]);
    },
  );

  test('of A2A 1.0', async () => {
    const interfaces = [{ url: 'https://internal.example/', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }];
    const gateway = await gatewayFor(json({ name: 'Research', supportedInterfaces: interfaces }));
    expect(await (await card(gateway)).json()).toEqual({
      name: 'Research',
      supportedInterfaces: [{ url: URL_HERE, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
      securitySchemes: {
        gatehouse: {
          openIdConnectSecurityScheme: { openIdConnectUrl: `${ISSUER}/.well-known/openid-configuration` },
        },
      },
      securityRequirements: [{ schemes: { gatehouse: { list: [] } } }],
    });
  });

  test('that is asked for by a message has no other addresses', async () => {
    const gateway = await gatewayFor(json({ jsonrpc: '2.0', id: 'q1', result: old }));
    const text = await (await send(gateway, rpc('agent/getAuthenticatedExtendedCard'))).text();
    expect(JSON.parse(text)).toMatchObject({ id: 'q1', result: { url: URL_HERE } });
    expect(text).not.toMatch(/amazonaws|internal/);
  });

  test('is for those who may call the agent, and has to be one', async () => {
    const gateway = await gatewayFor(json('[]'));
    expect((await card(gateway, 'agent-card.json', 'nobody')).status).toBe(403);
    expect((await gateway.fetch('/a2a/research/.well-known/agent-card.json')).status).toBe(401);
    expect(gateway.runtimeCalls).toEqual([]);
    expect((await card(gateway)).status).toBe(502);
    const posted = await gateway.fetch('/a2a/research/.well-known/agent-card.json', { method: 'POST' });
    expect(posted.status).toBe(405);
  });

  test('is asked for with a token of the caller where the runtime wants one', async () => {
    const obo = { issuer: 'gatehouse', actor: 'research', subjectClaims: [], lifetimeSeconds: 300 } as const;
    const gateway = await gatewayFor(json(old), { inbound: { type: 'obo' }, obo });
    expect((await card(gateway)).status).toBe(200);
    expect(gateway.runtimeCalls[0]?.headers.authorization).toMatch(/^Bearer /);
    expect(gateway.issued[0]?.audience).toEqual([`${ISSUER}/agents/research`, ISSUER]);
  });
});
