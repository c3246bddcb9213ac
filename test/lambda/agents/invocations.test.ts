import { afterEach, describe, expect, test } from '@jest/globals';
import type { CompiledAgent } from '../../../config/compiled-agents.ts';
import { createNewSessions } from '../../../lambda/agents/new-sessions.ts';
import type { AgentPorts } from '../../../lambda/agents/ports.ts';
import { readTrace, xRayHeader } from '../../../lambda/agents/trace-headers.ts';
import { wholeEvents } from '../../../lambda/agents/whole-events.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { memoryLimitCounter } from '../../../local/memory/limit-counter.ts';
import {
  type AgentsGateway,
  claimsOf,
  compiledAgent,
  json,
  type RuntimeAnswer,
  startAgentsGateway,
  userToken,
} from '../../support/agents-gateway.ts';

const SESSION = 'x-amzn-bedrock-agentcore-runtime-session-id';

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

const sessionsSent = ({ runtimeCalls }: AgentsGateway): (string | undefined)[] =>
  runtimeCalls.map(({ headers }) => headers[SESSION]);

describe('a call', () => {
  test('goes to the agent as it was sent, and the answer comes back as the agent gave it', async () => {
    const answer = '{"b": 1,  "a": 12345678901234567890}';
    const gateway = await gatewayFor(json(answer));
    const body = '{ "prompt": "hi",   "n": 1e400 }';
    const response = await gateway.invoke('jane', {}, body);
    expect(await response.text()).toBe(answer);
    expect(gateway.runtimeCalls[0]).toMatchObject({ method: 'POST', body });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-request-id')).toBe(gateway.records[0]?.id);
    expect(gateway.records).toMatchObject([
      {
        surface: 'agents',
        route: '/agents/helper',
        outcome: 'ok',
        status: 200,
        principal: { sub: 'jane' },
        'gen_ai.agent.name': 'helper',
        'agent.inbound': 'claims-as-headers',
        attempts: [{ provider: 'agentcore', outcome: 'ok', status: 200 }],
      },
    ]);
  });

  test('to the default agent needs no name', async () => {
    const gateway = await gatewayFor();
    const post = {
      method: 'POST',
      token: userToken('jane'),
      headers: { 'content-type': 'application/json' },
      body: '{}',
    };
    expect((await gateway.fetch('/invoke', post)).status).toBe(200);
    const other = await gatewayFor(json({}), { isDefault: false });
    expect((await other.fetch('/invoke', post)).status).toBe(404);
  });

  test('for events gets them as they come, before the agent has ended', async () => {
    let finish = (): void => {};
    const gateway = await gatewayFor((_call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.write('event: token\r\ndata: "Grü');
      response.write('ße"\r\n\r\n');
      finish = () => void response.end(': bye\n\ndata: 2\n\n');
    });
    const response = await gateway.invoke('jane', { accept: 'text/event-stream' });
    expect(gateway.runtimeCalls[0]?.headers.accept).toContain('text/event-stream');
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('event: token\r\ndata: "Grüße"\r\n\r\n');
    expect(gateway.records).toEqual([]);
    finish();
    let rest = '';
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) rest += part.value;
    expect(rest).toBe(': bye\n\ndata: 2\n\n');
    expect(gateway.records).toMatchObject([{ outcome: 'ok' }]);
  });

  test('that its caller leaves ends at the agent too', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const gateway = await gatewayFor((_call, response) => {
      response.on('close', resolve);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    const response = await gateway.invoke('jane', { accept: 'text/event-stream' });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await closed;
    expect(gateway.records).toMatchObject([{ outcome: 'aborted', reason: 'caller_left' }]);
  });
});

