import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { compilePolicy } from '../../config/compile.ts';
import { loadGatewayConfig } from '../../config/load.ts';
import { bundle } from '../../lib/bundle.ts';
import { type Lambda, startLambda } from '../support/lambda-runtime.ts';
import { restEvent } from '../support/rest-event.ts';

/** The function as it is deployed: what is beside its bundle, and what it does without it. */

const POLICY = `
name: exact
credentials: { key: {} }
defaults: { auth: none, authorization: { default: allow } }
llm:
  tokenize: exact
  providers: { openai: { kind: openai, credential: key } }
  routes: { /openai: { provider: openai } }
`;

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const deployed = (): string => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gatehouse-exact-'));
  closing.push(() => rmSync(directory, { recursive: true }));
  const { config } = loadGatewayConfig(POLICY, { file: 'gateway.yaml', env: {} });
  bundle('lambda/llm/handler.ts', compilePolicy(config), directory);
  return directory;
};

const start = async (directory: string): Promise<Lambda> => {
  const lambda = await startLambda(directory, {
    LIMITS_TABLE: 'table',
    CREDENTIAL_ARNS: '{}',
    STAGE: 'prod',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  closing.push(lambda.close);
  return lambda;
};

const count = async (lambda: Lambda): Promise<unknown> => {
  const answer = await lambda.stream(
    restEvent({
      path: '/openai/v1/messages/count_tokens',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] }),
    }),
  );
  return JSON.parse(await answer.text()).input_tokens;
};

test('the deployed function counts exactly', async () => {
  const lambda = await start(deployed());
  expect(await count(lambda)).toBe(8);
  expect(lambda.log().filter((line) => line.includes('vocabulary'))).toEqual([]);
});

test('without its vocabulary it estimates, and says so once', async () => {
  const directory = deployed();
  rmSync(path.join(directory, 'o200k.mjs'));
  const lambda = await start(directory);
  expect([await count(lambda), await count(lambda)]).toEqual([2, 2]);
  await lambda.logged('"id":"vocabulary"');
  expect(lambda.log().filter((line) => line.includes('"id":"vocabulary"'))).toHaveLength(1);
});
