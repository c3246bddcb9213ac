import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { OBO_TOKEN_HEADER, SESSION_HEADER, USER_JWT_HEADER } from '../../lambda/core/agent.ts';
import { type RunningAgentCore, startAgentCore } from '../../local/agentcore/start-agentcore.ts';
import { type Deployed, deploy, handOn } from '../support/deployed.ts';
import { TEST_CREDENTIALS } from '../support/embedded-dynamo.ts';
import { fakeKms } from '../support/fake-kms.ts';
import type { Lambda } from '../support/lambda-runtime.ts';
import { type Loopback, listen } from '../support/loopback.ts';
import { restEvent } from '../support/rest-event.ts';

/** The functions for agents and for tokens as `cdk deploy` would upload them and Lambda would run them. */

const ISSUER = 'https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod';
const ROLE = 'arn:aws:iam::123456789012:role/agents';
const CUSTOM = 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-';
const arnOf = (agent: string): string => `arn:aws:bedrock-agentcore:eu-central-1:123456789012:runtime/${agent}`;

const policyFor = (issuer: string): string => `
name: journey
identity:
  providers:
    okta: { kind: okta, issuer: "${issuer}", audiences: [api://default] }
credentials: { ci-secret: {}, anthropic-api-key: {} }
defaults:
  authorization: { allow: ["'mcp:read' in principal.scopes"] }
  rateLimits: [{ name: calls, per: [principal.id], requests: 20, every: minute }]
llm:
  providers: { anthropic: { kind: anthropic, credential: anthropic-api-key } }
  models: { smart: [anthropic/claude-sonnet-4-5] }
  routes: { /v1: { models: [smart] } }
tokens:
  clients:
    ci: { authentication: { secret: ci-secret }, audiences: [api://build], impersonation: true, oneUse: true }
agents:
  reporting:
    runtime: { source: test/cdk/agent }
    inbound: claims-as-headers
    claims: { sub: User, scopes: Scopes }
    obo: { issuer: gatehouse, scopes: [mcp:read] }
  oncall: { runtime: { source: test/cdk/agent }, inbound: jwt-passthrough }
`;

let deployed: Deployed;
let kms: Awaited<ReturnType<typeof fakeKms>>;
let ssm: Loopback;
let core: RunningAgentCore;
let agents: Lambda;
let tokens: Lambda;
const seen: Headers[] = [];
const asked: unknown[] = [];

beforeAll(async () => {
  deployed = await deploy(policyFor, {
    cisecret: 'the-secret-of-ci',
    anthropicapikey: 'sk-ant-of-another-function',
    SessionKey: 's'.repeat(64),
  });
  kms = await fakeKms(...deployed.idsOf('AWS::KMS::Key'));
  ssm = await listen(async (request, response) => {
    asked.push([request.headers['x-amz-target'], await json(request)]);
    const Value = JSON.stringify({ reporting: arnOf('reporting'), oncall: arnOf('oncall') });
    response
      .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify({ Parameter: { Value } }));
  });
  const container = async (request: Request): Promise<Response> => {
    seen.push(request.headers);
    return Response.json({ output: await request.text() });
  };
  core = await startAgentCore({
    port: 0,
    clock: () => Date.now(),
    runtimes: [
      {
        arn: arnOf('reporting'),
        properties: {
          RequestHeaderConfiguration: {
            RequestHeaderAllowlist: [`${CUSTOM}User`, `${CUSTOM}Scopes`, OBO_TOKEN_HEADER],
          },
        },
        qualifiers: ['live'],
        container,
      },
      {
        arn: arnOf('oncall'),
        properties: { RequestHeaderConfiguration: { RequestHeaderAllowlist: [USER_JWT_HEADER] } },
        qualifiers: ['live'],
        container,
      },
    ],
    credentials: {
      [TEST_CREDENTIALS.accessKeyId]: {
        secretAccessKey: TEST_CREDENTIALS.secretAccessKey,
        sessionToken: TEST_CREDENTIALS.sessionToken,
        principalArn: ROLE,
      },
    },
  });
  const kmsUrl = kms.url;
  agents = await deployed.start('calls to agents', {
    AWS_ENDPOINT_URL_KMS: kmsUrl,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: core.endpoint,
  });
  tokens = await deployed.start('tokens of its own', { AWS_ENDPOINT_URL_KMS: kmsUrl });
}, 90_000);
afterAll(async () => {
  await deployed.close();
  await core.close();
  await ssm.close();
  await kms.close();
});

