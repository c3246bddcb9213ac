import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { bedrock } from '../../../lambda/providers/bedrock.ts';
import type { Json, UpstreamRequest } from '../../../lambda/providers/provider.ts';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';
import { chatCall, providerConfig } from '../../support/chat-calls.ts';

/** The SDK as a second opinion: what we send is what it would send for the same input. */

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const MODELS = [
  'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  'anthropic.claude-3-haiku-20240307-v1:0',
  'global.anthropic.claude-opus-4-6-v1',
  'us.amazon.nova-pro-v1:0',
  'meta.llama3-3-70b-instruct-v1:0',
  'mistral.mistral-large-2407-v1:0',
  'openai.gpt-oss-120b-1:0',
  'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123',
];

const toRequest = (body: Json, model: string): UpstreamRequest =>
  bedrock.toRequest(chatCall(body), model, providerConfig({ kind: 'bedrock' }));

/** Base64 as the bytes that the SDK takes in these places. */
const withBytes = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      (name === 'bytes' || name === 'redactedContent') && typeof inner === 'string'
        ? Uint8Array.from(Buffer.from(inner, 'base64'))
        : withBytes(inner),
    ]),
  );
};

/** What the SDK puts on the wire. Fields that it does not know are not among it. */
const bySdk = async (body: Json, model: string, streamed: boolean) => {
  const wire: { path: string; body: unknown }[] = [];
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: { path: string; body: Uint8Array }) => {
        wire.push({ path: request.path, body: JSON.parse(new TextDecoder().decode(request.body)) });
        throw new Error('that is all');
      },
    },
  });
  const input = { modelId: model, ...(withBytes(body) as object) } as ConverseCommandInput;
  const sent = streamed ? client.send(new ConverseStreamCommand(input)) : client.send(new ConverseCommand(input));
  await sent.catch(() => {});
  return wire[0];
};

const MARK = { cache_control: { type: 'ephemeral' } };
const RICH: Json = {
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'héllo 𝔘', ...MARK },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
        { type: 'file', file: { filename: 'a b.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
      ],
    },
    {
      role: 'assistant',
      content: 'well',
      thinking_blocks: [
        { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
        { type: 'redacted_thinking', data: 'c2VjcmV0' },
      ],
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"deep":{"__type":"x","n":[1,null]}}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'done', ...MARK },
  ],
  tools: [
    {
      type: 'function',
      function: { name: 'f', description: 'd', strict: true, parameters: { type: 'object', properties: { deep: {} } } },
    },
  ],
  tool_choice: 'auto',
  reasoning_effort: 'low',
  max_tokens: 3_000,
  stop: ['END'],
  top_k: 3,
  user: 'jane',
  service_tier: 'flex',
};

describe('what is sent', () => {
  test.each(MODELS.filter((model) => !/llama|mistral|gpt-oss/.test(model)))(
    'is what the SDK sends for the same input: %s',
    async (model) => {
      for (const more of [
        {},
        { parallel_tool_calls: false },
        { stream: true },
        { tool_choice: 'required', reasoning_effort: 'none' },
      ]) {
        const request = toRequest({ ...RICH, ...more }, model);
        const expected = await bySdk(request.body ?? {}, model, 'stream' in more);
        expect(request.path).toBe(expected?.path);
        expect(request.body).toEqual(expected?.body);
      }
    },
  );

  test('is what the SDK sends for an answer in JSON', async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const body = { response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } };
    for (const model of MODELS) {
      const request = toRequest(body, model);
      expect(request.body).toEqual((await bySdk(request.body ?? {}, model, false))?.body);
    }
  });
});

const text = fc.oneof(fc.constantFrom('', ' ', '\n', 'a', 'say more '), fc.string({ maxLength: 12 }));
const mark = fc.constantFrom({}, {}, MARK, { cache_control: { type: 'ephemeral', ttl: '1h' } });
const part = fc.oneof(
  fc.tuple(text, mark).map(([words, marks]) => ({ type: 'text', text: words, ...marks })),
  fc.constant({ type: 'file', file: { filename: 'Q3: a__b.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } }),
);
const content = fc.oneof(text, fc.array(part, { maxLength: 3 }));
const id = fc.constantFrom('c1', 'c2', 'call:3', 'c1');
const call = fc.record({
  id,
  type: fc.constant('function'),
  function: fc.record({
    name: fc.constantFrom('f', 'mcp.tool/x', 'g'.repeat(70)),
    arguments: fc.constantFrom('{}', '', '{"a":', '[1]', '{"a":1}'),
  }),
});
const message = fc.oneof(
  fc.record({
    role: fc.constantFrom('system', 'user', 'developer'),
    content: fc.oneof(
      text,
      fc.array(
        part.filter(({ type }) => type === 'text'),
        { maxLength: 3 },
      ),
    ),
  }),
  fc.record({ role: fc.constant('user'), content }),
  fc.record({ role: fc.constant('assistant'), content: text }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.constant(null),
    tool_calls: fc.array(call, { maxLength: 3 }),
  }),
  fc.record({ role: fc.constant('tool'), tool_call_id: id, content: text }),
);
const tools = fc.constantFrom([], [{ type: 'function', function: { name: 'f' }, ...MARK }]);
const conversation = fc.record({
  messages: fc.array(message, { minLength: 1, maxLength: 8 }),
  tools,
  reasoning_effort: fc.constantFrom(null, null, 'low', 'high'),
  temperature: fc.constantFrom(null, 0, 1.5),
  stop: fc.constantFrom([], ['', 'END']),
});

interface Sent {
  readonly messages: readonly { readonly role: string; readonly content: readonly Record<string, unknown>[] }[];
}

const blocksOf = (sent: Sent, index: number, kind: string): string[] =>
  (sent.messages[index]?.content ?? []).flatMap((block) =>
    block[kind] === undefined ? [] : [(block[kind] as { toolUseId: string }).toolUseId],
  );

const holds = (sent: Sent): void => {
  const all = JSON.stringify(sent);
  expect(sent.messages[0]?.role).toBe('user');
  expect(all).not.toMatch(/"text":"\s*"/);
  expect((all.match(/"cachePoint":/g) ?? []).length).toBeLessThanOrEqual(4);
  expect('toolConfig' in sent).toBe(all.includes('"toolUse"') || all.includes('"toolSpec"'));
  for (const [index, { role }] of sent.messages.entries()) {
    expect(role).not.toBe(sent.messages[index - 1]?.role);
    expect(blocksOf(sent, index, 'toolResult').sort()).toEqual(blocksOf(sent, index - 1, 'toolUse').sort());
  }
};

describe('any conversation', () => {
  test('has the form that Converse insists on, is what the SDK would send, and is taken by the strict simulator', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(conversation, fc.constantFrom(...MODELS), async (body, model) => {
        let request: UpstreamRequest;
        try {
          request = toRequest(body, model);
        } catch (thrown) {
          // Nothing said at all, or too many documents: the only conversations that are not carried.
          expect(thrown).toBeInstanceOf(Refusal);
          expect(['invalid_request', 'unsupported_content']).toContain((thrown as Refusal).code);
          return;
        }
        holds(request.body as unknown as Sent);
        expect(request.body).toEqual((await bySdk(request.body ?? {}, model, false))?.body);
        const answer = await fetch(`${simulators.url}/bedrock${request.path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
          body: JSON.stringify(request.body),
        });
        expect([answer.status, answer.ok ? '' : await answer.text()]).toEqual([200, '']);
        await answer.body?.cancel();
        taken += 1;
      }),
      { numRuns: 250 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});
