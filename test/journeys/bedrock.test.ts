import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { startTestGateway, type TestGateway } from '../support/local-gateway.ts';

const SONNET = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const POLICY = readFileSync('gateway.yaml', 'utf8')
  .replace('  models: #', `    aws: { kind: bedrock, region: eu-west-1 }\n  models: #`)
  .replace('  routes: #', `    claude: [aws/sim-529, aws/${SONNET}]\n  routes: #`)
  .replace('    /v1: {', '    /aws: { provider: aws }\n    /v1: {')
  .replace('models: [fast, smart]', 'models: [fast, smart, claude]');

let gateway: TestGateway;
let client: (route: string) => OpenAI;
beforeAll(async () => {
  gateway = await startTestGateway(POLICY);
  const apiKey = await gateway.token('jane');
  client = (route) => new OpenAI({ baseURL: `${gateway.url}${route}`, apiKey, maxRetries: 0 });
});
afterAll(() => gateway.close());

const messages = [{ role: 'user' as const, content: 'hello' }];

describe('Bedrock without an identity in AWS', () => {
  test('is simulated, and says what would make it real', () => {
    expect(gateway.loaded.providers.find(({ name }) => name === 'aws')).toMatchObject({
      is: 'stand-in',
      variable: 'AWS_ACCESS_KEY_ID',
    });
  });

  test('R14: answers in the dialect of the caller, with a model and an id', async () => {
    const answer = await client('/aws/v1').chat.completions.create({ model: SONNET, messages });
    expect(answer).toMatchObject({ model: SONNET, object: 'chat.completion', id: expect.stringMatching(/./) });
    expect(answer.choices[0]?.message.content).toContain('You said: hello');
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
  });

  test('streams behind an alias whose first target is overloaded', async () => {
    const stream = await client('/v1').chat.completions.create({ model: 'claude', messages, stream: true });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toContain('You said: hello');
    expect(new Set(chunks.map(({ model, id }) => `${model} ${id}`)).size).toBe(1);
    expect(chunks[0]?.model).toBe(SONNET);
    const record = gateway.records().at(-1);
    expect(JSON.stringify(record)).toContain('sim-529');
  });

  test('embeds', async () => {
    const { data, usage } = await client('/aws/v1').embeddings.create({
      model: 'amazon.titan-embed-text-v2:0',
      input: ['a', 'b'],
    });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([1024, 1024]);
    expect(usage.prompt_tokens).toBe(2);
  });

  test('does not list its models', async () => {
    await expect(client('/aws/v1').models.list()).rejects.toMatchObject({ status: 400 });
  });
});
