import { describe, expect, test } from '@jest/globals';
import type { LlmCall, LlmPart, NativeFrame } from '../../../lambda/core/llm.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { anthropic } from '../../../lambda/providers/anthropic.ts';
import { openAi } from '../../../lambda/providers/openai.ts';
import type { Json, Provider } from '../../../lambda/providers/provider.ts';
import { chatCall, hubCall } from '../../support/chat-calls.ts';
import { collectUntilError, iterate } from '../../support/streams.ts';

/** What providers answer, in the hub's words. */

const frame = (data: Json | string, dialect: NativeFrame['dialect']): NativeFrame => ({
  dialect,
  event: undefined,
  data: typeof data === 'string' ? data : JSON.stringify(data),
  json: typeof data === 'string' ? undefined : data,
});

const read = async (provider: Provider, frames: readonly (Json | string)[], call: LlmCall = chatCall({})) => {
  const [dialect = 'openai-chat'] = provider.dialects;
  const { all, error } = await collectUntilError(
    provider.toParts(iterate(frames.map((one) => frame(one, dialect))), call),
  );
  const parts = all.map(({ native: _, ...part }) => part as LlmPart);
  return { parts, error, natives: all.flatMap(({ native }) => (native === undefined ? [] : [native.data])) };
};

const anthropicMessage = (content: readonly Json[], more: Json = {}) =>
  anthropic.toMessage({ id: 'm', model: 'claude', content, stop_reason: 'end_turn', ...more }, chatCall({}));
const openAiMessage = (message: Json, more: Json = {}, whole: Json = {}) =>
  openAi.toMessage(
    { id: 'c', model: 'gpt', created: 5, choices: [{ index: 0, message, finish_reason: 'stop', ...more }], ...whole },
    chatCall({}),
  );

const start = {
  type: 'message_start',
  message: { id: 'm', model: 'claude', usage: { input_tokens: 5, output_tokens: 1 } },
};
const delta = (index: number, change: Json) => ({ type: 'content_block_delta', index, delta: change });
const opened = (index: number, content_block: Json) => ({ type: 'content_block_start', index, content_block });
const stop = (index: number) => ({ type: 'content_block_stop', index });
const ended = (stop_reason: string, usage: Json = { output_tokens: 9 }) => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
  { type: 'message_stop' },
];
const chunk = (change: Json, finish_reason: string | null = null, more: Json = {}) => ({
  id: 'c',
  model: 'gpt',
  created: 5,
  choices: [{ index: 0, delta: change, finish_reason }],
  ...more,
});

