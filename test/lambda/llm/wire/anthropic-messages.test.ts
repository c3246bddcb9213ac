import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LlmCall, LlmMessage, LlmPart } from '../../../../lambda/core/llm.ts';
import { NO_USAGE } from '../../../../lambda/core/llm.ts';
import { Refusal } from '../../../../lambda/core/refusal.ts';
import { anthropicMessages } from '../../../../lambda/llm/wire/anthropic-messages.ts';
import { anthropic } from '../../../../lambda/providers/anthropic.ts';
import { openAi } from '../../../../lambda/providers/openai.ts';
import { assembleAnthropic } from '../../../support/anthropic-stream.ts';
import { callIn, collected, inFrame, streamed } from '../../../support/llm-call.ts';

const CALL: LlmCall = callIn(anthropicMessages, {
  model: 'smart',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'x'.repeat(400) }],
});
const USAGE = { ...NO_USAGE, input: 5, cacheRead: 100, cacheWrite: 20, output: 9 };

const message = (more: Partial<LlmMessage>): LlmMessage => ({
  id: 'chatcmpl-1',
  model: 'gpt-4o',
  content: [{ type: 'text', text: 'hi' }],
  finish: 'stop',
  usage: USAGE,
  ...more,
});
const written = (more: Partial<LlmMessage>) => anthropicMessages.writeMessage(message(more), CALL, 0);
const lines = async (parts: Iterable<LlmPart>): Promise<string> =>
  (await collected(anthropicMessages.writeStream(streamed(parts), CALL, 0))).items.join('');
const assembled = async (parts: Iterable<LlmPart>) => assembleAnthropic(await lines(parts));

const START: LlmPart = { type: 'start', id: 'chatcmpl-1', model: 'gpt-4o' };
const END: readonly LlmPart[] = [{ type: 'finish', reason: 'stop' }, { type: 'usage', usage: USAGE }, { type: 'end' }];
const call = (index: number, name = 'f'): LlmPart => ({ type: 'tool-call', index, id: `call_${index}`, name });
const args = (index: number, json: string): LlmPart => ({ type: 'tool-arguments', index, json });
const text = (words: string): LlmPart => ({ type: 'text', text: words });
const thinking = (words: string): LlmPart => ({ type: 'thinking', text: words });

describe('a whole answer', () => {
  test("is Anthropic's message, with usage that does not count the cache twice (R104)", () => {
    expect(written({})).toEqual({
      id: 'chatcmpl-1',
      type: 'message',
      role: 'assistant',
      model: 'gpt-4o',
      content: [{ type: 'text', text: 'hi' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 5, cache_creation_input_tokens: 20, cache_read_input_tokens: 100, output_tokens: 9 },
    });
  });

  test('R14: without an id or a model it has the ones of the call', () => {
    expect(written({ id: '', model: '' })).toMatchObject({ id: 'msg_req_1', model: 'smart' });
  });

  test.each<[Partial<LlmMessage>, string, string | null]>([
    [{ finish: 'stop' }, 'end_turn', null],
    [{ finish: 'stop', stopSequence: 'END' }, 'stop_sequence', 'END'],
    [{ finish: 'length' }, 'max_tokens', null],
    [{ finish: 'length', content: [{ type: 'tool-call', id: 'a', name: 'f', arguments: '{"q' }] }, 'max_tokens', null],
    [{ finish: 'tool-call' }, 'tool_use', null],
    [{ finish: 'stop', content: [{ type: 'tool-call', id: 'a', name: 'f', arguments: '{}' }] }, 'tool_use', null],
    [{ finish: 'filtered' }, 'refusal', null],
  ])('R112, R113: %j stops with %s', (more, stop_reason, stop_sequence) => {
    expect(written(more)).toMatchObject({ stop_reason, stop_sequence });
  });

  test('R34-R36: arguments are an object, whatever the model wrote', () => {
    const inputs = ['{"q":1}', '', '{"q', '[1]', 'null'].map((json, index) => ({
      type: 'tool-call' as const,
      id: `c${index}`,
      name: 'f',
      arguments: json,
    }));
    expect(written({ content: inputs }).content).toMatchObject([{ q: 1 }, {}, {}, {}, {}].map((input) => ({ input })));
  });

  test('R37: ids are good for Anthropic too, and no call is without one', () => {
    const calls = ['functions.f:0', ''].map((id) => ({ type: 'tool-call' as const, id, name: 'f', arguments: '' }));
    const ids = (written({ content: calls }).content as { id: string }[]).map(({ id }) => id);
    expect(ids[0]).toMatch(/^functions_f_0_[0-9a-f]{8}$/);
    expect(ids[1]).toBe('toolu_req_1_1');
  });

  test('R78, R81, R83: thinking, redacted thinking and signatures', () => {
    const content = written({
      content: [
        { type: 'thinking', text: 'hm', signature: 's' },
        { type: 'thinking', text: 'unsigned' },
        { type: 'redacted-thinking', data: 'd' },
        { type: 'text', text: '' },
        { type: 'tool-call', id: 'a', name: 'f', arguments: '{}', signature: 'g' },
      ],
    }).content;
    expect(content).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'thinking', thinking: 'unsigned', signature: '' },
      { type: 'redacted_thinking', data: 'd' },
      { type: 'tool_use', id: 'a', name: 'f', input: {}, extra_content: { google: { thought_signature: 'g' } } },
    ]);
  });

  test('R105: thinking tokens are part of the output', () => {
    expect(written({ usage: { ...USAGE, reasoning: 4 } }).usage).toMatchObject({
      output_tokens: 9,
      output_tokens_details: { thinking_tokens: 4 },
    });
  });

  test('R109: a provider that did not count is estimated, not reported as nothing', () => {
    const { usage } = written({ usage: NO_USAGE, content: [{ type: 'text', text: 'y'.repeat(80) }] });
    expect(usage).toMatchObject({ input_tokens: expect.any(Number), output_tokens: 20 });
    expect((usage as { input_tokens: number }).input_tokens).toBeGreaterThan(50);
  });

  test('R143: an answer without content is a message without content', () => {
    expect(written({ content: [] })).toMatchObject({ content: [], stop_reason: 'end_turn' });
  });
});

