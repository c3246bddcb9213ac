import { describe, expect, test } from '@jest/globals';
import type { LlmMessage, LlmPart, NativeFrame } from '../../../../lambda/core/llm.ts';
import { NO_USAGE } from '../../../../lambda/core/llm.ts';
import { Refusal } from '../../../../lambda/core/refusal.ts';
import { openAiChat } from '../../../../lambda/llm/wire/openai-chat.ts';
import { readOpenAiChat, streamOf } from '../../../../lambda/llm/wire/read-openai-chat.ts';
import type { Json } from '../../../../lambda/providers/provider.ts';
import { assembleChat } from '../../../support/assemble-chat.ts';
import { chatCall } from '../../../support/chat-calls.ts';
import { iterate } from '../../../support/streams.ts';

const refusalOf = (act: () => unknown): Refusal => {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
};
const hello = [{ role: 'user', content: 'hello' }];

describe('a request', () => {
  test.each<[string, Json, string]>([
    ['no messages', {}, 'messages'],
    ['an empty list of messages', { messages: [] }, 'messages'],
    ['a message that is none', { messages: ['hi'] }, 'messages[0]'],
    ['a role nobody has', { messages: [{ role: 'wizard', content: 'x' }] }, 'messages[0].role'],
    ['content that is none', { messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    ['a part without a type', { messages: [{ role: 'user', content: [{}] }] }, 'messages[0].content[0].type'],
    [
      'a text without text',
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      'messages[0].content[0].text',
    ],
    [
      'an image for a system',
      { messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://x' } }] }] },
      'messages[0].content[0]',
    ],
    ['a result for no call', { messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [
      'a call without a name',
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: {} }] }] },
      'messages[0].tool_calls[0].function.name',
    ],
    [
      'a tool without a name',
      { messages: hello, tools: [{ type: 'function', function: { name: '' } }] },
      'tools[0].function.name',
    ],
    [
      'a choice of a tool that is not there',
      { messages: hello, tool_choice: { type: 'function', function: { name: 'f' } } },
      'tool_choice.function.name',
    ],
    ['a choice nobody knows', { messages: hello, tool_choice: 'maybe' }, 'tool_choice'],
    ['a temperature out of range', { messages: hello, temperature: 3 }, 'temperature'],
    ['a temperature in words', { messages: hello, temperature: 'hot' }, 'temperature'],
    ['half a token', { messages: hello, max_tokens: 0.5 }, 'max_tokens'],
    ['stops that are none', { messages: hello, stop: [1] }, 'stop[0]'],
    ['a format nobody knows', { messages: hello, response_format: { type: 'xml' } }, 'response_format.type'],
    [
      'a schema without a name',
      { messages: hello, response_format: { type: 'json_schema', json_schema: {} } },
      'response_format.json_schema.name',
    ],
  ])('with %s is refused, and says where', (_what, body, param) => {
    const refusal = refusalOf(() => readOpenAiChat(body));
    expect(refusal).toMatchObject({ code: 'invalid_request', param });
    expect(openAiChat.writeRefusal(refusal, 'id')).toMatchObject({ error: { param, type: 'invalid_request_error' } });
  });

  test('streaming is true or false, and its options need it', () => {
    expect(streamOf({})).toEqual({ stream: false, includeUsage: false });
    expect(streamOf({ stream: true, stream_options: { include_usage: true } })).toEqual({
      stream: true,
      includeUsage: true,
    });
    expect(refusalOf(() => streamOf({ stream: 'yes' })).param).toBe('stream');
    expect(refusalOf(() => streamOf({ stream_options: { include_usage: true } })).param).toBe('stream_options');
  });

  test('what only OpenAI has is named once, whatever is null is not there', () => {
    const { foreign } = readOpenAiChat({
      messages: [...hello, { role: 'user', name: 'a', content: 'x' }, { role: 'user', name: 'b', content: 'y' }],
      store: true,
      metadata: null,
    });
    expect(foreign).toEqual(['store', 'messages.name']);
  });

  test('R83: Gemini’s signature is where Google’s own endpoint has it', () => {
    const extra_content = { google: { thought_signature: 'sig' } };
    const tool_calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content }];
    const { messages } = readOpenAiChat({ messages: [{ role: 'assistant', tool_calls }] });
    expect(messages[0]?.content[0]).toMatchObject({ signature: 'sig' });
  });
});

