import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  InvokeModelCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

// The SDK would speak HTTP/2 by default, which a plain node:http server does not.
const client = (accessKeyId = 'AKIDEXAMPLE') =>
  new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${simulators.url}/bedrock`,
    credentials: { accessKeyId, secretAccessKey: 'secret' },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });

const modelId = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const user = (text: string): ConverseCommandInput['messages'] => [{ role: 'user', content: [{ text }] }];
const tool = (name: string) => ({
  toolSpec: {
    name,
    inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
  },
});

const streamed = async (input: ConverseCommandInput) => {
  const { stream } = await client().send(new ConverseStreamCommand(input));
  const events: { readonly kind: string; readonly value: unknown }[] = [];
  for await (const event of stream ?? []) {
    const [kind, value] = Object.entries(event)[0] ?? ['', undefined];
    events.push({ kind, value });
  }
  return events;
};

describe('the AWS SDK talks to the simulator', () => {
  test.each([
    modelId,
    'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123',
  ])('about %s', async (id) => {
    const answer = await client().send(new ConverseCommand({ modelId: id, messages: user('hello') }));
    expect(answer.output?.message?.content?.[0]?.text).toBe(
      `Hello from the simulated bedrock (${id}). You said: hello`,
    );
    expect(answer.stopReason).toBe('end_turn');
    expect(answer.$metadata.requestId).toMatch(/^0{8}-/);
  });

  test('in event-stream frames that it accepts, in the order of the API', async () => {
    const input = {
      modelId,
      messages: user('call weather {"city":"Oslo"} call time {"city":"Rome"} say exactly: wait'),
      toolConfig: { tools: [tool('weather'), tool('time')] },
    };
    const events = await streamed(input);
    const order = events.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]);
    const block = ['contentBlockDelta', 'contentBlockStop'];
    const call = ['contentBlockStart', ...block];
    expect(order).toEqual(['messageStart', ...block, ...call, ...call, 'messageStop', 'metadata']);
    const fragments = events
      .filter(({ kind }) => kind === 'contentBlockDelta')
      .map(({ value }) => value as { contentBlockIndex: number; delta: { toolUse?: { input: string } } })
      .filter(({ contentBlockIndex }) => contentBlockIndex === 1);
    expect(fragments.length).toBeGreaterThan(1);
    expect(fragments.map(({ delta }) => delta.toolUse?.input).join('')).toBe('{"city":"Oslo"}');
    const whole = await client().send(new ConverseCommand(input));
    expect(events.at(-1)?.value).toMatchObject({ usage: whole.usage });
    expect(whole.stopReason).toBe('tool_use');
  });

  test('and gets its errors as the classes it knows', async () => {
    const failing = (id: string, key?: string) =>
      client(key).send(new ConverseCommand({ modelId: id, messages: user('hello') }));
    await expect(failing('sim-429')).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(failing('sim-quota')).rejects.toMatchObject({ name: 'ServiceQuotaExceededException' });
    await expect(failing('sim-503')).rejects.toMatchObject({ name: 'ServiceUnavailableException' });
    await expect(failing('not-a-model')).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(failing(modelId, 'wrong-key')).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  test('and a stream that fails ends in a modelled exception', async () => {
    await expect(streamed({ modelId: 'sim-error-mid', messages: user('hello') })).rejects.toMatchObject({
      name: 'ModelStreamErrorException',
    });
  });

  test('about images and structured answers', async () => {
    const bytes = Uint8Array.from([0x89, 0x50, 0x4e, 0x47]);
    const content = [{ text: 'look' }, { image: { format: 'png' as const, source: { bytes } } }];
    const seen = await client().send(new ConverseCommand({ modelId, messages: [{ role: 'user', content }] }));
    expect(seen.output?.message?.content?.[0]?.text).toContain('1 image');
    const schema = JSON.stringify({ type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] });
    const outputConfig = {
      textFormat: { type: 'json_schema' as const, structure: { jsonSchema: { schema, name: 'n' } } },
    };
    const shaped = await client().send(new ConverseCommand({ modelId, messages: user('hello'), outputConfig }));
    expect(shaped.output?.message?.content?.[0]?.text).toBe('{"n":1}');
  });

  test('for embeddings of Titan and Cohere', async () => {
    const invoke = async (id: string, body: object) => {
      const answer = await client().send(new InvokeModelCommand({ modelId: id, body: JSON.stringify(body) }));
      return JSON.parse(answer.body.transformToString()) as {
        embedding?: number[];
        embeddings?: number[][];
        inputTextTokenCount?: number;
      };
    };
    const titan = await invoke('amazon.titan-embed-text-v2:0', { inputText: 'hello', dimensions: 256 });
    expect([titan.embedding?.length, titan.inputTextTokenCount]).toEqual([256, 2]);
    const cohere = await invoke('cohere.embed-english-v3', { texts: ['a', 'b'], input_type: 'search_document' });
    expect(cohere.embeddings?.map((each) => each.length)).toEqual([1_024, 1_024]);
    await expect(invoke('cohere.embed-english-v3', { texts: ['a'] })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});
