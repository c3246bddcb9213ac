import { afterEach, describe, expect, test } from '@jest/globals';
import type { CompiledAgent } from '../../../config/compiled-agents.ts';
import type { AgentPorts } from '../../../lambda/agents/ports.ts';
import {
  type AgentsGateway,
  API_KEY,
  compiledAgent,
  json,
  type RuntimeAnswer,
  refused,
  startAgentsGateway,
  userToken,
} from '../../support/agents-gateway.ts';

const running: AgentsGateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

const gatewayFor = async (
  answer: RuntimeAnswer = json({ ok: true }),
  agent: Partial<CompiledAgent> = {},
  ports: Partial<AgentPorts> = {},
): Promise<AgentsGateway> => {
  const gateway = await startAgentsGateway([compiledAgent(agent)], answer, ports);
  running.push(gateway);
  return gateway;
};

const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' } as const;
const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { error: { code: unknown } }).error.code;

describe('what never reaches an agent', () => {
  test('a garbage token is answered as API Gateway answers it', async () => {
    const gateway = await gatewayFor();
    const response = await gateway.fetch('/agents/helper/invocations', { ...post, token: 'garbage' });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ message: 'Unauthorized', error: { code: 'token_rejected' } });
    expect(response.headers.get('www-authenticate')).toContain('invalid_token');
    expect(gateway.runtimeCalls).toEqual([]);
  });

  test('no token, whatever the policy was compiled to', async () => {
    const gateway = await gatewayFor(json({}), { auth: 'none' });
    expect((await gateway.fetch('/agents/helper/invocations', post)).status).toBe(401);
  });

  test('somebody who may not', async () => {
    const gateway = await gatewayFor();
    const response = await gateway.invoke('nobody');
    expect([response.status, await codeOf(response)]).toEqual([403, 'not_allowed']);
    expect(gateway.runtimeCalls).toEqual([]);
    expect(gateway.records[0]).toMatchObject({ scope_check: 'DENIED', 'gen_ai.agent.name': 'helper' });
  });

  test.each(['/agents/other/invocations', '/agents/helper', '/agents/', '/a2a/helper'])(
    'a call to an agent that is not there, which is recorded: %s',
    async (path) => {
      const gateway = await gatewayFor();
      const response = await gateway.fetch(path, { ...post, token: userToken('jane') });
      expect([response.status, await codeOf(response)]).toEqual([404, 'agent_not_found']);
      expect(gateway.records[0]).toMatchObject({ status: 404, reason: 'agent_not_found' });
    },
  );

  test('another path, and another method', async () => {
    const gateway = await gatewayFor();
    expect((await gateway.fetch('/elsewhere')).status).toBe(404);
    const response = await gateway.fetch('/agents/helper/invocations');
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(gateway.records.map(({ reason }) => reason)).toEqual(['route_not_found', 'method_not_allowed']);
  });

  test.each([
    ['{', 400, 'malformed_json'],
    [`"${'x'.repeat(4 * 1024 * 1024)}"`, 413, 'body_too_large'],
    [`${'['.repeat(65)}${']'.repeat(65)}`, 400, 'too_deep'],
  ])('a body that can not be read: %#', async (body, status, code) => {
    const gateway = await gatewayFor();
    const response = await gateway.invoke('jane', {}, body);
    expect([response.status, await codeOf(response)]).toEqual([status, code]);
    expect(gateway.runtimeCalls).toEqual([]);
  });

  test('a body of another type', async () => {
    const gateway = await gatewayFor();
    expect((await gateway.invoke('jane', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test.each([
    { 'x-gatehouse-session': 'a b' },
    { 'x-gatehouse-session': '' },
    { 'x-gatehouse-session': 'x'.repeat(257) },
    { 'x-gatehouse-session': 'a', 'x-amzn-bedrock-agentcore-runtime-session-id': 'b' },
  ])('a session that is not named as sessions are: %#', async (headers) => {
    const gateway = await gatewayFor();
    const response = await gateway.invoke('jane', headers);
    expect([response.status, await codeOf(response)]).toEqual([400, 'invalid_session']);
  });

  test('a call too many', async () => {
    const limit = { name: 'calls', per: ['principal.id'], requests: 1, windowSeconds: 60 };
    const gateway = await gatewayFor(json({}), { rateLimits: [limit] });
    expect((await gateway.invoke('jane')).status).toBe(200);
    const response = await gateway.invoke('jane');
    expect([response.status, await codeOf(response)]).toEqual([429, 'rate_limited']);
    expect((await gateway.invoke('joe')).status).toBe(200);
  });
});

describe('what a client says of itself', () => {
  test('never gets through: the headers of a runtime are made from nothing', async () => {
    const gateway = await gatewayFor();
    const forged = {
      'X-Amzn-Bedrock-AgentCore-Runtime-Custom-Sub': 'admin',
      'X-Amzn-Bedrock-AgentCore-Runtime-Custom-Extra': 'admin',
      'X-Amzn-Bedrock-AgentCore-Runtime-User-Id': 'admin',
      'X-Amz-Security-Token': 'forged',
      'X-Amz-Target': 'forged',
      'X-Amzn-Trace-Id': 'Root=forged',
      Cookie: 'a=b',
      Baggage: 'user=admin',
      'User-Agent': 'forged',
      'X-Forwarded-For': '10.0.0.1',
    };
    await gateway.invoke('jane', forged);
    const { headers = {} } = gateway.runtimeCalls[0] ?? {};
    expect(Object.keys(headers).toSorted()).toEqual([
      'accept',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'x-amz-date',
      'x-amz-security-token',
      'x-amzn-bedrock-agentcore-runtime-custom-scopes',
      'x-amzn-bedrock-agentcore-runtime-custom-sub',
      'x-amzn-bedrock-agentcore-runtime-session-id',
    ]);
    expect(headers['x-amzn-bedrock-agentcore-runtime-custom-sub']).toBe('jane');
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(JSON.stringify(headers)).not.toMatch(/forged|admin/);
  });
});

describe('an identity that does not fit', () => {
  test('claims: says which header and how much of it', async () => {
    const gateway = await gatewayFor(json({}), {
      inbound: { type: 'claims-as-headers', claims: { 'profile.bio': 'Bio' } },
    });
    const token = userToken('jane', { profile: { bio: 'x'.repeat(4_097) } });
    const response = await gateway.fetch('/agents/helper/invocations', { ...post, token });
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).toContain('identity_too_large');
    expect(text).toContain('(Bio: at most 4096 bytes)');
    expect(text).not.toContain('xxx');
    expect(gateway.runtimeCalls).toEqual([]);
  });

  test('the token of the user', async () => {
    const gateway = await gatewayFor(json({}), { inbound: { type: 'jwt-passthrough' } });
    const token = userToken('jane', { bio: 'x'.repeat(4_096) });
    const response = await gateway.fetch('/agents/helper/invocations', { ...post, token });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('(User-Jwt: at most 4096 bytes)');
  });

  test('more headers than AgentCore forwards', async () => {
    const claims = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`c${i}`, `C${i}`]));
    const gateway = await gatewayFor(json({}), { inbound: { type: 'claims-as-headers', claims } });
    const token = userToken('jane', Object.fromEntries(Object.keys(claims).map((name) => [name, 'x'])));
    const response = await gateway.fetch('/agents/helper/invocations', { ...post, token });
    expect(await response.text()).toContain('(headers: at most 20 of them)');
  });
});

