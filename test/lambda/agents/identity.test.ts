import { afterEach, describe, expect, test } from '@jest/globals';
import type { CompiledAgent, CompiledObo } from '../../../config/compiled-agents.ts';
import { headerValue } from '../../../lambda/agents/identity/header-value.ts';
import type { AgentPorts } from '../../../lambda/agents/ports.ts';
import { Hidden } from '../../../lambda/core/hidden.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import type { OutgoingRequest } from '../../../lambda/providers/send.ts';
import {
  type AgentsGateway,
  claimsOf,
  compiledAgent,
  IDP,
  ISSUER,
  json,
  principalOf,
  startAgentsGateway,
  tokenOf,
  userToken,
} from '../../support/agents-gateway.ts';

const CUSTOM = 'x-amzn-bedrock-agentcore-runtime-custom-';

const running: AgentsGateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

const gatewayFor = async (agent: Partial<CompiledAgent>, ports: Partial<AgentPorts> = {}): Promise<AgentsGateway> => {
  const gateway = await startAgentsGateway([compiledAgent(agent)], json({ ok: true }), ports);
  running.push(gateway);
  return gateway;
};

const ask = (gateway: AgentsGateway, token: string): Promise<Response> =>
  gateway.fetch('/agents/helper/invocations', {
    method: 'POST',
    token,
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });

const headersOf = (gateway: AgentsGateway, index = 0): Readonly<Record<string, string>> =>
  gateway.runtimeCalls[index]?.headers ?? {};

const bearerOf = (gateway: AgentsGateway, index = 0): Record<string, unknown> =>
  claimsOf((headersOf(gateway, index).authorization ?? '').replace('Bearer ', ''));

const own: Extract<CompiledObo, { issuer: 'gatehouse' }> = {
  issuer: 'gatehouse',
  actor: 'helper-bot',
  scopes: ['tools', 'admin'],
  subjectClaims: ['email', 'org.unit', 'absent'],
  lifetimeSeconds: 300,
};

const atProvider: CompiledObo = {
  issuer: 'provider',
  provider: 'idp',
  kind: 'okta',
  tokenUrl: 'https://idp.example/token',
  providerIssuer: IDP,
  audience: 'api://agents',
  scopes: ['tools'],
  client: 'idp-client',
  grant: 'token-exchange',
};

/** So many, each acting for the next. */
const actors = (many: number): object => ({ sub: `a${many}`, ...(many === 1 ? {} : { act: actors(many - 1) }) });

