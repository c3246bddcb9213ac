import { describe, expect, test } from '@jest/globals';
import { openAiChat } from '../../../lambda/llm/wire/openai-chat.ts';
import { readOpenAiChat } from '../../../lambda/llm/wire/read-openai-chat.ts';
import { anthropic } from '../../../lambda/providers/anthropic.ts';
import { openAi } from '../../../lambda/providers/openai.ts';
import type { Json } from '../../../lambda/providers/provider.ts';
import { chatCall, hubCall, providerConfig } from '../../support/chat-calls.ts';
import { bytesOf, collect } from '../../support/streams.ts';

/**
 * Nothing here may take the square of its input: eight times as much may take eight times as long, with room for a busy machine
 * and a full heap, not 64 times. Each input is large enough that a square would show.
 */
const TIMES = 8;
const MOST = 28;

const bestOf = async (times: number, run: () => unknown): Promise<number> => {
  let best = Number.POSITIVE_INFINITY;
  for (let count = 0; count < times; count++) {
    const since = performance.now();
    await run();
    best = Math.min(best, performance.now() - since);
  }
  return best;
};

/** How many times longer `TIMES` the input takes. Measured again when it looks bad: a busy machine is not a square. */
const growth = async (prepare: (size: number) => () => unknown, size: number): Promise<number> => {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 4 && least > MOST; tries++) {
    const [small, large] = [prepare(size), prepare(TIMES * size)];
    await small();
    await large();
    least = Math.min(least, (await bestOf(3, large)) / (await bestOf(5, small)));
  }
  return least;
};

const WORDS = 'The quick brown fox jumps over the lazy dog, said the gateway. '.repeat(4);

const turn = (index: number): Json[] => [
  { role: 'user', content: `${index} ${WORDS}` },
  {
    role: 'assistant',
    content: WORDS,
    tool_calls: [{ id: `c${index}`, type: 'function', function: { name: 'f', arguments: JSON.stringify({ WORDS }) } }],
  },
  { role: 'tool', tool_call_id: `c${index}`, content: WORDS },
];
const SHAPES: Readonly<Record<string, (messages: number) => Json[]>> = {
  'turns of every role': (count) => Array.from({ length: count / 3 }, (_, index) => turn(index)).flat(),
  'messages of one role': (count) =>
    Array.from({ length: count }, (_, index) => ({ role: 'user', content: `${index}` })),
  'answers of one role': (count) =>
    Array.from({ length: count }, (_, index) => ({ role: 'assistant', content: `${index}` })),
  'calls of one turn': (count) => [
    { role: 'user', content: 'go' },
    ...Array.from({ length: count }, (_, index) => turn(index).slice(1, 2)).flat(),
    ...Array.from({ length: count }, (_, index) => turn(index).slice(2)).flat(),
  ],
  'calls with one id': (count) => [
    { role: 'user', content: 'go' },
    ...Array.from({ length: count / 2 }, () => turn(0).slice(1)).flat(),
  ],
};

describe('OpenAI to Anthropic', () => {
  test.each(Object.entries(SHAPES))('%s take no square', async (_what, messagesOf) => {
    const prepare = (size: number) => {
      const messages = messagesOf(size);
      return () =>
        JSON.stringify(anthropic.toRequest(chatCall({ messages }), 'claude-sonnet-4-5', providerConfig()).body);
    };
    expect(await growth(prepare, 1_500)).toBeLessThan(MOST);
  });
});

describe('to OpenAI', () => {
  test.each(Object.entries(SHAPES))('%s take no square', async (_what, messagesOf) => {
    const prepare = (size: number) => {
      const call = hubCall({ messages: readOpenAiChat({ messages: messagesOf(size) }).messages });
      return () => JSON.stringify(openAi.toRequest(call, 'gpt-4o', providerConfig()).body);
    };
    expect(await growth(prepare, 1_500)).toBeLessThan(MOST);
  });
});

describe('answers', () => {
  const event = (data: Json) => `event: ${String(data.type)}\ndata: ${JSON.stringify(data)}\n\n`;
  const streamOf = (deltas: number): string =>
    [
      { type: 'message_start', message: { id: 'm', model: 'c', usage: { input_tokens: 1, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      ...Array.from({ length: deltas }, () => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'thinking_delta', thinking: 'hm ' },
      })),
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 's' } },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      ...Array.from({ length: deltas }, () => ({
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'text_delta', text: 'word ' },
      })),
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ]
      .map(event)
      .join('');
  const pieces = (bytes: Buffer, size: number): Buffer[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );

  test('a stream takes no square', async () => {
    const prepare = (size: number) => {
      const cut = pieces(Buffer.from(streamOf(size)), 1_400);
      const call = chatCall({ stream: true });
      return () =>
        collect(openAiChat.writeStream(anthropic.toParts(anthropic.decode(bytesOf(...cut), call), call), call, 0));
    };
    expect(await growth(prepare, 1_000)).toBeLessThan(MOST);
  });

  test('one frame that comes in many pieces takes no square', async () => {
    const prepare = (size: number) => {
      const cut = pieces(Buffer.from(`data: ${JSON.stringify({ x: 'y'.repeat(size) })}\n\n`), 1_400);
      return () => collect(openAi.decode(bytesOf(...cut), chatCall({})));
    };
    expect(await growth(prepare, 1_000_000)).toBeLessThan(MOST);
  });

  test('a whole answer takes no square', async () => {
    const prepare = (size: number) => {
      const content = Array.from({ length: size }, (_, index) => ({
        type: 'tool_use',
        id: `t${index}`,
        name: 'f',
        input: { WORDS },
      }));
      const call = chatCall({});
      return () => JSON.stringify(openAiChat.writeMessage(anthropic.toMessage({ content }, call), call, 0));
    };
    expect(await growth(prepare, 1_500)).toBeLessThan(MOST);
  });
});
