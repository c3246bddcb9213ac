import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readyLine, welcome } from '../../local/welcome.ts';
import { startTestGateway, type TestGateway } from '../support/local-gateway.ts';

const ELSEWHERE = 'https://tokens.acme.example';
const SHIPPED = readFileSync('gateway.yaml', 'utf8');

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(`${SHIPPED}tokens: { issuer: ${ELSEWHERE} }\n`, {}, { frameGapMs: 0 });
}, 60_000);
afterAll(() => gateway.close());

describe('a policy whose tokens have an issuer elsewhere', () => {
  test.each(['devops-copilot', 'oncall', 'reporting'])(
    'has %s run here, with tokens of this gateway',
    async (agent) => {
      const answer = await fetch(`${gateway.url}/agents/${agent}/invocations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${await gateway.token('jane')}` },
        body: JSON.stringify({ prompt: 'List the channels of slack' }),
      });
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('incidents')]);
    },
    30_000,
  );

  test('says so when it starts, to people and to programs', () => {
    expect(welcome(gateway, 'gateway.yaml', 3000)).toContain(
      `  tokens    gatehouse  stand-in for ${ELSEWHERE}  ${gateway.url}\n`,
    );
    expect(JSON.parse(readyLine(gateway))).toMatchObject({
      tokens: { name: 'gatehouse', url: gateway.url, is: 'stand-in', for: ELSEWHERE },
    });
  });
});