describe('events, however they are cut', () => {
  const through = async (chunks: readonly string[]): Promise<string[]> => {
    async function* bytes() {
      for (const chunk of chunks) yield Buffer.from(chunk, 'latin1');
    }
    return Array.fromAsync(wholeEvents(bytes()));
  };

  test.each(['data: 1\n\ndata: 2\n\n', 'data: 1\r\n\r\ndata: 2\r\n\r\n', 'data: 1\r\rdata: 2\r\r'])(
    'stay whole and the same: %j',
    async (text) => {
      const pieces = await through([...text]);
      expect(pieces.join('')).toBe(text);
      expect(pieces[0]).toMatch(/^data: 1[\r\n]+$/);
      for (const piece of pieces) expect(piece).toMatch(/^(data: \d)?[\r\n]+$/);
    },
  );

  test('are passed on at any size below 16 million characters, and one that never ends is not waited for', async () => {
    const piece = 'x'.repeat(4 * 1024 * 1024);
    const most = [piece, piece, piece, piece.slice(2)];
    expect((await through([...most, '\n\n'])).join('')).toHaveLength(16 * 1024 * 1024);
    await expect(through([...most, 'xxx'])).rejects.toMatchObject({
      code: 'upstream_failed',
      detail: { reason: 'event too large' },
    });
  });

  test('get the empty line that the last one lacks', async () => {
    expect((await through(['data: 1\n\ndata: 2\n'])).join('')).toBe('data: 1\n\ndata: 2\n\n');
  });
});

