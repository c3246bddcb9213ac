import { describe, expect, test } from '@jest/globals';
import { type AuthorizerEvent, apiUrlOf } from '../../../lambda/authorizer/api-gateway.ts';
import { createAuthorizer } from '../../../lambda/authorizer/app.ts';
import type { Principal } from '../../../lambda/core/principal.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { API_KEY_ISSUER } from '../../../lambda/identity/api-keys.ts';
import type { Identify } from '../../../lambda/identity/identify.ts';
import { principalFromContext } from '../../../lambda/identity/principal-from-context.ts';
import { handClock, NOW, refusalOf } from '../identity/issuer.ts';

const ARN = 'arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/POST/anthropic/v1/chat/completions';
const jane: Principal = {
  id: 'jane-id',
  issuer: 'https://issuer.example',
  sub: 'jane@acme.example',
  clientId: 'copilot',
  scopes: ['llm:call'],
  roles: ['ai-agents'],
  groups: ['Zürich 🏔'],
  claims: { team: 'platform', email: 'jane@acme.example', nested: { a: [1, true, null] } },
  expiresAt: NOW + 300,
  subId: { iss: 'https://issuer.example', sub: '00u7jane' },
  actor: { sub: 'agent-7' },
};

const time = handClock();
const authorizerFor = (principal: Principal, claimsUsed: readonly string[] = ['*']) => {
  const asked: (string | undefined)[] = [];
  const lines: object[] = [];
  const identify: Identify = async (authorization) => {
    asked.push(authorization);
    if (authorization === 'Bearer good') return { principal, token: undefined };
    if (authorization === 'Bearer outage') throw new Refusal('identity_unavailable', { provider: 'okta' });
    if (authorization === 'Bearer bug') throw new TypeError('Bearer bug is not a function');
    throw new Refusal(authorization === undefined ? 'token_missing' : 'token_rejected', { reason: 'signature' });
  };
  const authorizer = createAuthorizer(identify, { claimsUsed, clock: time.clock, log: (line) => lines.push(line) });
  return {
    asked,
    lines,
    authorizer,
    ask: (authorizationToken: string) => authorizer({ methodArn: ARN, authorizationToken }),
  };
};

/** API Gateway gives every value of the context to the function as text. */
const asEvent = (context: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries({ principalId: 'jane-id', integrationLatency: 5, ...context }).map(([name, value]) => [
      name,
      String(value),
    ]),
  );

describe('an accepted token', () => {
  test('opens the whole stage, so that an answer kept for one path does not deny another', async () => {
    expect(await authorizerFor(jane).ask('Bearer good')).toMatchObject({
      principalId: 'jane-id',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Action: 'execute-api:Invoke',
            Effect: 'Allow',
            Resource: 'arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/*/*',
          },
        ],
      },
    });
  });

  test('hands the principal to the function whole', async () => {
    const { context } = await authorizerFor(jane).ask('Bearer good');
    expect(principalFromContext(asEvent(context), time.clock)).toEqual(jane);
    expect(context.principal).toMatch(/^[\x20-\x7e]+$/);
  });

  test('hands over only the claims that the policy reads', async () => {
    const { context } = await authorizerFor(jane, ['team', 'absent']).ask('Bearer good');
    expect(principalFromContext(asEvent(context), time.clock)?.claims).toEqual({ team: 'platform' });
  });

  test('of an API key has no end', async () => {
    const { expiresAt: _expiresAt, actor: _actor, ...bot } = { ...jane, issuer: API_KEY_ISSUER };
    const { context } = await authorizerFor(bot).ask('Bearer good');
    expect(context).not.toHaveProperty('expiresAt');
    expect(principalFromContext(asEvent(context), time.clock)).toEqual(bot);
  });

  test('whose claims are too many for API Gateway is left to the function', async () => {
    const large = { ...jane, claims: { entitlements: Array.from({ length: 1_000 }, (_, at) => `entitlement-${at}`) } };
    const { context } = await authorizerFor(large).ask('Bearer good');
    expect(context).toEqual({ verify: 'function', expiresAt: NOW + 300 });
    expect(principalFromContext(asEvent(context), time.clock)).toBeUndefined();
    const needed = await authorizerFor(large, ['team']).ask('Bearer good');
    expect(needed.context).toHaveProperty('principal');
  });
});

