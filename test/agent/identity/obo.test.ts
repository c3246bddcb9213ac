import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { obo } from '../../../agent/identity/obo.ts';
import { NOW } from '../../lambda/identity/issuer.ts';
import { agentErrorOf, portsAt, unsigned } from '../agents.ts';

const read = (authorization?: string) =>
  obo(portsAt().ports)(new Headers(authorization === undefined ? {} : { authorization }));

describe('a token on behalf of the caller', () => {
  test('says who asks and who acts, and is what models and tools are called with', async () => {
    const token = unsigned({ sub: 'jane', act: { sub: 'copilot' }, agent_id: 'other' });
    const caller = await read(`Bearer ${token}`);
    expect(caller.identity).toEqual({ sub: 'jane', inbound: 'obo', actor: 'copilot' });
    expect(caller.openToken()).toBe(token);
  });

  test('has the client as actor where an identity provider names no other', async () => {
    expect((await read(`Bearer ${unsigned({ sub: 'jane', cid: '0oa1' })}`)).identity.actor).toBe('0oa1');
  });

  test('is never printed', async () => {
    const token = unsigned({ sub: 'jane' });
    const caller = await read(`Bearer ${token}`);
    expect(inspect(caller, { depth: 9, showHidden: true }) + JSON.stringify(caller)).not.toContain(token.slice(0, 20));
  });

  test.each([
    ['nothing', undefined],
    ['another scheme', 'Basic amFuZTpzZWNyZXQ='],
    ['two tokens', `Bearer ${unsigned({ sub: 'jane' })}, Bearer ${unsigned({ sub: 'other' })}`],
    ['what is no JWT', 'Bearer garbage'],
    ['a payload that is no JSON', 'Bearer YQ.YQ.YQ'],
    ['one without a signature', `Bearer ${unsigned({ sub: 'jane' }).replace(/\.[^.]*$/, '.')}`],
    ['one that is over', `Bearer ${unsigned({ sub: 'jane', exp: NOW })}`],
    ['one without an end', `Bearer ${unsigned({ sub: 'jane', exp: undefined })}`],
    ['one about nobody', `Bearer ${unsigned({ sub: '' })}`],
  ])('refuses %s', async (_what, authorization) => {
    expect(await agentErrorOf(read(authorization))).toBe('identity_rejected');
  });
});
