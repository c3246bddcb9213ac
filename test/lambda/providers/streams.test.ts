import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LlmCall } from '../../../lambda/core/llm.ts';
import { openAiChat } from '../../../lambda/llm/wire/openai-chat.ts';
import { anthropic } from '../../../lambda/providers/anthropic.ts';
import { openAi } from '../../../lambda/providers/openai.ts';
import type { Json, Provider } from '../../../lambda/providers/provider.ts';
import { anthropicSimulator } from '../../../local/simulators/anthropic/anthropic-simulator.ts';
import { openaiSimulator } from '../../../local/simulators/openai/openai-simulator.ts';
import type { Simulator } from '../../../local/simulators/simulator.ts';
import { assembleChat } from '../../support/assemble-chat.ts';
import { chatCall, providerConfig } from '../../support/chat-calls.ts';
import { bytesOf } from '../../support/streams.ts';

/** Streams of the simulators, recorded without a network, then cut as networks cut them. */

const tools = ['weather', 'clock'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}));
const said = (content: string, more: Json = {}): Json => ({ messages: [{ role: 'user', content }], ...more });

const CHATS: readonly (readonly [what: string, chat: Json])[] = [
  ['a text', said('Say exactly: Grüße, 世界 👋🏽!')],
  ['two calls at once', said('call weather {"city":"Zürich"} call clock {}', { tools })],
  ['a text and a call', said('call weather {"city":"Rome"} say exactly: I look.', { tools })],
  ['thinking', said('Say exactly: done', { reasoning_effort: 'low' })],
  ['nothing but a stop', said('Say exactly: END', { stop: 'END' })],
  ['an answer that is too long', said('write 50 words', { max_tokens: 5 })],
  ['a form', said('who?', { response_format: { type: 'json_schema', json_schema: { name: 'r', schema: form() } } })],
];

function form(): Json {
  return {
    type: 'object',
    properties: { name: { type: 'string' }, age: { type: 'integer' } },
    required: ['name', 'age'],
  };
}

interface Upstream {
  readonly provider: Provider;
  readonly simulator: Simulator;
  readonly model: string;
  readonly path: string;
}

const UPSTREAMS: readonly (readonly [string, Upstream])[] = [
  ['OpenAI', { provider: openAi, simulator: openaiSimulator, model: 'gpt-4o', path: '/v1/chat/completions' }],
  [
    'Anthropic',
    { provider: anthropic, simulator: anthropicSimulator, model: 'claude-sonnet-4-5', path: '/v1/messages' },
  ],
  [
    'an older Claude',
    { provider: anthropic, simulator: anthropicSimulator, model: 'claude-3-5-haiku', path: '/v1/messages' },
  ],
];

const callFor = (chat: Json, stream: boolean): LlmCall =>
  chatCall({ ...chat, ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}) });