describe('an API key', () => {
  test.each<CompiledAgent['inbound']>([{ type: 'jwt-passthrough' }, { type: 'obo' }])(
    'is no token that an agent could verify: $type',
    async (inbound) => {
      const obo = { issuer: 'gatehouse', actor: 'helper', subjectClaims: [], lifetimeSeconds: 300 } as const;
      const gateway = await gatewayFor(json({}), { inbound, obo });
      const response = await gateway.fetch('/agents/helper/invocations', { ...post, token: API_KEY });
      expect([response.status, await codeOf(response)]).toEqual([403, 'identity_not_exchanged']);
      expect(gateway.runtimeCalls).toEqual([]);
      expect(gateway.issued).toEqual([]);
    },
  );
});

describe('what AgentCore says no with', () => {
  test.each([
    [400, 'ValidationException', 400, 'upstream_rejected'],
    [401, 'UnauthorizedException', 502, 'agent_auth'],
    [402, 'ServiceQuotaExceededException', 503, 'agent_quota'],
    [429, 'ServiceQuotaExceededException', 503, 'agent_quota'],
    [403, 'AccessDeniedException', 502, 'agent_auth'],
    [404, 'ResourceNotFoundException', 503, 'agent_unavailable'],
    [409, 'ConflictException', 409, 'agent_busy'],
    [424, 'RuntimeClientError', 502, 'agent_failed'],
    [302, '', 502, 'upstream_failed'],
  ])('%i %s is asked for once', async (status, type, ours, code) => {
    const gateway = await gatewayFor(refused(status, type));
    const response = await gateway.invoke('jane');
    expect([response.status, await codeOf(response)]).toEqual([ours, code]);
    expect(gateway.runtimeCalls).toHaveLength(1);
    expect(gateway.records[0]?.attempts).toMatchObject([
      { provider: 'agentcore', model: 'helper', outcome: code, status },
    ]);
  });

  test.each([
    [409, 'RetryableConflictException', 409, 'agent_busy'],
    [429, 'ThrottlingException', 429, 'upstream_limited'],
    [500, 'InternalServerException', 502, 'upstream_failed'],
    [503, '', 503, 'upstream_busy'],
  ])('%i %s is asked for three times, signed each time', async (status, type, ours, code) => {
    const gateway = await gatewayFor(refused(status, type));
    const response = await gateway.invoke('jane');
    expect([response.status, await codeOf(response)]).toEqual([ours, code]);
    expect(response.headers.has('retry-after')).toBe(status === 409 || status === 429);
    expect(gateway.runtimeCalls).toHaveLength(3);
    expect(gateway.pauses).toHaveLength(2);
    expect(gateway.records[0]?.attempts.map((attempt) => attempt.status)).toEqual([status, status, status]);
    const sessions = gateway.runtimeCalls.map(({ headers }) => headers['x-amzn-bedrock-agentcore-runtime-session-id']);
    expect(new Set(sessions).size).toBe(1);
  });

  test('a session that is free again in time answers', async () => {
    const busy = refused(409, 'RetryableConflictException');
    const gateway = await gatewayFor((call, response, count) =>
      count < 3 ? busy(call, response, count) : json({ done: true })(call, response, count),
    );
    const response = await gateway.invoke('jane');
    expect(await response.json()).toEqual({ done: true });
    expect(gateway.records[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['agent_busy', 'agent_busy', 'ok']);
  });

  test('a wait longer than anybody waits is passed on', async () => {
    const gateway = await gatewayFor(refused(429, 'ThrottlingException', { 'retry-after': '30' }));
    const response = await gateway.invoke('jane');
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '30']);
    expect(gateway.runtimeCalls).toHaveLength(1);
  });

  test('the other inbound mode is told apart in the record, and its words are not passed on', async () => {
    const words = 'Authorization method mismatch. The agent is configured for a different authorization method';
    const gateway = await gatewayFor(refused(403, 'AccessDeniedException', {}, words));
    const response = await gateway.invoke('jane');
    expect(response.status).toBe(502);
    expect(await response.text()).not.toContain('mismatch');
    expect(gateway.records[0]).toMatchObject({
      outcome: 'failed',
      reason: 'agent_auth',
      detail: { reason: 'the runtime takes another inbound mode' },
    });
  });

  test('a connection that is reset before a byte is made again', async () => {
    const gateway = await gatewayFor((call, response, count) =>
      count === 1 ? response.destroy() : json({ ok: true })(call, response, count),
    );
    expect((await gateway.invoke('jane')).status).toBe(200);
    expect(gateway.records[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['upstream_unreachable', 'ok']);
  });
});