describe('Anthropic’s answers', () => {
  test('R13: texts stay apart as blocks', () => {
    const content = [
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
    ];
    expect(anthropicMessage(content).content).toEqual(content);
  });

  test('R34, R50: the input of a call is JSON text', () => {
    expect(anthropicMessage([{ type: 'tool_use', id: 't', name: 'f', input: {} }]).content).toEqual([
      { type: 'tool-call', id: 't', name: 'f', arguments: '{}' },
    ]);
  });

  test('R51: what Anthropic’s own tools did is no call', async () => {
    const server = { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } };
    const found = { type: 'web_search_tool_result', tool_use_id: 's', content: [] };
    expect(anthropicMessage([server, found, { type: 'text', text: 'so' }]).content).toEqual([
      { type: 'text', text: 'so' },
    ]);
    const partial = delta(0, { type: 'input_json_delta', partial_json: '{"query":"x"}' });
    const { parts } = await read(anthropic, [
      start,
      opened(0, { ...server, input: {} }),
      partial,
      stop(0),
      ...ended('end_turn'),
    ]);
    expect(parts.filter(({ type }) => type.startsWith('tool'))).toEqual([]);
  });

  test('R78, R81: thinking and what is redacted of it keep what proves them', () => {
    expect(
      anthropicMessage([
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'ZA==' },
      ]).content,
    ).toEqual([
      { type: 'thinking', text: 'hm', signature: 's' },
      { type: 'redacted-thinking', data: 'ZA==' },
    ]);
  });

  test('R101, R105: cached tokens are beside the input, reasoning is within the output', () => {
    const usage = {
      input_tokens: 5,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 20,
      output_tokens: 9,
      output_tokens_details: { thinking_tokens: 4 },
    };
    expect(anthropicMessage([], { usage }).usage).toEqual({
      input: 5,
      cacheRead: 100,
      cacheWrite: 20,
      output: 9,
      reasoning: 4,
    });
  });

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['tool_use', 'tool-call'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'filtered'],
  ])('R110: %s is %s, whole and streamed', async (reason, finish) => {
    expect(anthropicMessage([], { stop_reason: reason }).finish).toBe(finish);
    const { parts } = await read(anthropic, [start, ...ended(reason)]);
    expect(parts.find(({ type }) => type === 'finish')).toMatchObject({ reason: finish });
  });

  test('R113: which stop sequence it was is kept', () => {
    expect(anthropicMessage([], { stop_reason: 'stop_sequence', stop_sequence: 'END' }).stopSequence).toBe('END');
    expect(anthropicMessage([], { stop_sequence: null })).not.toHaveProperty('stopSequence');
  });

  test('R114: a reason nobody knows is a stop', () => {
    expect(anthropicMessage([], { stop_reason: 'gravity' }).finish).toBe('stop');
  });

  test('R107: usage is cumulative, and what is absent or null is not 0', async () => {
    const usage = { input_tokens: 5, cache_read_input_tokens: 7, output_tokens: 1 };
    const { parts } = await read(anthropic, [
      { type: 'message_start', message: { id: 'm', model: 'c', usage } },
      ...ended('end_turn', { output_tokens: 9, input_tokens: null }),
    ]);
    const said = parts.flatMap((part) => (part.type === 'usage' ? [part.usage] : []));
    expect(said).toEqual([{ input: 5, cacheRead: 7, output: 1 }, { output: 9 }]);
  });

  test('R117: calls are counted without the blocks between them', async () => {
    const { parts } = await read(anthropic, [
      start,
      opened(0, { type: 'thinking', thinking: '' }),
      stop(0),
      opened(1, { type: 'tool_use', id: 'a', name: 'f', input: {} }),
      delta(1, { type: 'input_json_delta', partial_json: '{"q":' }),
      delta(1, { type: 'input_json_delta', partial_json: '1}' }),
      stop(1),
      opened(2, { type: 'text', text: '' }),
      stop(2),
      opened(3, { type: 'tool_use', id: 'b', name: 'g', input: {} }),
      stop(3),
      ...ended('tool_use'),
    ]);
    expect(parts.filter(({ type }) => type.startsWith('tool'))).toEqual([
      { type: 'tool-call', index: 0, id: 'a', name: 'f' },
      { type: 'tool-arguments', index: 0, json: '{"q":' },
      { type: 'tool-arguments', index: 0, json: '1}' },
      { type: 'tool-call', index: 1, id: 'b', name: 'g' },
      { type: 'tool-arguments', index: 1, json: '{}' }, // R121
    ]);
  });

  test('R68: the arguments of the tool that stands for a form are text, empty ones too', async () => {
    const schema = { type: 'object', properties: {} };
    const call = chatCall({ response_format: { type: 'json_schema', json_schema: { name: 'r', schema } } });
    const json = opened(0, { type: 'tool_use', id: 't', name: 'json_answer', input: {} });
    const spoken = async (...deltas: Json[]) =>
      (await read(anthropic, [start, json, ...deltas, stop(0), ...ended('tool_use')], call)).parts;
    const said = await spoken(delta(0, { type: 'input_json_delta', partial_json: '{"a":1}' }));
    expect(said).toContainEqual({ type: 'text', text: '{"a":1}' });
    expect(said).toContainEqual({ type: 'finish', reason: 'stop' });
    expect(said.some(({ type }) => type.startsWith('tool'))).toBe(false);
    expect(await spoken()).toContainEqual({ type: 'text', text: '{}' });
  });

  test('R118: pings and events nobody knows change nothing, and keep their place where they pass through', async () => {
    const { parts, natives } = await read(anthropic, [
      start,
      { type: 'ping' },
      { type: 'aurora' },
      ...ended('end_turn'),
    ]);
    expect(parts.filter(({ type }) => type === 'other')).toHaveLength(2);
    expect(natives).toHaveLength(5);
  });

  test('R122: thinking streams with its signature', async () => {
    const { parts } = await read(anthropic, [
      start,
      opened(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'hm' }),
      delta(0, { type: 'signature_delta', signature: 's' }),
      stop(0),
      opened(1, { type: 'redacted_thinking', data: 'ZA==' }),
      stop(1),
      ...ended('end_turn'),
    ]);
    expect(parts).toEqual(
      expect.arrayContaining([
        { type: 'thinking', text: 'hm' },
        { type: 'thinking-signature', signature: 's' },
        { type: 'redacted-thinking', data: 'ZA==' },
      ]),
    );
  });

  test('R128: without message_stop an answer is cut off', async () => {
    const { parts, error } = await read(anthropic, [start, ...ended('end_turn').slice(0, 1)]);
    expect(error).toMatchObject({ code: 'upstream_truncated' });
    expect(parts).not.toContainEqual({ type: 'end' });
  });

  test('R129, R134: an error in a stream is one', async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    expect((await read(anthropic, [start, error])).error).toMatchObject({ code: 'upstream_busy' });
    const limited = { type: 'error', error: { type: 'rate_limit_error', message: 'x' } };
    expect((await read(anthropic, [start, limited])).error).toMatchObject({ code: 'upstream_limited' });
  });

  test('a body that is no message is refused', () => {
    expect(() => anthropic.toMessage({ ok: true }, chatCall({}))).toThrow(Refusal);
  });
});