describe('a streamed answer', () => {
  test('R118: is told in order, each event under its own name', async () => {
    const written = await lines([START, text('Hel'), text('lo'), ...END]);
    expect(written.match(/^event: .*$/gm)).toEqual([
      'event: message_start',
      'event: content_block_start',
      'event: content_block_delta',
      'event: content_block_delta',
      'event: content_block_stop',
      'event: message_delta',
      'event: message_stop',
    ]);
    expect(assembleAnthropic(written)).toEqual({
      ...anthropicMessages.writeMessage(message({ content: [{ type: 'text', text: 'Hello' }] }), CALL, 0),
    });
    expect(written).not.toContain('[DONE]');
  });

  test('R115: usage that comes after the finish is in message_delta', async () => {
    const written = await lines([START, text('a'), ...END]);
    expect(written).toContain(
      '"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":5,"cache_creation_input_tokens":20,"cache_read_input_tokens":100,"output_tokens":9}}',
    );
  });

  test('R107: message_start has the usage that is known, and an estimate where none is', async () => {
    const usageOf = (written: string) => JSON.parse(/^data: (.*)$/m.exec(written)?.[1] ?? '').message.usage;
    const known = await lines([START, { type: 'usage', usage: { input: 7, cacheRead: 3 } }, text('a'), ...END]);
    expect(usageOf(known)).toEqual({
      input_tokens: 7,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 3,
      output_tokens: 1,
    });
    const unknown = usageOf(await lines([START, text('a'), ...END]));
    expect(unknown.input_tokens).toBeGreaterThan(50);
  });

  test('R109: usage that never comes is estimated', async () => {
    const { usage } = await assembled([
      START,
      text('y'.repeat(80)),
      { type: 'finish', reason: 'stop' },
      { type: 'end' },
    ]);
    expect(usage).toMatchObject({ output_tokens: 20 });
    expect((usage as { input_tokens: number }).input_tokens).toBeGreaterThan(50);
  });

  test('R119: calls that OpenAI tells of at once follow one another, and nothing of them is lost', async () => {
    const parts = [call(0), call(1, 'g'), args(0, '{"a"'), args(1, '{"b"'), args(0, ':1}'), args(1, ':2}')];
    const { content, stop_reason } = await assembled([START, ...parts, ...END]);
    expect(content).toMatchObject([
      { name: 'f', input: { a: 1 } },
      { name: 'g', input: { b: 2 } },
    ]);
    expect(stop_reason).toBe('tool_use');
  });

  test('R119: a call that is complete makes way at once for the next', async () => {
    const written = await lines([
      START,
      call(0),
      args(0, '{"a":1}'),
      call(1, 'g'),
      args(1, '{"b'),
      args(1, '":2}'),
      ...END,
    ]);
    expect(written.match(/"type":"content_block_(start|stop)"|partial_json":"[^}]*}/g)).toEqual([
      '"type":"content_block_start"',
      'partial_json":"{\\"a\\":1}',
      '"type":"content_block_stop"',
      '"type":"content_block_start"',
      'partial_json":"{\\"b"}',
      'partial_json":"\\":2}',
      '"type":"content_block_stop"',
    ]);
  });

  test('R118: whatever follows a text ends it at once', async () => {
    const writer = anthropicMessages.writeStream(
      streamed([START, thinking('a'), text('b'), call(0), args(0, '{')]),
      CALL,
      0,
    );
    const events = (await collected(writer)).items.map((line) => JSON.parse(line.split('\ndata: ')[1] ?? ''));
    expect(events.map(({ type, index }) => [type, index])).toEqual([
      ['message_start', undefined],
      ['content_block_start', 0],
      ['content_block_delta', 0],
      ['content_block_stop', 0],
      ['content_block_start', 1],
      ['content_block_delta', 1],
      ['content_block_stop', 1],
      ['content_block_start', 2],
      ['content_block_delta', 2],
    ]);
  });

  test('R120: text between the fragments of a call waits for the call', async () => {
    const parts = [text('a'), call(0), args(0, '{"q"'), text('b'), args(0, ':1}'), text('c')];
    const { content } = await assembled([START, ...parts, ...END]);
    expect(content).toMatchObject([{ text: 'a' }, { input: { q: 1 } }, { text: 'bc' }]);
  });

  test('R121: a call without arguments has none', async () => {
    const { content } = await assembled([START, call(0), args(0, '{}'), call(1), ...END]);
    expect(content).toMatchObject([{ input: {} }, { input: {} }]);
  });

  test('R122: thinking ends with its signature, before the text, and a second thought is a block of its own', async () => {
    const sign = (signature: string): LlmPart => ({ type: 'thinking-signature', signature });
    const { content } = await assembled([
      START,
      thinking('a'),
      thinking('b'),
      sign('s1'),
      thinking('c'),
      sign('s2'),
      { type: 'redacted-thinking', data: 'd' },
      text('e'),
      ...END,
    ]);
    expect(content).toEqual([
      { type: 'thinking', thinking: 'ab', signature: 's1' },
      { type: 'thinking', thinking: 'c', signature: 's2' },
      { type: 'redacted_thinking', data: 'd' },
      { type: 'text', text: 'e' },
    ]);
  });

  test('R122: reasoning that nobody signed is closed before the text', async () => {
    const { content } = await assembled([START, thinking('a'), text('b'), ...END]);
    expect(content).toEqual([
      { type: 'thinking', thinking: 'a', signature: '' },
      { type: 'text', text: 'b' },
    ]);
  });

  test('R113: the stop sequence that was met', async () => {
    const finish: LlmPart = { type: 'finish', reason: 'stop', stopSequence: 'END' };
    const whole = await assembled([START, text('a'), finish, { type: 'end' }]);
    expect(whole).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' });
  });

  test('an answer without a start, or without anything, is still a message', async () => {
    expect(await assembled([text('a'), ...END])).toMatchObject({ id: 'msg_req_1', model: 'smart' });
    expect(await assembled([{ type: 'end' }])).toMatchObject({ content: [], stop_reason: 'end_turn' });
  });

  test("R118: whatever the order of the parts, the events keep Anthropic's order and lose nothing", async () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('text' as const), words: fc.string({ maxLength: 5 }) }),
      fc.record({ do: fc.constant('thinking' as const), words: fc.string({ maxLength: 5 }) }),
      fc.record({ do: fc.constant('sign' as const) }),
      fc.record({ do: fc.constant('call' as const) }),
      fc.record({ do: fc.constant('arguments' as const), which: fc.nat(3), chars: fc.integer({ min: 1, max: 4 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const parts: LlmPart[] = [START];
        const left: string[] = [];
        const said = { text: '', thinking: '' };
        for (const one of actions) {
          if (one.do === 'text' || one.do === 'thinking') {
            parts.push({ type: one.do, text: one.words });
            said[one.do] += one.words;
          } else if (one.do === 'sign') parts.push({ type: 'thinking-signature', signature: 's' });
          else if (one.do === 'call') {
            parts.push(call(left.length));
            left.push(JSON.stringify({ n: left.length }));
          } else {
            const json = left[one.which];
            if (json === undefined || json === '') continue;
            parts.push(args(one.which, json.slice(0, one.chars)));
            left[one.which] = json.slice(one.chars);
          }
        }
        for (const [index, json] of left.entries()) if (json !== '') parts.push(args(index, json));
        const { content } = await assembled([...parts, ...END]);
        const join = (type: string, field: string) =>
          content.flatMap((block) => (block.type === type ? [block[field]] : [])).join('');
        expect(join('text', 'text')).toBe(said.text);
        expect(join('thinking', 'thinking')).toBe(said.thinking);
        const inputs = content.flatMap((block) => (block.type === 'tool_use' ? [block.input] : []));
        expect(inputs).toEqual(left.map((_, index) => ({ n: index })));
      }),
    );
  });
});