describe('an answer that breaks off', () => {
  test('as JSON is a failed call', async () => {
    const gateway = await gatewayFor((_call, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"half":', () => response.destroy());
    });
    const response = await gateway.invoke('jane');
    expect([response.status, await codeOf(response)]).toEqual([502, 'upstream_truncated']);
    expect(gateway.runtimeCalls).toHaveLength(1);
  });

  test('as events never ends like one that did not', async () => {
    const gateway = await gatewayFor((_call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: "one"\n\ndata: "tw', () => setTimeout(() => response.destroy(), 20));
    });
    const response = await gateway.invoke('jane', { accept: 'text/event-stream' });
    const events = await response.text();
    expect(events.startsWith('data: "one"\n\nevent: error\ndata: {"error":')).toBe(true);
    expect(events).toContain('upstream_truncated');
    expect(events).not.toContain('"tw');
    expect(gateway.records[0]).toMatchObject({ outcome: 'failed', reason: 'upstream_truncated' });
    expect(gateway.runtimeCalls).toHaveLength(1);
  });

  test('too, when the connection ends in order within a line', async () => {
    const gateway = await gatewayFor((_call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: "one"\n\ndata: "tw');
    });
    const response = await gateway.invoke('jane', { accept: 'text/event-stream' });
    expect(await response.text()).toContain('upstream_truncated');
  });

  test('is not an answer that is a page', async () => {
    const gateway = await gatewayFor((_call, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'a=b', 'x-internal': 'secret' });
      response.end('<script>');
    });
    const { headers } = await gateway.invoke('jane');
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect([headers.get('set-cookie'), headers.get('x-internal')]).toEqual([null, null]);
  });
});
