import type http from 'node:http';
import { text } from 'node:stream/consumers';
import type { CompiledAgent } from '../../config/compiled-agents.ts';
import { createAgentsApp } from '../../lambda/agents/app.ts';
import type { AgentPorts } from '../../lambda/agents/ports.ts';
import { createSignRequest } from '../../lambda/aws/sign-request.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { Hidden } from '../../lambda/core/hidden.ts';
import type { Principal } from '../../lambda/core/principal.ts';
import { Refusal } from '../../lambda/core/refusal.ts';
import type { TokenRequest } from '../../lambda/issuing/issue-token.ts';
import { createSend } from '../../lambda/providers/send.ts';
import type { CallRecord } from '../../lambda/telemetry/record.ts';
import { memoryLimitCounter } from '../../local/memory/limit-counter.ts';
import { listen } from './loopback.ts';

export const ISSUER = 'https://gatehouse.example';
export const IDP = 'https://idp.example';
export const ARN = 'arn:aws:bedrock-agentcore:eu-central-1:123456789012:runtime/helper-x1';
export const AWS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not/a+secret', sessionToken: 'session/token==' };

export interface RuntimeCall {
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type RuntimeAnswer = (call: RuntimeCall, response: http.ServerResponse, count: number) => void;

export const compiledAgent = (agent: Partial<CompiledAgent> = {}): CompiledAgent => ({
  path: '/agents/helper',
  auth: 'strict',
  authorization: { allow: [], deny: ['principal.sub == "nobody"'], require: [], default: 'allow' },
  rateLimits: [],
  limitsFailure: 'closed',
  name: 'helper',
  protocol: 'http',
  isDefault: true,
  runtime: { type: 'arn', arn: ARN, qualifier: 'DEFAULT' },
  inbound: { type: 'claims-as-headers', claims: { sub: 'Sub', scopes: 'Scopes' } },
  model: 'smart',
  reaches: {},
  timeouts: { connectMs: 60_000, firstByteMs: 60_000, idleMs: 60_000 },
  newSessionsPerSecond: 1_000,
  ...agent,
});

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A token in the form of one: who verifies it is not here. */
export const tokenOf = (claims: Readonly<Record<string, unknown>>): string =>
  `${encoded({ alg: 'none' })}.${encoded(claims)}.${Buffer.from('signature').toString('base64url')}`;

export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));

type WithSubject = Principal & { readonly subId?: TokenRequest['subId'] };

/** The caller of a token; `nobody` may do nothing. */
export const principalOf = (claims: Readonly<Record<string, unknown>>): WithSubject => ({
  id: `id-of-${claims.sub}`,
  issuer: IDP,
  sub: String(claims.sub),
  clientId: 'cli',
  scopes: String(claims.scope ?? '')
    .split(' ')
    .filter((scope) => scope !== ''),
  roles: [],
  groups: [],
  claims,
  expiresAt: Number(claims.exp),
  subId: { iss: IDP, sub: `stable-${claims.sub}` },
  ...(claims.act === undefined ? {} : { actor: claims.act as { sub: string } }),
});

export const userToken = (sub: string, more: Readonly<Record<string, unknown>> = {}): string =>
  tokenOf({ iss: IDP, sub, scope: 'chat tools', exp: Math.floor(Date.now() / 1_000) + 3_600, ...more });

export const API_KEY = 'gh_key';

export interface AgentsGateway {
  readonly runtimeCalls: RuntimeCall[];
  readonly records: CallRecord[];
  readonly issued: TokenRequest[];
  readonly pauses: number[];
  fetch(path: string, init?: RequestInit & { readonly token?: string }): Promise<Response>;
  /** `POST /agents/helper/invocations`. */
  invoke(sub: string, headers?: Readonly<Record<string, string>>, body?: string): Promise<Response>;
  close(): Promise<void>;
}

/** The app before a runtime over HTTP that answers as it is told to. Tokens are made, not signed. */
export const startAgentsGateway = async (
  agents: readonly CompiledAgent[],
  answer: RuntimeAnswer,
  ports: Partial<AgentPorts> = {},
): Promise<AgentsGateway> => {
  const runtimeCalls: RuntimeCall[] = [];
  const runtime = await listen(async (request, response) => {
    const call = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers as Record<string, string>,
      body: await text(request),
    };
    answer(call, response, runtimeCalls.push(call));
  });
  const records: CallRecord[] = [];
  const issued: TokenRequest[] = [];
  const pauses: number[] = [];
  let ids = 0;
  const send = createSend();
  const all: AgentPorts = {
    identify: async (authorization) => {
      const presented = authorization?.replace(/^Bearer /, '');
      if (presented === undefined) throw new Refusal('token_missing');
      if (presented === API_KEY) {
        const { expiresAt: _none, subId: _neither, ...principal } = principalOf({ sub: 'key' });
        return { principal: { ...principal, issuer: 'gatehouse:api-key' }, token: undefined };
      }
      if (presented.split('.').length !== 3) throw new Refusal('token_rejected');
      return { principal: principalOf(claimsOf(presented)), token: new Hidden(presented) };
    },
    counter: memoryLimitCounter(systemClock),
    send,
    sign: createSignRequest({ region: 'us-east-1', credentials: () => AWS, clock: systemClock }),
    runtimeOf: async () => ({ arn: ARN, qualifier: 'DEFAULT', endpoint: runtime.url }),
    issueToken: async (request) => {
      issued.push(request);
      const jti = `jti_${issued.length}`;
      const expiresAt = Math.min(request.notAfter, Math.floor(systemClock() / 1_000) + request.lifetimeSeconds);
      return { token: new Hidden(tokenOf({ iss: ISSUER, ...request, jti })), jti, expiresAt };
    },
    issuer: ISSUER,
    outbound: {
      credentials: {
        read: async () => {
          throw new Refusal('credential_unavailable');
        },
      },
      send,
      guardUrl: async () => {},
      clock: systemClock,
      newId: () => 'jti',
    },
    sessionKey: async () => new Uint8Array(32).fill(7),
    random: () => 0.5,
    sleep: async (ms) => void pauses.push(ms),
    records: { write: (record) => void records.push(record) },
    clock: systemClock,
    newId: () => `made-${++ids}`,
    logBug: (id, error) => {
      throw new Error(`a bug in ${id}`, { cause: error });
    },
    ...ports,
  };
  const app = createAgentsApp({ name: 'test', version: 'v1', agents }, all);
  const fetch: AgentsGateway['fetch'] = (path, { token, ...init } = {}) => {
    const request = new Request(`${ISSUER}${path}`, init);
    if (token !== undefined) request.headers.set('authorization', `Bearer ${token}`);
    return app.fetch(request, {
      ip: '192.0.2.1',
      deadlineMs: systemClock() + 60_000,
      rawAuthorizationCount: token === undefined ? 0 : 1,
    });
  };
  return {
    runtimeCalls,
    records,
    issued,
    pauses,
    fetch,
    invoke: (sub, headers = {}, body = '{"prompt":"hi"}') =>
      fetch('/agents/helper/invocations', {
        method: 'POST',
        token: userToken(sub),
        headers: { 'content-type': 'application/json', ...headers },
        body,
      }),
    close: runtime.close,
  };
};

export const json =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): RuntimeAnswer =>
  (_call, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** What AgentCore answers when it refuses: the name is in a header. */
export const refused = (
  status: number,
  type: string,
  headers: Readonly<Record<string, string>> = {},
  message = 'no',
): RuntimeAnswer => json({ message }, status, { 'x-amzn-errortype': `${type}:http://internal.example/`, ...headers });