describe('a token of the gateway on behalf of the caller', () => {
  test('says who calls and who acts, and has what both may', async () => {
    const gateway = await gatewayFor({ inbound: { type: 'obo' }, obo: own });
    const exp = Math.floor(Date.now() / 1_000) + 120;
    const token = userToken('jane', { exp, email: 'jane@acme.com', org: { unit: 'ops' }, secret: 'x' });
    expect((await ask(gateway, token)).status).toBe(200);
    expect(gateway.issued).toEqual([
      {
        sub: 'jane',
        subId: { iss: IDP, sub: 'stable-jane' },
        audience: [`${ISSUER}/agents/helper`, ISSUER],
        scopes: ['tools'],
        clientId: 'helper-bot',
        actor: { sub: 'helper-bot', iss: ISSUER },
        claims: { email: 'jane@acme.com', unit: 'ops' },
        lifetimeSeconds: 300,
        notAfter: exp,
      },
    ]);
    expect(bearerOf(gateway)).toMatchObject({ iss: ISSUER, sub: 'jane' });
    expect(headersOf(gateway)).not.toHaveProperty('x-amz-date');
    expect(gateway.records[0]).toMatchObject({ 'agent.inbound': 'obo', 'agent.actor': 'helper-bot' });
    expect(JSON.stringify(gateway.records)).not.toContain(token.slice(0, 40));
  });

  test('keeps whoever acted for the caller before in its chain', async () => {
    const gateway = await gatewayFor({ inbound: { type: 'obo' }, obo: own });
    const act = { sub: 'first', iss: 'https://a.example', role: 'x', act: { sub: 'zeroth' } };
    await ask(gateway, userToken('jane', { act }));
    expect(gateway.issued[0]?.actor).toEqual({
      sub: 'helper-bot',
      iss: ISSUER,
      act: { sub: 'first', iss: 'https://a.example', act: { sub: 'zeroth' } },
    });
  });

  test.each([
    ['no scope is left', { scope: 'chat' }],
    ['the chain of actors can not be read', { act: { sub: 'first', act: 7 } }],
    ['the token is of another issuer', { iss: 'https://other.example' }],
    ['5 act one for another already', { act: actors(5) }],
    ['the token names another who may act', { may_act: { sub: 'pod' } }],
    ['it names one of the same name elsewhere', { may_act: { sub: 'helper-bot' } }],
    ['what it names can not be read', { may_act: null }],
    ['it asks more of who acts', { may_act: { sub: 'helper-bot', iss: ISSUER, zone: 'a' } }],
    ['it asks for another client', { may_act: { sub: 'helper-bot', iss: ISSUER, client_id: 'other' } }],
  ])('is not made where %s', async (_why, claims) => {
    const gateway = await gatewayFor({ inbound: { type: 'obo' }, obo: own });
    const response = await ask(gateway, userToken('jane', claims));
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('identity_not_exchanged');
    expect([gateway.issued, gateway.runtimeCalls]).toEqual([[], []]);
  });

  test('says of a program that it is one, so that no server takes it for a person', async () => {
    const gateway = await gatewayFor({ inbound: { type: 'obo' }, obo: own });
    await ask(gateway, userToken('portal', { client_id: 'portal' }));
    await ask(gateway, userToken('jane', { client_id: 'portal' }));
    expect(gateway.issued.map(({ isAppOnly }) => isAppOnly)).toEqual([true, undefined]);
  });

  test('is made where the token says that this agent may act, or that 4 do already', async () => {
    const gateway = await gatewayFor({ inbound: { type: 'obo' }, obo: own });
    await ask(gateway, userToken('jane', { may_act: { sub: 'helper-bot', iss: ISSUER } }));
    await ask(gateway, userToken('jane', { may_act: { sub: 'helper-bot', iss: ISSUER, client_id: 'helper-bot' } }));
    await ask(gateway, userToken('jane', { act: actors(4) }));
    expect(gateway.issued).toHaveLength(3);
  });

  test('is not made for an identity that has ended', async () => {
    const gateway = await gatewayFor({ inbound: { type: 'obo' }, obo: own });
    expect((await ask(gateway, userToken('jane', { exp: 1_000 }))).status).toBe(401);
    expect(gateway.issued).toEqual([]);
  });

  test('of a caller without any scope has none, where the policy names none', async () => {
    const { scopes: _any, ...all } = own;
    const gateway = await gatewayFor({ inbound: { type: 'obo' }, obo: all });
    expect((await ask(gateway, userToken('jane', { scope: '' }))).status).toBe(200);
    expect(gateway.issued[0]?.scopes).toEqual([]);
  });

  test('when keys can not be reached is no weaker one', async () => {
    const issueToken = async () => {
      throw new Refusal('signing_unavailable');
    };
    const gateway = await gatewayFor({ inbound: { type: 'claims-as-headers', claims: {} }, obo: own }, { issueToken });
    expect((await ask(gateway, userToken('jane'))).status).toBe(503);
    expect(gateway.runtimeCalls).toEqual([]);
  });

  test('is kept for that very token, for 5 minutes at most, and made once for calls at one time', async () => {
    let now = Date.now();
    const gateway = await gatewayFor(
      { inbound: { type: 'obo' }, obo: { ...own, lifetimeSeconds: 3_000 } },
      { clock: () => now },
    );
    const token = userToken('jane', { exp: Math.floor(now / 1_000) + 7_200 });
    await Promise.all([ask(gateway, token), ask(gateway, token)]);
    expect(gateway.issued).toHaveLength(1);
    await ask(gateway, userToken('jane', { exp: Math.floor(now / 1_000) + 7_201 }));
    expect(gateway.issued).toHaveLength(2);
    await ask(gateway, userToken('joe', { exp: Math.floor(now / 1_000) + 7_200 }));
    expect(gateway.issued).toHaveLength(3);
    now += 299_000;
    await ask(gateway, token);
    expect(gateway.issued).toHaveLength(3);
    now += 2_000;
    await ask(gateway, token);
    expect(gateway.issued).toHaveLength(4);
  });
});