describe('OpenAI’s answers', () => {
  test('text, refusal, reasoning and calls', () => {
    const calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"q":1}' } }];
    expect(openAiMessage({ content: 'hi', refusal: 'no', reasoning_content: 'hm', tool_calls: calls })).toMatchObject({
      id: 'c',
      model: 'gpt',
      created: 5,
      content: [
        { type: 'thinking', text: 'hm' },
        { type: 'text', text: 'hi' },
        { type: 'text', text: 'no' },
        { type: 'tool-call', id: 'a', name: 'f', arguments: '{"q":1}' },
      ],
    });
  });

  test('R104, R105: cached tokens are taken out of the input, reasoning is not added to the output', () => {
    const usage = (prompt_tokens: number, details: Json) =>
      openAiMessage(
        { content: '' },
        {},
        {
          usage: {
            prompt_tokens,
            completion_tokens: 20,
            prompt_tokens_details: details,
            completion_tokens_details: { reasoning_tokens: 15 },
          },
        },
      ).usage;
    expect(usage(100, { cached_tokens: 60, cache_write_tokens: 30 })).toEqual({
      input: 10,
      cacheRead: 60,
      cacheWrite: 30,
      output: 20,
      reasoning: 15,
    });
    expect(usage(10, { cached_tokens: 60 }).input).toBe(0);
  });

  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool_calls', 'tool-call'],
    ['function_call', 'tool-call'],
    ['content_filter', 'filtered'],
    ['gravity', 'stop'],
  ])('R112, R114: %s is %s, whole and streamed', async (reason, finish) => {
    expect(openAiMessage({ content: 'x' }, { finish_reason: reason }).finish).toBe(finish);
    const { parts } = await read(openAi, [chunk({ content: 'x' }), chunk({}, reason), '[DONE]']);
    expect(parts.find(({ type }) => type === 'finish')).toEqual({ type: 'finish', reason: finish });
  });

  test.each([
    ['stop', 'tool-call'],
    ['length', 'length'],
  ])('R112: with calls in it, %s is %s', async (reason, finish) => {
    const call = { index: 0, id: 'a', function: { name: 'f', arguments: '{' } };
    expect(openAiMessage({ tool_calls: [call] }, { finish_reason: reason }).finish).toBe(finish);
    const { parts } = await read(openAi, [chunk({ tool_calls: [call] }), chunk({}, reason), '[DONE]']);
    expect(parts.find(({ type }) => type === 'finish')).toEqual({ type: 'finish', reason: finish });
  });

  const toolParts = async (...deltas: readonly (readonly Json[])[]) =>
    (await read(openAi, [...deltas.map((tool_calls) => chunk({ tool_calls })), '[DONE]'])).parts.filter(({ type }) =>
      type.startsWith('tool'),
    );
  const head = (id: string, name: string, index?: number) => ({ index, id, function: { name, arguments: '' } });
  const fragment = (json: string, index?: number) => ({ index, function: { arguments: json } });

  test('R119: fragments of parallel calls find their own call', async () => {
    expect(await toolParts([head('a', 'f', 0), head('b', 'g', 1)], [fragment('{1', 1)], [fragment('{0', 0)])).toEqual([
      { type: 'tool-call', index: 0, id: 'a', name: 'f' },
      { type: 'tool-call', index: 1, id: 'b', name: 'g' },
      { type: 'tool-arguments', index: 1, json: '{1' },
      { type: 'tool-arguments', index: 0, json: '{0' },
    ]);
  });

  test.each([
    ['the same index', 0],
    ['no index', undefined],
  ])('R117: calls that all have %s are told apart by their ids', async (_what, index) => {
    const parts = await toolParts(
      [head('a', 'f', index)],
      [fragment('{"x":1}', index)],
      [head('b', 'f', index)],
      [fragment('{"x":2}', index)],
    );
    expect(parts).toEqual([
      { type: 'tool-call', index: 0, id: 'a', name: 'f' },
      { type: 'tool-arguments', index: 0, json: '{"x":1}' },
      { type: 'tool-call', index: 1, id: 'b', name: 'f' },
      { type: 'tool-arguments', index: 1, json: '{"x":2}' },
    ]);
  });

  test('R117: calls are counted from 0, whatever number the server begins with', async () => {
    expect(await toolParts([head('a', 'f', 1)], [head('b', 'g', 2)])).toMatchObject([{ index: 0 }, { index: 1 }]);
  });

  test('R117: an id that is repeated with every fragment makes no new call', async () => {
    const repeated = { index: 0, id: 'a', function: { name: 'f', arguments: '{}' } };
    expect(await toolParts([head('a', 'f', 0)], [repeated])).toHaveLength(2);
  });

  test('R120: one chunk can hold everything, or nothing', async () => {
    const { parts } = await read(openAi, [
      { id: 'c', model: 'gpt', created: 5, choices: [], prompt_filter_results: [] },
      chunk({ role: 'assistant', content: 'hi', tool_calls: [head('a', 'f', 0)] }, 'tool_calls', {
        usage: { prompt_tokens: 3, completion_tokens: 2 },
      }),
      chunk({}),
      '[DONE]',
    ]);
    expect(parts.map(({ type }) => type)).toEqual(['start', 'text', 'tool-call', 'finish', 'usage', 'other', 'end']);
  });

  test('R107: a report of usage with nothing in it wipes nothing', async () => {
    const { parts } = await read(openAi, [
      chunk({}, null, { usage: { prompt_tokens: 3, completion_tokens: 2 } }),
      chunk({}, null, { usage: {} }),
      '[DONE]',
    ]);
    const said = parts.flatMap((part) => (part.type === 'usage' ? [part.usage] : []));
    expect(Object.assign({}, ...said)).toMatchObject({ input: 3, output: 2 });
  });

  test('an answer without an id still starts', async () => {
    const { parts } = await read(openAi, [{ choices: [{ delta: { content: 'hi' } }] }, '[DONE]']);
    expect(parts[0]).toEqual({ type: 'start', id: '', model: '', created: 0 });
  });

  test('R128: without [DONE] an answer is cut off', async () => {
    const { error } = await read(openAi, [chunk({ content: 'hi' }), chunk({}, 'stop')]);
    expect(error).toMatchObject({ code: 'upstream_truncated' });
  });

  test.each([
    [{ error: { message: 'x', type: 'server_error', code: null } }, 'upstream_failed'],
    [{ error: { message: 'x', code: 429 }, choices: [{ delta: {}, finish_reason: 'error' }] }, 'upstream_limited'],
    [{ error: { message: 'x', code: 'rate_limit_exceeded' } }, 'upstream_limited'],
    [{ error: { message: 'x', type: 'insufficient_quota' } }, 'upstream_quota'],
    [{ error: 'model runner has stopped' }, 'upstream_failed'],
    [{ object: 'error', message: 'x', code: 400 }, 'upstream_rejected'],
  ])('R129: %j in a stream is an error', async (error, code) => {
    expect((await read(openAi, [chunk({ content: 'hi' }), error, '[DONE]'])).error).toMatchObject({ code });
  });

  test('a frame that is not JSON is no answer', async () => {
    expect((await read(openAi, ['<html>'])).error).toMatchObject({ code: 'upstream_failed' });
  });

  test('a body without choices is refused', () => {
    expect(() => openAi.toMessage({ choices: [] }, chatCall({}))).toThrow(Refusal);
  });

  test('the frame goes with its first part, once', async () => {
    const { natives } = await read(openAi, [chunk({ content: 'a' }, 'stop'), '[DONE]'], hubCall({}));
    expect(natives).toHaveLength(2);
  });
});