const message = (content: LlmMessage['content'], more: Partial<LlmMessage> = {}): LlmMessage => ({
  id: 'm',
  model: 'claude',
  content,
  finish: 'stop',
  usage: NO_USAGE,
  ...more,
});
const written = (one: LlmMessage) =>
  openAiChat.writeMessage(one, chatCall({}), 12_999) as {
    readonly choices: readonly { readonly message: Json; readonly finish_reason: string }[];
    readonly usage: Json;
    readonly created: number;
  };

describe('a whole answer', () => {
  test('R13: texts are joined without anything between', () => {
    const body = written(
      message([
        { type: 'text', text: 'Hel' },
        { type: 'text', text: 'lo' },
      ]),
    );
    expect(body.choices[0]?.message).toEqual({ role: 'assistant', content: 'Hello', refusal: null });
    expect(body.created).toBe(12); // seconds
  });

  test('R50: calls alone have no content', () => {
    const call = { type: 'tool-call', id: 'a', name: 'f', arguments: '' } as const;
    expect(written(message([call], { finish: 'tool-call' })).choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
    });
    expect(written(message([call])).choices[0]?.message.tool_calls).not.toHaveProperty('0.index');
    expect(written(message([])).choices[0]?.message.content).toBe('');
  });

  test('R78, R81: thinking is beside the content, with what proves it', () => {
    const body = written(
      message([
        { type: 'thinking', text: 'hm', signature: 's' },
        { type: 'thinking', text: 'unsigned' },
        { type: 'redacted-thinking', data: 'ZA==' },
        { type: 'text', text: 'so' },
      ]),
    );
    expect(body.choices[0]?.message).toMatchObject({
      content: 'so',
      reasoning_content: 'hmunsigned',
      thinking_blocks: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'ZA==' },
      ],
    });
  });

  test('R78–R81: what a caller brings back is what it was given', () => {
    const given = written(
      message([
        { type: 'thinking', text: 'hm', signature: 's' },
        { type: 'redacted-thinking', data: 'ZA==' },
        { type: 'text', text: 'so' },
        { type: 'tool-call', id: 'a', name: 'f', arguments: '{"q":1}', signature: 'g' },
      ]),
    ).choices[0]?.message;
    expect(readOpenAiChat({ messages: [given] }).messages).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'thinking', text: 'hm', signature: 's' },
          { type: 'redacted-thinking', data: 'ZA==' },
          { type: 'text', text: 'so' },
          { type: 'tool-call', id: 'a', name: 'f', arguments: '{"q":1}', signature: 'g' },
        ],
      },
    ]);
  });

  test('R101: prompt tokens are all of them, and so is the total', () => {
    const usage = { input: 5, cacheRead: 100, cacheWrite: 20, output: 9, reasoning: 4 };
    expect(written(message([], { usage })).usage).toEqual({
      prompt_tokens: 125,
      completion_tokens: 9,
      total_tokens: 134,
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
      completion_tokens_details: { reasoning_tokens: 4 },
    });
  });

  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool-call', 'tool_calls'],
    ['filtered', 'content_filter'],
  ] as const)('R110: %s is %s', (finish, reason) => {
    expect(written(message([], { finish })).choices[0]?.finish_reason).toBe(reason);
  });
});

const streamed = async (parts: readonly LlmPart[], includeUsage = false): Promise<string> => {
  let text = '';
  const call = chatCall({}, { includeUsage });
  for await (const line of openAiChat.writeStream(iterate(parts), call, 12_999)) text += line;
  return text;
};
const START: LlmPart = { type: 'start', id: 'm', model: 'claude' };