/** A token endpoint that answers so; everything else goes its way. */
const endpoint = (status: number, body: object): { asked: OutgoingRequest[]; outbound: AgentPorts['outbound'] } => {
  const asked: OutgoingRequest[] = [];
  const outbound: AgentPorts['outbound'] = {
    credentials: { read: async () => new Hidden('{"clientId":"gw","clientSecret":"s3cret"}') },
    guardUrl: async () => {},
    clock: Date.now,
    newId: () => 'jti',
    send: async (request) => {
      asked.push(request);
      async function* chunks() {
        yield Buffer.from(JSON.stringify(body));
      }
      return { status, headers: {}, body: Object.assign(chunks(), { destroy: () => {} }) };
    },
  };
  return { asked, outbound };
};

describe('a token of the identity provider on behalf of the caller', () => {
  const exp = Math.floor(Date.now() / 1_000) + 600;

  test('is what the caller is exchanged for', async () => {
    const exchanged = tokenOf({ iss: IDP, sub: 'jane', aud: 'api://agents', cid: 'gw', exp });
    const grant = { access_token: exchanged, token_type: 'Bearer', expires_in: 600 };
    const { asked, outbound } = endpoint(200, grant);
    const gateway = await gatewayFor({ inbound: { type: 'obo' }, obo: atProvider }, { outbound });
    const token = userToken('jane');
    expect((await ask(gateway, token)).status).toBe(200);
    expect(headersOf(gateway).authorization).toBe(`Bearer ${exchanged}`);
    const params = new URLSearchParams(asked[0]?.body);
    expect([params.get('subject_token'), params.get('audience'), params.get('scope')]).toEqual([
      token,
      'api://agents',
      'tools',
    ]);
  });

  test.each([
    ['says no to the caller', 400, { error: 'access_denied' }, 403, 'identity_not_exchanged'],
    ['says no to us', 401, { error: 'invalid_client' }, 503, 'credential_unavailable'],
    ['is not well', 500, {}, 503, 'credential_unavailable'],
  ])('is not there when the endpoint %s: the call goes no further', async (_why, status, body, ours, code) => {
    const gateway = await gatewayFor(
      { inbound: { type: 'claims-as-headers', claims: { sub: 'Sub' } }, obo: atProvider },
      { outbound: endpoint(status, body).outbound },
    );
    const response = await ask(gateway, userToken('jane'));
    expect(response.status).toBe(ours);
    expect(await response.text()).toContain(code);
    expect(gateway.runtimeCalls).toEqual([]);
  });
});

describe('the token of the user', () => {
  test('goes in a header beside the one on behalf', async () => {
    const gateway = await gatewayFor({ inbound: { type: 'jwt-passthrough' }, obo: own });
    const token = userToken('jane');
    await ask(gateway, token);
    expect(headersOf(gateway)[`${CUSTOM}user-jwt`]).toBe(token);
    expect(claimsOf(headersOf(gateway)[`${CUSTOM}obo-token`] ?? '')).toMatchObject({ audience: [ISSUER] });
    expect(headersOf(gateway).authorization).toMatch(/^AWS4-HMAC-SHA256 /);
  });
});

