import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Block, LlmMessage, LlmPart } from '../../../../lambda/core/llm.ts';
import { Refusal } from '../../../../lambda/core/refusal.ts';
import { openAiResponses } from '../../../../lambda/llm/wire/openai-responses.ts';
import { readOpenAiResponseParts } from '../../../../lambda/providers/openai-responses-reply.ts';
import { serverSentEvents } from '../../../../lambda/providers/server-sent-events.ts';
import { callIn, collected, inFrame, streamed } from '../../../support/llm-call.ts';
import { assembleResponse, readResponseEvents } from '../../../support/responses-stream.ts';

const NOW = 1_760_000_000_500;
const read = (body: object) => openAiResponses.readRequest({ model: 'm', ...body });
const callOf = (body: object = {}) => callIn(openAiResponses, { model: 'm', input: 'hi', ...body });
const said = (input: unknown) => read({ input }).messages;
const refused = (body: object): Refusal => {
  try {
    read(body);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
  }
  throw new Error('not refused');
};
const text = (words: string): Block => ({ type: 'text', text: words });

describe('what a caller sends', () => {
  test('R148: a string is what the user says, instructions are the system', () => {
    expect(read({ input: 'hi', instructions: 'Be kind' })).toMatchObject({
      system: [text('Be kind')],
      messages: [{ role: 'user', content: [text('hi')] }],
    });
  });

  test('R1, R2: messages of every role, their content a string or parts', () => {
    const input = [
      { role: 'system', content: 'A' },
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'B' }] },
      { role: 'user', content: [{ type: 'input_text', text: 'c' }] },
      { role: 'assistant', content: [{ type: 'output_text', text: 'd', annotations: [] }] },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] },
    ];
    const prompt = read({ input, instructions: 'I' });
    expect(prompt.system).toEqual([text('I'), text('A'), text('B')]);
    expect(prompt.messages).toEqual([
      { role: 'user', content: [text('c')] },
      { role: 'assistant', content: [text('d'), text('no')] },
    ]);
  });

  test('R148: calls join the turn of the assistant, their results that of the user (R41)', () => {
    const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{"a":1}' });
    const result = (id: string, output: unknown) => ({ type: 'function_call_output', call_id: id, output });
    const input = [
      { role: 'assistant', content: 'wait' },
      call('a'),
      call('b'),
      result('a', 'one'),
      result('b', [{ type: 'input_image', image_url: 'data:image/png;base64,AAAA' }]),
      { role: 'user', content: 'well?' },
    ];
    const toolCall = (id: string) => ({ type: 'tool-call', id, name: 'f', arguments: '{"a":1}' });
    expect(said(input)).toEqual([
      { role: 'assistant', content: [text('wait'), toolCall('a'), toolCall('b')] },
      {
        role: 'user',
        content: [
          { type: 'tool-result', callId: 'a', content: [text('one')], isError: false },
          {
            type: 'tool-result',
            callId: 'b',
            content: [{ type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' } }],
            isError: false,
          },
          text('well?'),
        ],
      },
    ]);
  });

  test('R86, R90: images and files, as data or by address', () => {
    const content = [
      { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
      { type: 'input_file', file_data: 'AAAA' },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
    ];
    const pdf = { type: 'base64', mediaType: 'application/pdf', data: 'AAAA' };
    expect(said([{ role: 'user', content }])[0]?.content).toEqual([
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' }, detail: 'low' },
      { type: 'document', source: pdf, name: 'a.pdf' },
      { type: 'document', source: pdf },
      { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
    ]);
  });

  test.each([
    [{ type: 'input_image', file_id: 'file-1' }, 'input_image'],
    [{ type: 'input_file', file_id: 'file-1' }, 'input_file'],
    [{ type: 'input_hologram' }, 'input_hologram'],
  ])('%j is content that only OpenAI has', (part, kind) => {
    expect(said([{ role: 'user', content: [part] }])[0]?.content).toEqual([
      { type: 'other', dialect: 'openai-responses', kind, raw: part },
    ]);
  });

  test('items of OpenAI’s own tools and references to its server are refused by others, not forgotten', () => {
    const items = [
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      { type: 'item_reference', id: 'msg_1' },
    ];
    expect(said(items)[0]?.content.map((block) => block.type === 'other' && block.kind)).toEqual([
      'web_search_call',
      'item_reference',
    ]);
  });

  test('R15, R22, R27: functions in their flat form, other tools by their type', () => {
    const parameters = { type: 'object', properties: { a: {} }, additionalProperties: false };
    const tools = [
      { type: 'function', name: 'f', description: 'd', parameters, strict: true },
      { type: 'function', name: 'g', parameters: null, strict: null },
      { type: 'web_search' },
    ];
    const prompt = read({
      input: 'x',
      tools,
      tool_choice: { type: 'function', name: 'f' },
      parallel_tool_calls: false,
    });
    expect(prompt.tools).toEqual([{ name: 'f', description: 'd', parameters, strict: true }, { name: 'g' }]);
    expect(prompt).toMatchObject({
      foreignTools: ['web_search'],
      toolChoice: { type: 'tool', name: 'f' },
      parallelToolCalls: false,
    });
    expect(read({ input: 'x', tools, tool_choice: 'required' }).toolChoice).toEqual({ type: 'required' });
    expect(read({ input: 'x', tools, tool_choice: { type: 'web_search' } }).foreign).toEqual(['tool_choice']);
  });

  test('R33: allowed_tools leaves those it names', () => {
    const tools = ['f', 'g'].map((name) => ({ type: 'function', name }));
    const choice = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'g' }] };
    expect(read({ input: 'x', tools, tool_choice: choice })).toMatchObject({
      tools: [{ name: 'g' }],
      toolChoice: { type: 'required' },
    });
  });

  test('R148: limits, format and effort have their own names', () => {
    const schema = { type: 'object', properties: {} };
    const body = {
      input: 'x',
      max_output_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      text: { format: { type: 'json_schema', name: 'r', schema, strict: true } },
      reasoning: { effort: 'max', summary: 'auto' },
      safety_identifier: 'u',
    };
    expect(read(body)).toMatchObject({
      maxTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      responseFormat: { type: 'json-schema', name: 'r', schema, strict: true },
      reasoning: { effort: 'xhigh' },
      user: 'u',
      foreign: [],
    });
    expect(read({ input: 'x', text: { format: { type: 'json_object' } } }).responseFormat).toEqual({ type: 'json' });
    expect(read({ input: 'x', text: { format: { type: 'text' } } }).responseFormat).toBeUndefined();
  });

  test('what only OpenAI knows is named; what everybody honours is not', () => {
    const everybody = { store: false, truncation: 'disabled', include: ['reasoning.encrypted_content'], metadata: {} };
    expect(read({ input: 'x', ...everybody, background: false, stream: false }).foreign).toEqual([]);
    const openAis = {
      store: true,
      truncation: 'auto',
      include: ['web_search_call.results'],
      text: { verbosity: 'low' },
      reasoning: { effort: 'low', context: 'all_turns' },
      prompt_cache_key: 'k',
      previous_response_id: 'resp_1',
      max_tool_calls: null,
    };
    expect([...read({ input: 'x', ...openAis }).foreign].sort()).toEqual([
      'include',
      'previous_response_id',
      'prompt_cache_key',
      'reasoning.context',
      'store',
      'text.verbosity',
      'truncation',
    ]);
  });

  test.each([
    [{}, 'input'],
    [{ input: [] }, 'input'],
    [{ input: 5 }, 'input'],
    [{ input: ['x'] }, 'input[0]'],
    [{ input: [{ role: 'robot', content: 'x' }] }, 'input[0].role'],
    [{ input: [{ role: 'user' }] }, 'input[0].content'],
    [{ input: [{ role: 'user', content: [{ type: 'input_text' }] }] }, 'input[0].content[0].text'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] },
      'input[0].content[0].image_url',
    ],
    [{ input: [{ role: 'user', content: [{ type: 'input_file', file_data: '%' }] }] }, 'input[0].content[0].file_data'],
    [{ input: [{ type: 'function_call', name: 'f', arguments: '' }] }, 'input[0].call_id'],
    [{ input: [{ type: 'function_call', call_id: 'a', name: 'f', arguments: {} }] }, 'input[0].arguments'],
    [{ input: [{ type: 'function_call_output', call_id: 'a', output: 5 }] }, 'input[0].output'],
    [{ input: 'x', instructions: 5 }, 'instructions'],
    [{ input: 'x', tools: {} }, 'tools'],
    [{ input: 'x', tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ input: 'x', tool_choice: 'maybe' }, 'tool_choice'],
    [{ input: 'x', tool_choice: { type: 'function', name: 'f' } }, 'tool_choice.name'],
    [{ input: 'x', max_output_tokens: 0 }, 'max_output_tokens'],
    [{ input: 'x', temperature: 3 }, 'temperature'],
    [{ input: 'x', text: { format: { type: 'xml' } } }, 'text.format.type'],
    [{ input: 'x', text: { format: { type: 'json_schema', name: 'r' } } }, 'text.format.schema'],
    [{ input: 'x', reasoning: { effort: 'heroic' } }, 'reasoning.effort'],
  ])('%j is refused at %s', (body, param) => {
    expect(refused(body)).toMatchObject({ code: 'invalid_request', param });
  });

  test('what would run on after its answer is refused', () => {
    expect(refused({ input: 'x', background: true })).toMatchObject({
      code: 'unsupported_parameter',
      param: 'background',
    });
  });

  test('a conversation at OpenAI may be all there is', () => {
    expect(read({ previous_response_id: 'resp_1' }).messages).toEqual([]);
  });
});