const invoke = async (agent: string, token: string, headers: Record<string, string> = {}) => {
  const event = restEvent({
    path: `/agents/${agent}/invocations`,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
    body: '{"prompt":"hello"}',
    authorizer: handOn(await deployed.authorize(token)),
  });
  const answer = await agents.stream(event);
  return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) };
};

const keysOf = async (): Promise<JSONWebKeySet> => {
  const answer = await tokens.stream(restEvent({ method: 'GET', path: '/.well-known/jwks.json' }));
  return JSON.parse(await answer.text());
};

const exchange = async (form: Record<string, string>) => {
  const answer = await tokens.stream(
    restEvent({
      path: '/oauth2/token',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Authorization: `Basic ${btoa('ci:the-secret-of-ci')}`,
      },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        audience: 'api://build',
        ...form,
      }).toString(),
    }),
  );
  return { status: answer.status, body: JSON.parse(await answer.text()) };
};

describe('an agent, deployed,', () => {
  test('is called with what is known of jane, and a token on her behalf that the published keys verify', async () => {
    const token = await deployed.tokenFor('jane', ['mcp:read', 'mcp:write']);
    const { status, headers, body } = await invoke('reporting', token, { [SESSION_HEADER]: 'mine' });
    expect([status, body]).toEqual([200, { output: '{"prompt":"hello"}' }]);
    // API Gateway gives the caller's own name back; AgentCore never sees it.
    expect(headers.get(SESSION_HEADER)).toBe('mine');
    const got = seen.at(-1) ?? new Headers();
    expect(got.get(SESSION_HEADER)).toMatch(/^[0-9a-f]{64}$/);
    expect([got.get(`${CUSTOM}User`), got.get(`${CUSTOM}Scopes`)]).toEqual(['jane@acme.example', 'mcp:read mcp:write']);
    const { payload } = await jwtVerify(got.get(OBO_TOKEN_HEADER) ?? '', createLocalJWKSet(await keysOf()), {
      issuer: ISSUER,
      audience: ISSUER,
    });
    expect(payload).toMatchObject({
      sub: 'jane@acme.example',
      sub_id: { format: 'iss_sub', iss: deployed.issuer, sub: '00u-jane' },
      act: { sub: 'reporting', iss: ISSUER },
      scope: 'mcp:read',
    });
    expect(asked[0]).toEqual(['AmazonSSM.GetParameter', { Name: '/gatehouse/journey/runtimes' }]);
    expect(got.has('authorization')).toBe(false);
  });

  test('gets the token of its caller where it verifies that itself', async () => {
    const token = await deployed.tokenFor('jane', ['mcp:read']);
    expect((await invoke('oncall', token)).status).toBe(200);
    expect(seen.at(-1)?.get(USER_JWT_HEADER)).toBe(token);
  });

  test('is not called for somebody whom the rules do not let', async () => {
    const calls = seen.length;
    expect((await invoke('reporting', await deployed.tokenFor('jane', ['llm:call']))).status).toBe(403);
    expect(seen).toHaveLength(calls);
  });
});

describe('the token endpoint, deployed,', () => {
  test('publishes the key that signs and the next', async () => {
    const { keys } = await keysOf();
    expect(keys.map(({ kty, alg, use }) => [kty, alg, use])).toEqual([
      ['RSA', 'RS256', 'sig'],
      ['RSA', 'RS256', 'sig'],
    ]);
    expect(keys[0]).not.toHaveProperty('d');
  });

  test('exchanges a token once, and the table knows', async () => {
    const subject_token = await deployed.tokenFor('jane', ['mcp:read']);
    const { status, body } = await exchange({ subject_token });
    expect([status, body.issued_token_type]).toEqual([200, 'urn:ietf:params:oauth:token-type:access_token']);
    const { payload } = await jwtVerify(body.access_token, createLocalJWKSet(await keysOf()), {
      issuer: ISSUER,
      audience: 'api://build',
    });
    expect(payload).toMatchObject({ sub: 'jane@acme.example', client_id: 'ci' });
    expect(await exchange({ subject_token })).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  test('refuses a client with another secret', async () => {
    const answer = await tokens.stream(
      restEvent({
        path: '/oauth2/token',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: `Basic ${btoa('ci:guess')}` },
        body: 'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=x&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt',
      }),
    );
    expect([answer.status, JSON.parse(await answer.text()).error]).toEqual([401, 'invalid_client']);
  });
});