describe('a refused token', () => {
  test.each([
    ['Bearer bad', 'Unauthorized', 'token_rejected'],
    ['Bearer outage', 'identity_unavailable', 'identity_unavailable'],
    ['Bearer bug', 'internal', 'internal'],
  ])('%s ends with the words that API Gateway knows, %s, and one line in the log', async (header, message, code) => {
    const { ask, lines } = authorizerFor(jane);
    const thrown = await ask(header).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Error);
    expect((thrown as Error).message).toBe(message);
    expect(lines).toEqual([expect.objectContaining({ event: 'call-refused', time: '2026-11-20T12:00:00.000Z', code })]);
    expect(JSON.stringify(lines)).not.toContain(header);
  });

  test('has its exact reason in the log', async () => {
    const { ask, lines } = authorizerFor(jane);
    await ask('Bearer bad').catch(() => undefined);
    expect(lines).toEqual([expect.objectContaining({ reason: 'signature' })]);
  });

  test('is also one for an ARN that we can not read: nothing is allowed', async () => {
    const { authorizer } = authorizerFor(jane);
    for (const methodArn of ['', '*', 'arn:aws:execute-api:eu-west-1:1:abc123'])
      await expect(authorizer({ methodArn, authorizationToken: 'Bearer good' })).rejects.toThrow('internal');
  });
});

describe('a REQUEST event', () => {
  test.each<[string, Partial<AuthorizerEvent>, string | undefined]>([
    ['one header', { headers: { Authorization: 'Bearer good' } }, 'Bearer good'],
    [
      'one header in both forms',
      { headers: { authorization: 'Bearer good' }, multiValueHeaders: { authorization: ['Bearer good'] } },
      'Bearer good',
    ],
    [
      'two headers',
      { headers: { Authorization: 'Bearer b' }, multiValueHeaders: { Authorization: ['Bearer a', 'Bearer b'] } },
      'Bearer a,Bearer b',
    ],
    [
      'two headers in two spellings',
      { headers: { Authorization: 'Bearer a', AUTHORIZATION: 'Bearer b' } },
      'Bearer a,Bearer b',
    ],
    ['no header', { headers: { cookie: 'authorization=Bearer good' } }, undefined],
    ['nothing', { headers: null, multiValueHeaders: null }, undefined],
  ])('with %s is read as it was sent', async (_what, event, expected) => {
    const { asked, authorizer } = authorizerFor(jane);
    await authorizer({ methodArn: ARN, ...event }).catch(() => undefined);
    expect(asked).toEqual([expected]);
  });
});

describe('the context that a function gets', () => {
  const good = { principal: JSON.stringify(jane), expiresAt: String(NOW + 300) };
  const read = async (context: unknown) => principalFromContext(context, time.clock);

  test.each([undefined, null, {}, { principalId: 'x' }, { verify: 'function' }])('%j names nobody', async (context) => {
    expect(await read(context)).toBeUndefined();
  });

  test('is refused once the token has expired, because API Gateway keeps answers for longer', async () => {
    const later = (seconds: number) => () => (NOW + seconds) * 1000;
    expect(principalFromContext(good, later(299))).toEqual(jane);
    expect(await refusalOf((async () => principalFromContext(good, later(300)))())).toMatchObject({
      code: 'token_rejected',
      reason: 'expired',
    });
  });

  test.each([
    ['another expiry than the principal', { ...good, expiresAt: String(NOW + 9_999) }],
    ['no expiry at all', { principal: JSON.stringify({ ...jane, expiresAt: undefined }) }],
    ['an expiry that is no number', { ...good, expiresAt: 'never' }],
    ['no JSON', { ...good, principal: '{' }],
    ['a principal that is an object', { ...good, principal: jane }],
    ['members that we do not write', { ...good, principal: JSON.stringify({ ...jane, admin: true }) }],
    [
      'more in a subject than we write',
      { ...good, principal: JSON.stringify({ ...jane, subId: { iss: 'i', sub: 's', x: 1 } }) },
    ],
    ['no id', { ...good, principal: JSON.stringify({ ...jane, id: '' }) }],
    ['scopes that are text', { ...good, principal: JSON.stringify({ ...jane, scopes: 'llm:call' }) }],
    ['a list for an answer', ['x']],
  ])('is refused with %s', async (_what, context) => {
    expect(await refusalOf(read(context))).toMatchObject({ code: 'token_rejected', reason: 'authorizer-context' });
  });
});

test.each([
  [ARN, 'https://abc123.execute-api.eu-west-1.amazonaws.com/prod'],
  [
    'arn:aws-cn:execute-api:cn-north-1:123456789012:abc123/v1/GET/',
    'https://abc123.execute-api.cn-north-1.amazonaws.com.cn/v1',
  ],
  ['arn:aws:execute-api:eu-west-1:123456789012:evil.example#/v1/GET/', undefined],
  ['', undefined],
])('the address of the API of %s is %s', (arn, url) => expect(apiUrlOf(arn)).toBe(url));