const START: LlmPart = { type: 'start', id: 'msg_1', model: 'claude', created: 1_700_000_000 };
const USAGE: LlmPart = { type: 'usage', usage: { input: 5, cacheRead: 100, cacheWrite: 20, output: 9, reasoning: 4 } };
const END: LlmPart[] = [USAGE, { type: 'finish', reason: 'stop' }, { type: 'end' }];
const stream = async (parts: LlmPart[], body: object = {}) =>
  (await collected(openAiResponses.writeStream(streamed(parts), callOf(body), NOW))).items.join('');
const words = (words: string): LlmPart => ({ type: 'text', text: words });
const call = (index: number, name: string): LlmPart => ({ type: 'tool-call', index, id: `call_${name}`, name });
const args = (index: number, json: string): LlmPart => ({ type: 'tool-arguments', index, json });

describe('a streamed answer', () => {
  test('R148: has its events in OpenAI’s order, numbered', async () => {
    const types = readResponseEvents(await stream([START, words('Hel'), words('lo'), ...END])).map(({ type }) => type);
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
  });

  test('ends with the whole response, in which what the caller asked for is repeated', async () => {
    const tools = [{ type: 'function', name: 'f', parameters: null, strict: null }];
    const response = assembleResponse(
      await stream([START, words('Hello'), ...END], {
        instructions: 'Be kind',
        temperature: 0.5,
        tools,
        metadata: { a: 'b' },
      }),
    );
    expect(response).toMatchObject({
      id: 'resp_msg_1',
      object: 'response',
      created_at: 1_700_000_000,
      status: 'completed',
      model: 'claude',
      error: null,
      incomplete_details: null,
      instructions: 'Be kind',
      temperature: 0.5,
      tools,
      metadata: { a: 'b' },
      store: false,
      previous_response_id: null,
    });
    expect(response.output).toEqual([
      {
        type: 'message',
        id: 'msg_msg_1_0',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Hello', annotations: [], logprobs: [] }],
      },
    ]);
  });

  test('R101, R105: input includes what was cached, output what was thought', async () => {
    expect(assembleResponse(await stream([START, ...END])).usage).toEqual({
      input_tokens: 125,
      input_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
      output_tokens: 9,
      output_tokens_details: { reasoning_tokens: 4 },
      total_tokens: 134,
    });
  });

  test('R109: has no usage rather than zeros where nobody counted', async () => {
    expect(assembleResponse(await stream([START, words('x'), { type: 'end' }])).usage).toBeNull();
  });

  test('usage that comes after the finish still counts', async () => {
    const parts: LlmPart[] = [START, words('x'), { type: 'finish', reason: 'stop' }, USAGE, { type: 'end' }];
    expect(assembleResponse(await stream(parts)).usage).toMatchObject({ total_tokens: 134 });
  });

  test.each([
    ['length', 'max_output_tokens'],
    ['filtered', 'content_filter'],
  ] as const)('R130: cut short by %s it is incomplete, for %s', async (reason, why) => {
    const text = await stream([START, words('Hel'), { type: 'finish', reason }, { type: 'end' }]);
    const response = assembleResponse(text);
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason: why } });
    expect(response.output[0]).toMatchObject({ status: 'incomplete' });
    expect(text).not.toContain('response.completed');
  });

  test('R117: calls one after the other are done one after the other', async () => {
    const text = await stream([
      START,
      words('wait'),
      call(0, 'f'),
      args(0, '{"a"'),
      args(0, ':1}'),
      call(1, 'g'),
      args(1, '{}'),
      { type: 'finish', reason: 'tool-call' },
      { type: 'end' },
    ]);
    expect(assembleResponse(text)).toMatchObject({
      status: 'completed',
      output: [
        { type: 'message' },
        { type: 'function_call', call_id: 'call_f', name: 'f', arguments: '{"a":1}', status: 'completed' },
        { type: 'function_call', call_id: 'call_g', name: 'g', arguments: '{}' },
      ],
    });
    const order = readResponseEvents(text).map(({ type, output_index: at }) => `${String(type)} ${String(at)}`);
    expect(order.indexOf('response.output_item.done 1')).toBeLessThan(order.indexOf('response.output_item.added 2'));
  });

  test('R119: calls whose arguments interleave stay apart', async () => {
    const text = await stream([
      START,
      call(0, 'f'),
      call(1, 'g'),
      args(1, '{"b"'),
      args(0, '{"a"'),
      args(1, ':2}'),
      args(0, ':1}'),
      { type: 'end' },
    ]);
    expect(assembleResponse(text).output).toMatchObject([{ arguments: '{"a":1}' }, { arguments: '{"b":2}' }]);
  });

  test('R121: a call without arguments has empty ones', async () => {
    const text = await stream([START, call(0, 'f'), { type: 'end' }]);
    expect(assembleResponse(text).output).toMatchObject([{ arguments: '{}' }]);
    expect(text).toContain('"delta":"{}"');
  });

  test('a call that its server gave no id gets one', async () => {
    const parts: LlmPart[] = [START, { type: 'tool-call', index: 0, id: '', name: 'f' }, { type: 'end' }];
    expect(assembleResponse(await stream(parts)).output).toMatchObject([{ call_id: 'call_msg_1_0' }]);
  });

  test('a provider that never says who it is still gives a response', async () => {
    const response = assembleResponse(await stream([words('x'), { type: 'end' }]));
    expect(response).toMatchObject({ id: 'resp_req_1', model: 'm', created_at: 1_760_000_000 });
  });

  test('R128, R129: one that breaks off says so and never ends like one that did not', async () => {
    async function* broken(): AsyncIterable<LlmPart> {
      yield* [START, words('Hel'), call(0, 'f'), args(0, '{"a')];
      throw new Refusal('upstream_truncated');
    }
    const { items, thrown } = await collected(openAiResponses.writeStream(broken(), callOf(), NOW));
    const text = items.join('');
    expect(thrown).toMatchObject({ code: 'upstream_truncated' });
    expect(readResponseEvents(text).slice(-2)).toMatchObject([
      { type: 'error', code: 'upstream_truncated', message: 'the provider broke off its answer', param: null },
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error' } } },
    ]);
    expect(assembleResponse(text).output).toMatchObject([
      { type: 'message', status: 'completed' },
      { type: 'function_call', status: 'incomplete', arguments: '{"a' },
    ]);
    expect(text).not.toMatch(/response\.(completed|incomplete)/);
    expect(openAiResponses.writeStreamError(new Refusal('upstream_truncated'), 'id')).toBe('');
  });

  test('a caller that has left is told nothing', async () => {
    async function* left(): AsyncIterable<LlmPart> {
      yield START;
      throw new Refusal('caller_left');
    }
    const { items } = await collected(openAiResponses.writeStream(left(), callOf(), NOW));
    expect(items.join('')).not.toContain('failed');
  });
});

