import { describe, expect, test } from '@jest/globals';
import { claimsAsHeaders, readClaimHeaders } from '../../../agent/identity/claims-as-headers.ts';
import { NOW } from '../../lambda/identity/issuer.ts';
import { agentErrorOf, portsAt, unsigned } from '../agents.ts';

const PREFIX = 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-';
const read = (headers: Record<string, string>) =>
  claimsAsHeaders(portsAt().ports, { sub: 'Sub', scopes: 'Scopes', 'claims.team': 'Team' })(
    new Headers(Object.entries(headers).map(([name, value]): [string, string] => [`${PREFIX}${name}`, value])),
  );

describe('claims as headers', () => {
  test('are read by the names that the policy gave them', async () => {
    const caller = await read({ Sub: 'jane@acme.example', Scopes: 'llm:call mcp:read', Other: 'ignored' });
    expect(caller.identity).toEqual({ sub: 'jane@acme.example', inbound: 'claims-as-headers' });
    expect(caller.claims).toEqual({ sub: 'jane@acme.example', scopes: 'llm:call mcp:read' });
    expect(caller.openToken()).toBeUndefined();
  });

  test('are decoded where they are not plain ASCII', async () => {
    const value = `b64:${Buffer.from('Jürgen 株').toString('base64url')}`;
    expect((await read({ Sub: value })).identity.sub).toBe('Jürgen 株');
  });

  test('come with a token to act with, which says who acts', async () => {
    const token = unsigned({ sub: 'jane', act: { sub: 'copilot' } });
    const caller = await read({ Sub: 'jane', 'Obo-Token': token });
    expect([caller.identity.actor, caller.openToken()]).toEqual(['copilot', token]);
  });

  test.each([
    ['nobody', { Scopes: 'llm:call' }],
    ['an empty name', { Sub: '' }],
    ['what is no base64url', { Sub: 'b64:***' }],
    ['what is no UTF-8', { Sub: `b64:${Buffer.from([0xff]).toString('base64url')}` }],
    ['a token that is over', { Sub: 'jane', 'Obo-Token': unsigned({ sub: 'jane', exp: NOW - 1 }) }],
  ])('of %s are refused', async (_what, headers) => {
    expect(await agentErrorOf(read(headers as Record<string, string>))).toBe('identity_rejected');
  });

  test.each(['', '[1]', '{"sub":"A b"}', '{"sub":1}', 'null'])('settings %j are refused', (json) => {
    expect(() => readClaimHeaders(json)).toThrow('CLAIM_HEADERS');
  });
});