describe("Anthropic's own stream", () => {
  const frames = [
    ['message_start', '{"type":"message_start", "message":{"id":"msg_1","usage":{"input_tokens":3}}}'],
    ['ping', '{"type": "ping"}'],
    ['something_new', '{"type":"something_new","x":[1,  2]}'],
    ['content_block_delta', '{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta"}}'],
    ['message_stop', '{"type":"message_stop"}'],
  ] as const;

  test('passes byte for byte, pings and unknown events included', async () => {
    const bytes = frames.map(([name, data]) => `event: ${name}\ndata: ${data}\n\n`).join('');
    const parts = anthropic.toParts(anthropic.decode(streamed([Buffer.from(bytes)]), CALL), CALL);
    const { items } = await collected(anthropicMessages.writeStream(parts, CALL, 0));
    expect(items.join('')).toBe(bytes);
  });

  test('passes data of several lines as several lines, and names an event that has no name', async () => {
    const data = '{"type":"ping",\n"x":1}';
    const { items } = await collected(
      anthropicMessages.writeStream(streamed([inFrame({ type: 'other' }, 'anthropic-messages', data)]), CALL, 0),
    );
    expect(items).toEqual(['event: ping\ndata: {"type":"ping",\ndata: "x":1}\n\n']);
  });
});