const answer = (content: readonly Block[], more: Partial<LlmMessage> = {}): LlmMessage => ({
  id: 'msg_1',
  model: 'claude',
  created: 1_700_000_000,
  content,
  finish: 'stop',
  usage: { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 },
  ...more,
});
type Item = Record<string, unknown>;
const outputOf = (content: readonly Block[]): Item[] =>
  openAiResponses.writeMessage(answer(content), callOf(), NOW).output as Item[];

describe('a whole answer', () => {
  test('R13: texts join without anything between', () => {
    expect(outputOf([text('Hel'), text('lo')])).toMatchObject([{ content: [{ text: 'Hello' }] }]);
  });

  test('an empty one has no output', () => {
    expect(outputOf([text('')])).toEqual([]);
  });

  test('R78–R81: what was thought comes back as it went, and never as somebody else’s', () => {
    const content: Block[] = [
      { type: 'thinking', text: 'hm', signature: 'sig==' },
      { type: 'thinking', text: '', signature: 'alone' },
      { type: 'redacted-thinking', data: 'b64==' },
      { type: 'thinking', text: 'unsigned' },
      text('so'),
    ];
    const output = outputOf(content);
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'reasoning', 'reasoning', 'reasoning', 'message']);
    expect(output[0]).toMatchObject({ summary: [{ type: 'summary_text', text: 'hm' }] });
    expect(new Set(output.map(({ id }) => id)).size).toBe(5);
    expect(said(output)).toEqual([{ role: 'assistant', content }]);
  });

  test('R83: the signature of a call comes back on the same call', () => {
    const content: Block[] = [
      { type: 'tool-call', id: 'a', name: 'f', arguments: '{}', signature: 'sig==' },
      { type: 'tool-call', id: 'b', name: 'g', arguments: '{"x":1}' },
    ];
    const output = outputOf(content);
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'function_call', 'function_call']);
    expect(said(output)).toEqual([{ role: 'assistant', content }]);
  });

  test('R80: reasoning that OpenAI sealed goes to nobody else', () => {
    const input = [
      { role: 'user', content: 'x' },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' },
      { type: 'reasoning', id: 'rs_2', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAAA' },
    ];
    const prompt = read({ input });
    expect(prompt.messages[1]?.content).toEqual([{ type: 'thinking', text: 'hm' }]);
    expect(prompt.foreign).toEqual(['input.reasoning.encrypted_content']);
  });
});

