import { describe, expect, test } from '@jest/globals';
import { createSignRequest } from '../../../lambda/aws/sign-request.ts';
import type { SignRequest } from '../../../lambda/providers/sign-request.ts';
import type { PolicyDocument } from '../../../local/agentcore/resource-policy.ts';
import { NOW_MS } from '../../lambda/identity/issuer.ts';
import {
  ACCOUNT,
  ARN,
  agentCoreWith,
  CUSTOM,
  ENDPOINT,
  GATEWAY_ROLE,
  KEYS,
  OTHER_ROLE,
  outcomeOf,
  signedCall,
  unsignedCall,
} from './stand-in.ts';

const SERVICE = 'bedrock-agentcore' as string as Parameters<SignRequest>[1];

const allowing = { RequestHeaderConfiguration: { RequestHeaderAllowlist: [`${CUSTOM}Sub`] } };

describe('a runtime that takes signatures', () => {
  test("takes the AWS SDK's, with headers inside the signature", async () => {
    const { call, seen } = agentCoreWith(allowing);
    const response = await call(
      await signedCall({ headers: { [`${CUSTOM}Sub`]: 'jane', accept: 'text/event-stream' } }),
    );
    expect([response.status, await response.json()]).toEqual([200, { output: 'hello' }]);
    expect(seen).toMatchObject([{ method: 'POST', path: '/invocations', body: '{"prompt":"hello"}' }]);
    expect(seen[0]?.headers[`${CUSTOM}Sub`.toLowerCase()]).toBe('jane');
  });

  test("takes the gateway's own", async () => {
    const { call } = agentCoreWith(allowing);
    const sign = createSignRequest({
      region: 'eu-central-1',
      credentials: () => KEYS.gateway,
      clock: () => NOW_MS,
    });
    const url = `${ENDPOINT}/runtimes/${encodeURIComponent(ARN)}/invocations?qualifier=DEFAULT`;
    const headers = { 'content-type': 'application/json', [`${CUSTOM}Sub`]: 'jane  d', host: new URL(ENDPOINT).host };
    const signed = await sign({ method: 'POST', url, headers, body: '{"prompt":"hällo"}' }, SERVICE, 'eu-central-1');
    const response = await call(
      new Request(signed.url, {
        method: 'POST',
        headers: { host: new URL(ENDPOINT).host, ...signed.headers },
        ...(signed.body === undefined ? {} : { body: String(signed.body) }),
      }),
    );
    expect(await outcomeOf(response)).toEqual([200, null, '']);
  });

  test('refuses what was changed after signing', async () => {
    const { call, seen } = agentCoreWith(allowing);
    const signed = await signedCall({ headers: { [`${CUSTOM}Sub`]: 'jane' } });
    const changed = (more: Record<string, string>) =>
      new Request(signed.clone(), { headers: { ...Object.fromEntries(signed.headers), ...more } });
    const { 'x-amz-content-sha256': _, ...unhashed } = Object.fromEntries(signed.headers);
    for (const request of [
      changed({ [`${CUSTOM}Sub`.toLowerCase()]: 'admin' }),
      new Request(signed.url.replace('DEFAULT', 'DEFAULT&a=b'), {
        method: 'POST',
        headers: signed.headers,
        body: '{"prompt":"hello"}',
      }),
      new Request(signed.url, { method: 'POST', headers: signed.headers, body: '{"prompt":"other"}' }),
      new Request(signed.url, { method: 'POST', headers: unhashed, body: '{"prompt":"other"}' }),
    ]) {
      expect((await outcomeOf(await call(request))).slice(0, 2)).toEqual([403, 'AccessDeniedException']);
    }
    expect(seen).toEqual([]);
  });

  test("refuses a header of AgentCore's that is not inside the signature", async () => {
    const { call, seen } = agentCoreWith(allowing);
    const [status, type, message] = await outcomeOf(
      await call(await signedCall({ smuggled: { [`${CUSTOM}Sub`]: 'admin' } })),
    );
    expect([status, type]).toEqual([403, 'AccessDeniedException']);
    expect(message).toContain(`${CUSTOM}Sub`.toLowerCase());
    expect(seen).toEqual([]);
  });

  test.each([
    ['of six minutes ago', { atMs: NOW_MS - 6 * 60_000 }, 'Signature expired'],
    ['of six minutes from now', { atMs: NOW_MS + 6 * 60_000 }, 'Signature expired'],
    ['for another service', { service: 'bedrock' }, 'correct service'],
    ['for another Region', { region: 'us-east-1' }, 'valid region'],
  ])('refuses one %s', async (_what, options, said) => {
    const { call } = agentCoreWith();
    const [status, type, message] = await outcomeOf(await call(await signedCall(options)));
    expect([status, type]).toEqual([403, 'AccessDeniedException']);
    expect(message).toContain(said);
  });

  test('takes one of four minutes ago', async () => {
    const { call } = agentCoreWith();
    expect((await call(await signedCall({ atMs: NOW_MS - 4 * 60_000 }))).status).toBe(200);
  });

  test('refuses keys that it does not know, and calls that are not signed', async () => {
    const { call } = agentCoreWith();
    const signed = await signedCall();
    const authorization = signed.headers.get('authorization')?.replace('AKIAGATEWAY', 'AKIANOBODY') ?? '';
    signed.headers.set('authorization', authorization);
    expect((await outcomeOf(await call(signed)))[0]).toBe(403);
    expect(await outcomeOf(await call(unsignedCall()))).toEqual([
      403,
      'AccessDeniedException',
      'Missing Authentication Token',
    ]);
  });

  test('refuses a day that is not that of the signature', async () => {
    const { call } = agentCoreWith();
    const signed = await signedCall();
    const authorization = signed.headers.get('authorization')?.replace(/\/\d{8}\//, '/20200101/') ?? '';
    signed.headers.set('authorization', authorization);
    expect((await outcomeOf(await call(signed)))[2]).toContain('Date in Credential scope');
  });

  test('takes temporary credentials with their session token, and not with another', async () => {
    const { call } = agentCoreWith();
    const as = 'session';
    expect((await call(await signedCall({ as }))).status).toBe(200);
    expect((await call(await signedCall({ as, sessionToken: 'other' }))).status).toBe(403);
    expect((await call(await signedCall({ as, sessionToken: '' }))).status).toBe(403);
  });

  test('refuses a bearer token, whatever it is', async () => {
    const { call } = agentCoreWith();
    const [status, type, message] = await outcomeOf(
      await call(unsignedCall({ headers: { authorization: 'Bearer a.b.c' } })),
    );
    expect([status, type]).toEqual([403, 'AccessDeniedException']);
    expect(message).toContain('Authorization method mismatch');
  });

  test('needs another permission of whoever says for which user they call', async () => {
    const { call } = agentCoreWith();
    const request = await signedCall({ headers: { 'X-Amzn-Bedrock-AgentCore-Runtime-User-Id': 'jane' } });
    expect((await outcomeOf(await call(request)))[2]).toContain('InvokeAgentRuntimeForUser');
  });
});

describe('the policy of a runtime', () => {
  const policy: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: GATEWAY_ROLE },
        Action: 'bedrock-agentcore:InvokeAgentRuntime',
        Resource: ARN,
      },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'bedrock-agentcore:InvokeAgentRuntime',
        Resource: ARN,
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': GATEWAY_ROLE } },
      },
    ],
  };

  test('lets the gateway in', async () => {
    const { call } = agentCoreWith({}, { resourcePolicy: policy });
    expect((await call(await signedCall())).status).toBe(200);
  });

  test('keeps every other role out, though its own policies allow it', async () => {
    const { call, seen } = agentCoreWith({}, { resourcePolicy: policy });
    const [status, type, message] = await outcomeOf(await call(await signedCall({ as: 'other' })));
    expect([status, type]).toEqual([403, 'AccessDeniedException']);
    expect(message).toContain(OTHER_ROLE);
    expect(seen).toEqual([]);
  });

  test('is what keeps it out: without one it may call', async () => {
    const { call } = agentCoreWith();
    expect((await call(await signedCall({ as: 'other' }))).status).toBe(200);
  });

  test('that is not understood keeps everybody out', async () => {
    const { call, seen } = agentCoreWith(
      {},
      {
        resourcePolicy: {
          Statement: [
            {
              Effect: 'Deny',
              Principal: '*',
              Action: '*',
              Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
            },
          ],
        },
      },
    );
    expect((await call(await signedCall())).status).toBe(500);
    expect(seen).toEqual([]);
  });

  test('is needed by callers of another account', async () => {
    const arn = `arn:aws:bedrock-agentcore:eu-central-1:${ACCOUNT.replace('1', '9')}:runtime/copilot-abc`;
    const { call } = agentCoreWith({}, { arn });
    expect((await outcomeOf(await call(await signedCall({ arn }))))[0]).toBe(403);
  });
});