describe('a stream of OpenAI', () => {
  const chunk = (delta: object, finish: string | null = null, more: object = {}) =>
    `data: ${JSON.stringify({ id: 'c1', created: 1, model: 'gpt-4o', choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`;
  const fragment = (index: number, json: string) => chunk({ tool_calls: [{ index, function: { arguments: json } }] });
  const head = (index: number, name: string) =>
    chunk({ tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }] });
  const BYTES = Buffer.from(
    [
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: 'hm é' }),
      chunk({ content: 'Hé 🙂' }),
      head(0, 'f'),
      head(1, 'g'),
      fragment(1, '{"b'),
      fragment(0, '{"a":1}'),
      fragment(1, '":2}'),
      chunk({}, 'tool_calls'),
      `data: ${JSON.stringify({ id: 'c1', choices: [], usage: { prompt_tokens: 125, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 100 } } })}\n\n`,
      'data: [DONE]\n\n',
    ].join(''),
  );
  const through = async (pieces: readonly Uint8Array[]) => {
    const parts = openAi.toParts(openAi.decode(streamed(pieces), CALL), CALL);
    const { items, thrown } = await collected(anthropicMessages.writeStream(parts, CALL, 0));
    return { written: items.join(''), thrown };
  };

  test('becomes one message, as if it had not been streamed', async () => {
    const { written, thrown } = await through([BYTES]);
    expect(thrown).toBeUndefined();
    expect(assembleAnthropic(written)).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'hm é' },
        { type: 'text', text: 'Hé 🙂' },
        { type: 'tool_use', id: 'call_0', name: 'f', input: { a: 1 } },
        { type: 'tool_use', id: 'call_1', name: 'g', input: { b: 2 } },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 25, cache_read_input_tokens: 100, output_tokens: 9 },
    });
  });

  test('R127: is the same however its bytes are cut', async () => {
    const { written } = await through([BYTES]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 50 }), async (sizes) => {
        const pieces: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < BYTES.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          pieces.push(BYTES.subarray(at, at + size));
          at += size;
        }
        expect((await through(pieces)).written).toBe(written);
      }),
      { numRuns: 30 },
    );
  });

  test('R128: cut at any byte before its end, it never ends well', async () => {
    const terminator = BYTES.lastIndexOf('[DONE]') + '[DONE]'.length;
    for (let length = 0; length < terminator; length++) {
      const { written, thrown } = await through([BYTES.subarray(0, length)]);
      expect(written).not.toContain('message_stop');
      expect(thrown).toBeInstanceOf(Refusal);
    }
    expect((await through([BYTES.subarray(0, terminator)])).written).toContain('message_stop');
  });
});

describe('refusals', () => {
  test("R129, R133: are Anthropic's, in a stream as an event", () => {
    const refusal = new Refusal('upstream_busy');
    const body = {
      type: 'error',
      error: { type: 'overloaded_error', message: 'the provider is overloaded' },
      request_id: 'req_1',
    };
    expect(anthropicMessages.writeRefusal(refusal, 'req_1')).toEqual(body);
    expect(anthropicMessages.writeStreamError(refusal, 'req_1')).toBe(
      `event: error\ndata: ${JSON.stringify(body)}\n\n`,
    );
  });

  test('R139: a conversation that is too long is said to be so in the words that agents look for', () => {
    const { error } = anthropicMessages.writeRefusal(new Refusal('context_length_exceeded'), 'req_1');
    expect(error).toEqual({
      type: 'invalid_request_error',
      message: expect.stringMatching(/^prompt is too long: the conversation is longer/),
    });
  });
});