describe('a streamed answer', () => {
  test('R115: usage only where it was asked for', async () => {
    const usage: LlmPart = { type: 'usage', usage: { input: 5, output: 2 } };
    const parts: LlmPart[] = [
      START,
      usage,
      { type: 'text', text: 'a' },
      { type: 'finish', reason: 'stop' },
      { type: 'end' },
    ];
    const without = await streamed(parts);
    expect(without).not.toContain('usage');
    expect(without.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(assembleChat(await streamed(parts, true)).usage).toMatchObject({ prompt_tokens: 5, total_tokens: 7 });
  });

  test('R107: usage that comes in pieces is put together', async () => {
    const parts: LlmPart[] = [
      START,
      { type: 'usage', usage: { input: 5, cacheRead: 100, output: 1 } },
      { type: 'usage', usage: { output: 9 } },
      { type: 'end' },
    ];
    expect(assembleChat(await streamed(parts, true)).usage).toMatchObject({ prompt_tokens: 105, completion_tokens: 9 });
  });

  test('R108: the total of a stream is the prompt and the answer, whichever piece came last', async () => {
    const parts: LlmPart[] = [
      START,
      { type: 'usage', usage: { input: 5, cacheRead: 100, cacheWrite: 20, output: 1 } },
      { type: 'text', text: 'a' },
      { type: 'usage', usage: { output: 9, reasoning: 4 } },
      { type: 'end' },
    ];
    expect(assembleChat(await streamed(parts, true)).usage).toMatchObject({ completion_tokens: 9, total_tokens: 134 });
  });

  test('R117: a call has its name once, and its fragments only where they belong', async () => {
    const text = await streamed([
      START,
      { type: 'tool-call', index: 0, id: 'a', name: 'f', signature: 'g' },
      { type: 'tool-arguments', index: 0, json: '{"q"' },
      { type: 'tool-arguments', index: 0, json: ':1}' },
      { type: 'end' },
    ]);
    const deltas = assembleChat(text).chunks.map(({ choices }) => choices[0]?.delta.tool_calls);
    expect(deltas.slice(1)).toEqual([
      [
        {
          index: 0,
          id: 'a',
          type: 'function',
          function: { name: 'f', arguments: '' },
          extra_content: { google: { thought_signature: 'g' } },
        },
      ],
      [{ index: 0, function: { arguments: '{"q"' } }],
      [{ index: 0, function: { arguments: ':1}' } }],
    ]);
  });

  test('R122: the signature comes with all that it proves', async () => {
    const parts: LlmPart[] = [
      START,
      { type: 'thinking', text: 'h' },
      { type: 'thinking', text: 'm' },
      { type: 'thinking-signature', signature: 's' },
      { type: 'thinking', text: 'more' },
      { type: 'thinking-signature', signature: 't' },
      { type: 'redacted-thinking', data: 'ZA==' },
      { type: 'end' },
    ];
    expect(assembleChat(await streamed(parts))).toMatchObject({
      reasoning: 'hmmore',
      content: '',
      thinkingBlocks: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'thinking', thinking: 'more', signature: 't' },
        { type: 'redacted_thinking', data: 'ZA==' },
      ],
    });
  });

  test('R129: an error ends it, without [DONE]', () => {
    const text = openAiChat.writeStreamError(new Refusal('upstream_busy'), 'id');
    expect(text).toBe(
      'data: {"error":{"message":"the provider is overloaded","type":"server_error","param":null,"code":"upstream_busy"}}\n\n',
    );
  });
});

describe('a stream that passes through', () => {
  const frame = (data: string): NativeFrame => {
    const json = data.startsWith('{') ? (JSON.parse(data) as Json) : undefined;
    return { dialect: 'openai-chat', event: undefined, data, json };
  };
  const passed = (frames: readonly string[], includeUsage: boolean) =>
    streamed(
      frames.map((data) => ({ type: data === '[DONE]' ? 'end' : 'other', native: frame(data) })),
      includeUsage,
    );
  const chunk = '{"id":"c",  "choices":[{"delta":{"content":"a"}}], "new":1}';
  const withNull = '{"id":"c","choices":[{"delta":{"content":"a"}}],"usage":null}';
  const usage = '{"id":"c","choices":[],"usage":{"prompt_tokens":1}}';

  test('is the same byte for byte for a caller who asked for usage', async () => {
    expect(await passed([chunk, withNull, usage, '[DONE]'], true)).toBe(
      [chunk, withNull, usage, '[DONE]'].map((data) => `data: ${data}\n\n`).join(''),
    );
  });

  test('R115: has no usage for a caller who did not', async () => {
    const text = await passed([chunk, withNull, usage, '[DONE]'], false);
    expect(text).toBe(`data: ${chunk}\n\ndata: {"id":"c","choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n`);
  });

  test('R120: keeps a chunk without choices that says something else', async () => {
    const filter = '{"id":"c","choices":[],"prompt_filter_results":[],"usage":null}';
    expect(await passed([filter], false)).toBe('data: {"id":"c","choices":[],"prompt_filter_results":[]}\n\n');
  });

  test('R127: data that came in several lines leaves in several', async () => {
    expect(await passed(['{"id":"c",\n"choices":[]}'], true)).toBe('data: {"id":"c",\ndata: "choices":[]}\n\n');
  });

  test('parts without a frame of their own are already in the one before', async () => {
    const native = frame(chunk);
    expect(
      await streamed(
        [
          { ...START, native },
          { type: 'text', text: 'a' },
        ],
        true,
      ),
    ).toBe(`data: ${chunk}\n\n`);
  });
});