const answerOf = ({ provider, simulator, model, path }: Upstream, call: LlmCall) => {
  const { body } = provider.toRequest(call, model, providerConfig());
  return simulator.answer({
    provider: provider.kind,
    method: 'POST',
    path,
    query: new URLSearchParams(),
    headers: { authorization: 'Bearer k', 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
    body: JSON.parse(JSON.stringify(body)),
    serial: 7,
    nowMs: 5_000,
  });
};

const recorded = (upstream: Upstream, chat: Json): Buffer => {
  const answer = answerOf(upstream, callFor(chat, true));
  if (answer.type !== 'streamed') throw new Error('not streamed');
  return Buffer.concat(answer.frames.map((frame) => Buffer.from(frame)));
};

/** What the caller reads when these bytes come in; after a failure, what the app writes then. */
const heard = async ({ provider }: Upstream, chat: Json, bytes: AsyncIterable<Uint8Array>): Promise<string> => {
  const call = callFor(chat, true);
  let text = '';
  try {
    const parts = provider.toParts(provider.decode(bytes, call), call);
    for await (const line of openAiChat.writeStream(parts, call, 5_000)) text += line;
  } catch (thrown) {
    text += openAiChat.writeStreamError(thrown as never, call.id);
  }
  return text;
};

describe.each(UPSTREAMS)('a stream of %s', (_name, upstream) => {
  describe.each(CHATS)('with %s', (_what, chat) => {
    test('assembled is the answer that is not streamed, usage included', async () => {
      const call = callFor(chat, false);
      const whole = answerOf(upstream, call);
      if (whole.type !== 'whole') throw new Error('not whole');
      const message = upstream.provider.toMessage(JSON.parse(whole.body), call);
      const written = openAiChat.writeMessage(message, call, 5_000) as {
        readonly id: string;
        readonly model: string;
        readonly usage: Json;
        readonly choices: readonly { readonly finish_reason: string; readonly message: Json }[];
      };
      const [choice] = written.choices;
      const assembled = assembleChat(await heard(upstream, chat, bytesOf(recorded(upstream, chat))));
      expect(assembled.error).toBeUndefined();
      expect(assembled).toMatchObject({
        done: true,
        id: written.id,
        model: written.model,
        content: choice?.message.content,
        finish: choice?.finish_reason,
        reasoning: choice?.message.reasoning_content ?? '',
        thinkingBlocks: choice?.message.thinking_blocks ?? [],
      });
      const calls = (choice?.message.tool_calls ?? []) as readonly { id: string; function: Json }[];
      expect(assembled.calls).toEqual(calls.map((one) => ({ id: one.id, ...one.function })));
      const { prompt_tokens, completion_tokens, total_tokens } = written.usage;
      expect(assembled.usage).toMatchObject({ prompt_tokens, completion_tokens, total_tokens });
    });

    test('is the same however it is cut', async () => {
      const bytes = recorded(upstream, chat);
      const expected = await heard(upstream, chat, bytesOf(bytes));
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 10 }), async (at) => {
          const places = [0, ...at, bytes.length].sort((a, b) => a - b);
          const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
          expect(await heard(upstream, chat, bytesOf(...pieces))).toBe(expected);
        }),
        { numRuns: 25 },
      );
    });
  });

  test('that breaks off, at any byte, never ends like one that did not', async () => {
    const chat = said('call weather {"city":"Zürich"} say exactly: 世界', { tools });
    const bytes = recorded(upstream, chat);
    const end = bytes.toString().trimEnd();
    // The blank line after the last event may be missing: the event itself may not.
    const complete = Buffer.byteLength(end);
    for (let length = 0; length < complete; length++) {
      const text = await heard(upstream, chat, bytesOf(bytes.subarray(0, length)));
      const { done, error } = assembleChat(text);
      expect({ length, done, code: error?.code }).toEqual({
        length,
        done: false,
        code: expect.stringMatching(/^upstream_/),
      });
    }
    expect(assembleChat(await heard(upstream, chat, bytesOf(bytes.subarray(0, complete)))).done).toBe(true);
  });
});

test('R116: one id, one time, one model in all chunks, and every chunk is one', async () => {
  const [, upstream] = UPSTREAMS[1] ?? [];
  if (upstream === undefined) throw new Error('no upstream');
  const [, chat = {}] = CHATS[1] ?? [];
  const { chunks } = assembleChat(await heard(upstream, chat, bytesOf(recorded(upstream, chat))));
  const heads = chunks.map(({ id, created, model, object }) => JSON.stringify({ id, created, model, object }));
  expect(new Set(heads)).toEqual(
    new Set([
      JSON.stringify({ id: 'msg_sim7', created: 5, model: 'claude-sonnet-4-5', object: 'chat.completion.chunk' }),
    ]),
  );
});

test('R115: the order of a stream: role, content, finish, usage, [DONE]', async () => {
  const [, upstream] = UPSTREAMS[1] ?? [];
  if (upstream === undefined) throw new Error('no upstream');
  const [, chat = {}] = CHATS[0] ?? [];
  const text = await heard(upstream, chat, bytesOf(recorded(upstream, chat)));
  const { chunks } = assembleChat(text);
  expect(chunks[0]).toMatchObject({
    choices: [{ delta: { role: 'assistant', content: '' }, finish_reason: null }],
    usage: null,
  });
  expect(chunks.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: 'stop' }], usage: null });
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
});