const json = fc.oneof(fc.constant(''), fc.json());
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: fc.string() }),
  fc.record({ type: fc.constant('thinking' as const), text: fc.string(), signature: fc.string() }),
  fc.record({ type: fc.constant('redacted-thinking' as const), data: fc.string() }),
  fc.record({
    type: fc.constant('tool-call' as const),
    id: fc.uuid(),
    name: fc.string({ minLength: 1 }),
    arguments: json,
  }),
);
const pieces = (whole: string): string[] => whole.match(/[\s\S]{1,3}/g) ?? [];
const partsOf = (content: readonly Block[]): LlmPart[] => {
  let calls = -1;
  return content.flatMap((one): LlmPart[] => {
    if (one.type === 'text') return pieces(one.text).map(words);
    if (one.type === 'redacted-thinking') return [{ type: 'redacted-thinking', data: one.data }];
    if (one.type === 'thinking')
      return [
        ...pieces(one.text).map((text): LlmPart => ({ type: 'thinking', text })),
        { type: 'thinking-signature', signature: one.signature ?? '' },
      ];
    if (one.type !== 'tool-call') return [];
    calls++;
    const index = calls;
    return [
      { type: 'tool-call', index, id: one.id, name: one.name },
      ...pieces(one.arguments).map((piece) => args(index, piece)),
    ];
  });
};