describe('what AgentCore would cut off or refuse', () => {
  // Source: AgentCore developer guide, "Pass custom headers": 4 KB a value, 20 headers.
  const MOST = 4_096;
  /** A token on behalf of so many bytes. */
  const tokensOf = (bytes: number): Partial<AgentPorts> => ({
    issueToken: async () => ({
      token: new Hidden('x'.repeat(bytes)),
      jti: 'j',
      expiresAt: Math.floor(Date.now() / 1_000) + 300,
    }),
  });
  const claims = (many: number) => Object.fromEntries(Array.from({ length: many }, (_, n) => [`c${n}`, `C-${n}`]));
  const user = (many: number, value = 'v'): string =>
    userToken('jane', Object.fromEntries(Array.from({ length: many }, (_, n) => [`c${n}`, value])));

  const refused = async (gateway: AgentsGateway, token: string): Promise<unknown> => {
    const response = await ask(gateway, token);
    expect([response.status, gateway.runtimeCalls.length]).toEqual([400, 0]);
    expect(gateway.records.at(-1)).toMatchObject({ reason: 'identity_too_large' });
    return gateway.records.at(-1)?.detail?.header;
  };
  const passed = async (gateway: AgentsGateway, token: string): Promise<void> => {
    expect((await ask(gateway, token)).status).toBe(200);
    expect(gateway.runtimeCalls).toHaveLength(1);
  };

  test('is a bearer of more than 4 KB, its scheme included', async () => {
    const agent = { inbound: { type: 'obo' }, obo: own } as const;
    await passed(await gatewayFor(agent, tokensOf(MOST - 'Bearer '.length)), userToken('jane'));
    expect(await refused(await gatewayFor(agent, tokensOf(MOST - 6)), userToken('jane'))).toBe('authorization');
  });

  test.each([
    ['the token of the user', { inbound: { type: 'jwt-passthrough' }, obo: own }],
    ['claims', { inbound: { type: 'claims-as-headers', claims: { sub: 'Sub' } }, obo: own }],
  ] as const)('is a token on behalf of more than 4 KB beside %s', async (_, agent) => {
    await passed(await gatewayFor(agent, tokensOf(MOST)), userToken('jane'));
    expect(await refused(await gatewayFor(agent, tokensOf(MOST + 1)), userToken('jane'))).toMatch(/obo-token/i);
  });

  test('is a 21st header, which the token on behalf may be', async () => {
    const agent = (many: number) => ({ inbound: { type: 'claims-as-headers', claims: claims(many) } }) as const;
    await passed(await gatewayFor(agent(20)), user(20));
    expect(await refused(await gatewayFor(agent(21)), user(21))).toBe('headers');
    await passed(await gatewayFor({ ...agent(19), obo: own }), user(19));
    expect(await refused(await gatewayFor({ ...agent(20), obo: own }), user(20))).toBe('headers');
  });
});

describe('claims as headers', () => {
  test('are what the principal is known to be, and never what a claim of the same name says', async () => {
    const claims = {
      sub: 'Sub',
      id: 'Id',
      issuer: 'Issuer',
      clientId: 'Client',
      scopes: 'Scopes',
      'org.unit': 'Unit',
      none: 'None',
    };
    const gateway = await gatewayFor({ inbound: { type: 'claims-as-headers', claims } });
    await ask(gateway, userToken('jane', { id: 'admin', issuer: 'admin', org: { unit: 'Öffnung' }, none: null }));
    const told = Object.entries(headersOf(gateway)).filter(([name]) => name.startsWith(CUSTOM));
    expect(Object.fromEntries(told.map(([name, value]) => [name.slice(CUSTOM.length), value]))).toEqual({
      sub: 'jane',
      id: 'id-of-jane',
      issuer: IDP,
      client: 'cli',
      scopes: 'chat tools',
      unit: `b64:${Buffer.from('Öffnung').toString('base64url')}`,
    });
    expect(headersOf(gateway)).not.toHaveProperty(`${CUSTOM}obo-token`);
  });

  test('of a caller that is an agent itself are those of its token, by the names they have there', async () => {
    const inbound = { type: 'claims-as-headers', claims: { 'org.unit': 'Unit' } } as const;
    const claims = { sub: 'jane', unit: 'ops', org: { unit: 'other' }, exp: Math.floor(Date.now() / 1_000) + 60 };
    const principal = { ...principalOf(claims), issuer: ISSUER };
    const gateway = await gatewayFor({ inbound }, { identify: async () => ({ principal, token: undefined }) });
    await ask(gateway, tokenOf(claims));
    expect(headersOf(gateway)).toMatchObject({ [`${CUSTOM}unit`]: 'ops' });
  });

  const b64 = (text: string): string => `b64:${Buffer.from(text).toString('base64url')}`;
  test.each([
    ['plain', 'plain'],
    [['a', 'b'], 'a b'],
    [['a b', 'c'], '["a b","c"]'],
    [['a', 1], '["a",1]'],
    [{ a: [1] }, '{"a":[1]}'],
    [true, 'true'],
    [0, '0'],
    [' a', b64(' a')],
    ['a\r\nX-Admin: 1', b64('a\r\nX-Admin: 1')],
    ['b64:YQ', b64('b64:YQ')],
    ['ö', b64('ö')],
    [null, undefined],
    [undefined, undefined],
    [[], undefined],
    ['', undefined],
  ])('write %j as %s', (claim, value) => {
    expect(headerValue(claim)).toBe(value);
  });
});