describe('a session', () => {
  test('is the same for the same caller and name, and no other', async () => {
    const gateway = await gatewayFor();
    const named = { 'x-gatehouse-session': 'one' };
    await gateway.invoke('jane', named);
    await gateway.invoke('jane', { [SESSION]: 'one' });
    await gateway.invoke('joe', named);
    await gateway.invoke('jane', { 'x-gatehouse-session': 'two' });
    const [first, again, joes, two] = sessionsSent(gateway);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(again).toBe(first);
    expect(new Set([first, joes, two]).size).toBe(3);
    expect(gateway.records[0]?.['agent.session']).toBe(gateway.records[1]?.['agent.session']);
    expect(gateway.records[0]?.['agent.session']).not.toBe('one');
  });

  test('without a name is given one, by which the caller goes on', async () => {
    const gateway = await gatewayFor();
    const response = await gateway.invoke('jane');
    const name = response.headers.get(SESSION) ?? '';
    expect(name).toMatch(/^[A-Za-z0-9._-]{1,256}$/);
    expect(response.headers.get('x-gatehouse-session')).toBe(name);
    await gateway.invoke('jane', { 'x-gatehouse-session': name });
    await gateway.invoke('jane');
    const [first, again, other] = sessionsSent(gateway);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(first).not.toContain(name);
  });

  test('of one agent is none of another', async () => {
    const [one, two] = await Promise.all([
      gatewayFor(json({}), { name: 'one' }),
      gatewayFor(json({}), { name: 'two' }),
    ]);
    for (const gateway of [one, two]) await gateway.invoke('jane', { 'x-gatehouse-session': 's' });
    expect(sessionsSent(one)).not.toEqual(sessionsSent(two));
  });

  test('too many that are new are refused, and known ones are not', async () => {
    const now = Date.now();
    const gateway = await gatewayFor(json({}), { newSessionsPerSecond: 2 }, { clock: () => now });
    const statusOf = async (name: string) => (await gateway.invoke('jane', { 'x-gatehouse-session': name })).status;
    expect([await statusOf('a'), await statusOf('b'), await statusOf('c'), await statusOf('a')]).toEqual([
      200, 200, 429, 200,
    ]);
    const response = await gateway.invoke('jane');
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.text()).toContain('too_many_sessions');
    expect(gateway.runtimeCalls).toHaveLength(3);
  });

  test('is new again after a quarter of an hour, and room comes back with time', async () => {
    let now = 0;
    const clock = () => now;
    const admit = createNewSessions(1, memoryLimitCounter(clock), clock);
    expect([await attempt(admit, 'a'), await attempt(admit, 'b')]).toEqual([true, false]);
    now = 1_000;
    expect([await attempt(admit, 'b'), await attempt(admit, 'a'), await attempt(admit, 'c')]).toEqual([
      true,
      true,
      false,
    ]);
    now = 902_000;
    expect([await attempt(admit, 'a'), await attempt(admit, 'b')]).toEqual([true, false]);
  });

  test('is counted for all agents and processes together, and known to all of them', async () => {
    const clock = () => 0;
    const counter = memoryLimitCounter(clock);
    const [one, other] = [createNewSessions(2, counter, clock), createNewSessions(2, counter, clock)];
    expect([await attempt(one, 'a'), await attempt(other, 'b'), await attempt(one, 'c')]).toEqual([true, true, false]);
    expect([await attempt(other, 'a'), await attempt(one, 'b'), await attempt(other, 'c')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('begins where nobody can count', async () => {
    const counter = { take: async () => Promise.reject(new Refusal('limits_unavailable')) };
    expect(await attempt(createNewSessions(1, counter, Date.now), 'a')).toBe(true);
    const broken = { take: async () => Promise.reject(new TypeError('bug')) };
    await expect(createNewSessions(1, broken, Date.now)('a')).rejects.toThrow('bug');
  });
});

/** Whether a session may begin, or go on. */
const attempt = async (admit: (id: string) => Promise<void>, id: string): Promise<boolean> => {
  try {
    await admit(id);
    return true;
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.code === 'too_many_sessions') return false;
    throw thrown;
  }
};

describe('the trace of a call', () => {
  const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  test('goes on, also as X-Ray writes it, and the one of the answer comes back', async () => {
    const back = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b8-01';
    const gateway = await gatewayFor(json({}, 200, { traceparent: back }));
    const response = await gateway.invoke('jane', { traceparent: parent, tracestate: 'a=1,b@c=2' });
    expect(gateway.runtimeCalls[0]?.headers).toMatchObject({
      traceparent: parent,
      tracestate: 'a=1,b@c=2',
      'x-amzn-trace-id': 'Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1',
    });
    expect(response.headers.get('traceparent')).toBe(back);
  });

  test.each([
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    `${parent}-more`,
    'Root=1',
  ])('is left out if it is none: %s', (traceparent) => {
    const trace = readTrace((name) => ({ traceparent, tracestate: 'a=1' })[name]);
    expect([trace, xRayHeader(trace)]).toEqual([{}, {}]);
  });

  test.each([
    'a',
    'A=1',
    `a=${'x'.repeat(600)}`,
    'a=1,,b=2',
    Array.from({ length: 33 }, (_, i) => `a${i}=1`).join(','),
  ])('goes on without a state that is none: %.20s', (tracestate) => {
    expect(readTrace((name) => ({ traceparent: parent, tracestate })[name])).toEqual({ traceparent: parent });
  });
});

describe('two callers at the same time', () => {
  test.each<CompiledAgent['inbound']>([
    { type: 'obo' },
    { type: 'jwt-passthrough' },
    { type: 'claims-as-headers', claims: { sub: 'Sub' } },
  ])(
    'never share session, token, headers or answer in 200 calls: $type',
    async (inbound) => {
      const obo = { issuer: 'gatehouse', actor: 'helper', subjectClaims: [], lifetimeSeconds: 300 } as const;
      const gateway = await gatewayFor(
        (call, response, count) =>
          setTimeout(() => json({ body: call.body, headers: call.headers })(call, response, count), (count * 7) % 11),
        { inbound, obo },
      );
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          const [sub, other] = i % 2 === 0 ? ['jane', 'joe'] : ['joe', 'jane'];
          const response = await gateway.invoke(sub, { 'x-gatehouse-session': 'same' }, JSON.stringify({ sub, i }));
          const said = (await response.json()) as { body: string; headers: Record<string, string> };
          expect(JSON.parse(said.body)).toEqual({ sub, i });
          const tokens = Object.values(said.headers)
            .map((value) => value.replace('Bearer ', ''))
            .filter((value) => value.startsWith('ey'));
          expect(tokens).toHaveLength(inbound.type === 'jwt-passthrough' ? 2 : 1);
          for (const token of tokens) expect(claimsOf(token)).toMatchObject({ sub });
          expect(JSON.stringify(said)).not.toContain(other);
          return { sub, session: said.headers[SESSION] };
        }),
      );
      const sessionsOf = (who: string) =>
        new Set(answers.filter(({ sub }) => sub === who).map(({ session }) => session));
      expect([sessionsOf('jane').size, sessionsOf('joe').size]).toEqual([1, 1]);
      expect(sessionsOf('jane')).not.toEqual(sessionsOf('joe'));
    },
    60_000,
  );
});