describe('for any answer', () => {
  test('what the stream assembles to is what a whole answer is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 6 }), async (content) => {
        const end: LlmPart[] = [
          { type: 'usage', usage: answer([]).usage },
          { type: 'finish', reason: 'stop' },
          { type: 'end' },
        ];
        const assembled = assembleResponse(await stream([START, ...partsOf(content), ...end]));
        expect(assembled).toEqual(openAiResponses.writeMessage(answer(content), callOf(), NOW));
      }),
      { numRuns: 200 },
    );
  });

  test('a stream that is cut anywhere has failed, and its calls are not to be acted on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 6 }), fc.nat(), async (content, where) => {
        const parts = partsOf(content);
        async function* cut(): AsyncIterable<LlmPart> {
          yield* [START, ...parts.slice(0, where % (parts.length + 1))];
          throw new Refusal('upstream_truncated');
        }
        const { items } = await collected(openAiResponses.writeStream(cut(), callOf(), NOW));
        expect(assembleResponse(items.join('')).status).toBe('failed');
      }),
    );
  });
});

describe('where OpenAI itself answers', () => {
  const frame = (type: string, fields: object): [string, string] => [type, JSON.stringify({ type, ...fields })];
  const response = { id: 'resp_1', model: 'gpt-5', created_at: 7, status: 'in_progress', output: [] };
  const FRAMES = [
    frame('response.created', { sequence_number: 0, response, novelty: true }),
    frame('response.output_item.added', {
      sequence_number: 1,
      output_index: 0,
      item: { type: 'function_call', call_id: 'c', name: 'f', arguments: '' },
    }),
    frame('response.function_call_arguments.delta', {
      sequence_number: 2,
      output_index: 0,
      item_id: 'fc',
      delta: '{}',
    }),
    frame('response.output_text.delta', {
      sequence_number: 3,
      output_index: 1,
      item_id: 'm',
      content_index: 0,
      delta: 'Hi',
    }),
    frame('response.brand_new', { sequence_number: 4 }),
  ];
  const DONE = frame('response.completed', {
    sequence_number: 5,
    response: {
      ...response,
      status: 'completed',
      output: [{ type: 'function_call' }],
      usage: {
        input_tokens: 125,
        input_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
        output_tokens: 9,
        output_tokens_details: { reasoning_tokens: 4 },
      },
    },
  });
  const sse = (frames: readonly (readonly [string, string])[]) =>
    frames.map(([event, data]) => `event: ${event}\ndata: ${data}\n\n`).join('');
  async function* bytes(text: string): AsyncIterable<Uint8Array> {
    yield new TextEncoder().encode(text);
  }
  const parts = (text: string) => readOpenAiResponseParts(serverSentEvents('openai-responses')(bytes(text)));

  test('its frames pass byte for byte, those that nobody knows included', async () => {
    const text = sse([...FRAMES, DONE]);
    const { items, thrown } = await collected(openAiResponses.writeStream(parts(text), callOf(), NOW));
    expect(thrown).toBeUndefined();
    expect(items.join('')).toBe(text);
  });

  test('R104, R148: the hub learns what was said and used', async () => {
    const { items } = await collected(parts(sse([...FRAMES, DONE])));
    expect(items.map(({ native: _, ...part }) => part)).toEqual([
      { type: 'start', id: 'resp_1', model: 'gpt-5', created: 7 },
      { type: 'tool-call', index: 0, id: 'c', name: 'f' },
      { type: 'tool-arguments', index: 0, json: '{}' },
      { type: 'text', text: 'Hi' },
      { type: 'other' },
      { type: 'usage', usage: { input: 5, cacheRead: 100, cacheWrite: 20, output: 9, reasoning: 4 } },
      { type: 'finish', reason: 'tool-call' },
      { type: 'end' },
    ]);
  });

  test('R130: an incomplete response has ended, too', async () => {
    const details = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    const { items, thrown } = await collected(
      parts(sse([frame('response.incomplete', { response: { ...response, ...details } })])),
    );
    expect(thrown).toBeUndefined();
    expect(items.slice(-2)).toMatchObject([{ type: 'finish', reason: 'length' }, { type: 'end' }]);
  });

  test.each([
    [
      frame('response.failed', { response: { error: { code: 'rate_limit_exceeded', message: 'slow' } } }),
      'upstream_limited',
    ],
    [frame('response.failed', { response: { error: { code: 'server_error', message: 'oh' } } }), 'upstream_failed'],
    [
      frame('response.failed', { response: { error: { code: 'invalid_prompt', message: 'bad' } } }),
      'upstream_rejected',
    ],
    [frame('response.failed', {}), 'upstream_failed'],
    [frame('error', { code: 'server_error', message: 'oh', param: null }), 'upstream_failed'],
    [frame('error', { error: { code: 'context_length_exceeded', message: 'long' } }), 'context_length_exceeded'],
  ] as const)('R130: %j is an error', async (failure, code) => {
    const { items, thrown } = await collected(parts(sse([...FRAMES, failure])));
    expect(thrown).toMatchObject({ code });
    expect(items.map(({ type }) => type)).not.toContain('end');
  });

  test('R128: cut at any byte it ends as failed, numbered on', async () => {
    const text = sse([...FRAMES, DONE]);
    for (let at = 0; at < text.length - 2; at += 7) {
      const { items, thrown } = await collected(openAiResponses.writeStream(parts(text.slice(0, at)), callOf(), NOW));
      expect(thrown).toBeInstanceOf(Refusal);
      const events = readResponseEvents(items.join(''));
      expect(events.at(-2)).toMatchObject({ type: 'error' });
      expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed' } });
      expect(items.join('')).not.toContain('response.completed');
    }
  });

  test('a frame of several lines stays one', async () => {
    const native = inFrame({ type: 'other' }, 'openai-responses', '{"type":"x"}', 'x');
    const split = { ...native, native: { ...native.native, data: '{"type":\n"x"}' } } as LlmPart;
    const { items } = await collected(openAiResponses.writeStream(streamed([split]), callOf(), NOW));
    expect(items.join('')).toBe('event: x\ndata: {"type":\ndata: "x"}\n\n');
  });
});

describe('a refusal', () => {
  test('speaks of input, whatever others call it', () => {
    const refusal = new Refusal('unsupported_content', {}, { param: 'messages', expected: 'text and images' });
    expect(openAiResponses.writeRefusal(refusal, 'id')).toMatchObject({
      error: {
        code: 'unsupported_content',
        param: 'input',
        message: expect.stringContaining('(input: text and images)'),
      },
    });
  });
});
