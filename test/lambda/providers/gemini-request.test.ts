import { describe, expect, test } from '@jest/globals';
import type { LlmCall, LlmRequest } from '../../../lambda/core/llm.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { anthropicMessages } from '../../../lambda/llm/wire/anthropic-messages.ts';
import { openAiChat } from '../../../lambda/llm/wire/openai-chat.ts';
import { writeGeminiRequest } from '../../../lambda/providers/gemini-request.ts';
import { callIn } from '../../support/llm-call.ts';

const HI = [{ role: 'user', content: 'hi' }];
const PIXEL = 'data:image/png;base64,AAAA';

interface Body {
  readonly contents: readonly { role: string; parts: readonly Record<string, never>[] }[];
  readonly systemInstruction?: unknown;
  readonly tools?: readonly { functionDeclarations: readonly Record<string, unknown>[] }[];
  readonly toolConfig?: unknown;
  readonly generationConfig?: Record<string, unknown>;
  readonly serviceTier?: unknown;
}

const ofCall = (call: LlmCall, model: string): { body: Body; dropped: string[] } => {
  const { body, dropped } = writeGeminiRequest(call, model);
  return { body: body as unknown as Body, dropped };
};
const written = (body: object, model = 'gemini-2.5-flash') =>
  ofCall(callIn(openAiChat, { model, messages: HI, ...body }), model);
const writtenMessages = (body: object, model = 'gemini-2.5-flash') =>
  ofCall(callIn(anthropicMessages, { model, max_tokens: 100, messages: HI, ...body }), model);
const config = (body: object, model?: string) => written(body, model).body.generationConfig;

const refusalOf = (write: () => unknown): Refusal => {
  try {
    write();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
};

const weather = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};
const asked = (id: string, name = 'weather', args = '{"city":"Oslo"}', more: object = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
  ...more,
});
const loop = (calls: object[], results: object[], rest: object[] = []) => ({
  messages: [...HI, { role: 'assistant', content: null, tool_calls: calls }, ...results, ...rest],
  tools: [weather],
});
const answered = (id: string, content: unknown) => ({ role: 'tool', tool_call_id: id, content });

describe('system and messages', () => {
  test('R1: every system and developer message is a part of the instruction, in order', () => {
    const messages = [{ role: 'system', content: 'A' }, { role: 'developer', content: 'B' }, ...HI];
    expect(written({ messages }).body).toMatchObject({ systemInstruction: { parts: [{ text: 'A' }, { text: 'B' }] } });
  });

  test('R2: content may be a string or parts, for every role', () => {
    const content = [
      { type: 'text', text: 'A' },
      { type: 'text', text: 'B' },
    ];
    const { body } = written({
      messages: [
        { role: 'system', content },
        { role: 'user', content },
      ],
    });
    expect(body.systemInstruction).toEqual({ parts: [{ text: 'A' }, { text: 'B' }] });
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'A' }, { text: 'B' }] }]);
  });

  test('R3: blank text is left out, and with it an instruction of nothing else', () => {
    const messages = [
      { role: 'system', content: ' ' },
      {
        role: 'user',
        content: [
          { type: 'text', text: '\n' },
          { type: 'text', text: 'hi' },
        ],
      },
    ];
    const { body } = written({ messages });
    expect(body).not.toHaveProperty('systemInstruction');
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'hi' }] }]);
  });

  test('R7: a conversation that the assistant opened gets a first turn by the user', () => {
    const messages = [{ role: 'assistant', content: 'Welcome!' }, ...HI];
    expect(written({ messages }).body.contents.map(({ role }) => role)).toEqual(['user', 'model', 'user']);
  });

  test('R8: an answer that was begun is continued, where the model does that, and refused where it does not', () => {
    const messages = [...HI, { role: 'assistant', content: 'Well,' }];
    expect(written({ messages }).body.contents.at(-1)).toEqual({ role: 'model', parts: [{ text: 'Well,' }] });
    const refusal = refusalOf(() => written({ messages }, 'gemini-3.8-flash'));
    expect(refusal).toMatchObject({ code: 'unsupported_content', param: 'messages' });
  });

  test('R9: a turn with nothing in it goes, and its neighbours become one', () => {
    const messages = [...HI, { role: 'assistant', content: '' }, { role: 'user', content: 'still there?' }];
    expect(written({ messages }).body.contents).toEqual([
      { role: 'user', parts: [{ text: 'hi' }, { text: 'still there?' }] },
    ]);
  });

  test('R10: there are only the roles user and model', () => {
    const { body } = written(loop([asked('a')], [answered('a', 'sunny')], [{ role: 'user', content: 'thanks' }]));
    expect(body.contents.map(({ role }) => role)).toEqual(['user', 'model', 'user']);
  });
});

describe('tools', () => {
  test('R15: all functions are in one tool', () => {
    const time = { type: 'function', function: { name: 'time', description: 'now' } };
    expect(written({ tools: [weather, time] }).body.tools).toEqual([
      {
        functionDeclarations: [
          { name: 'weather', parametersJsonSchema: weather.function.parameters },
          { name: 'time', description: 'now' },
        ],
      },
    ]);
  });

  test.each([
    [{}],
    [{ type: 'object' }],
    [{ type: 'object', properties: {}, additionalProperties: false, required: [] }],
  ])('R16: %j takes nothing, so no parameters are sent', (parameters) => {
    const tools = [{ type: 'function', function: { name: 'f', parameters } }];
    expect(written({ tools }).body.tools?.[0]?.functionDeclarations).toEqual([{ name: 'f' }]);
  });

  test('R16: a schema that says something without properties is sent', () => {
    const parameters = { type: 'object', additionalProperties: { type: 'string' } };
    const tools = [{ type: 'function', function: { name: 'f', parameters } }];
    expect(written({ tools }).body.tools?.[0]?.functionDeclarations[0]).toHaveProperty('parametersJsonSchema');
  });

  test('R18: newer models get the schema whole', () => {
    const parameters = {
      $defs: { City: { type: 'string', enum: ['Oslo'] } },
      type: 'object',
      properties: { city: { $ref: '#/$defs/City' } },
      required: ['city'],
      additionalProperties: false,
    };
    const tools = [{ type: 'function', function: { name: 'f', parameters } }];
    expect(written({ tools }).body.tools?.[0]?.functionDeclarations).toEqual([
      { name: 'f', parametersJsonSchema: parameters },
    ]);
  });

  test('R19: older models get the subset they know, and never both forms', () => {
    const parameters = {
      type: 'object',
      properties: { city: { type: ['string', 'null'] } },
      additionalProperties: false,
    };
    const tools = [{ type: 'function', function: { name: 'f', parameters } }];
    expect(written({ tools }, 'gemini-2.0-flash').body.tools?.[0]?.functionDeclarations).toEqual([
      {
        name: 'f',
        parameters: { type: 'OBJECT', properties: { city: { type: 'STRING', nullable: true } } },
      },
    ]);
  });

  test.each([
    ['mcp.github:list-issues', 'mcp.github:list-issues'],
    ['2d_plot', expect.stringMatching(/^f_2d_plot_[0-9a-f]{8}$/)],
    ['größe', expect.stringMatching(/^f_gr__e_[0-9a-f]{8}$/)],
    ['x'.repeat(65), expect.stringMatching(/^f_x{53}_[0-9a-f]{8}$/)],
  ])('R21: the name %s is sent as one that Gemini takes, in history and choice too', (name, expected) => {
    const { body } = written({
      ...loop([asked('a', name)], [answered('a', 'ok')]),
      tools: [{ type: 'function', function: { name } }],
      tool_choice: { type: 'function', function: { name } },
    });
    expect(body.tools?.[0]?.functionDeclarations).toEqual([{ name: expected }]);
    expect(body.toolConfig).toEqual({ functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [expected] } });
    expect(body.contents[1]?.parts[0]).toMatchObject({ functionCall: { name: expected } });
    expect(body.contents[2]?.parts[0]).toMatchObject({ functionResponse: { name: expected } });
  });

  test('R21: two long names that begin alike stay two', () => {
    const tools = ['a', 'b'].map((end) => ({ type: 'function', function: { name: `${'x'.repeat(70)}${end}` } }));
    const names = written({ tools }).body.tools?.[0]?.functionDeclarations.map(({ name }) => name);
    expect(new Set(names).size).toBe(2);
  });

  test("R22: a tool that only the caller's dialect has is named as dropped", () => {
    const { body, dropped } = written({ tools: [{ type: 'web_search' }] });
    expect(body).not.toHaveProperty('tools');
    expect(dropped).toContain('web_search');
  });

  test('R23: strict is dropped, and named', () => {
    const tools = [{ ...weather, function: { ...weather.function, strict: true } }];
    const { body, dropped } = written({ tools });
    expect(JSON.stringify(body)).not.toContain('strict');
    expect(dropped).toEqual(['strict']);
  });

  test('R24: an empty list of tools is left out', () => {
    expect(written({ tools: [] }).body).not.toHaveProperty('tools');
  });

  test.each([
    ['auto', { mode: 'AUTO' }],
    ['required', { mode: 'ANY' }],
    ['none', { mode: 'NONE' }],
    [
      { type: 'function', function: { name: 'weather' } },
      { mode: 'ANY', allowedFunctionNames: ['weather'] },
    ],
  ])('R27: the choice %j', (tool_choice, expected) => {
    expect(written({ tools: [weather], tool_choice }).body.toolConfig).toEqual({ functionCallingConfig: expected });
  });

  test('R27: no choice is none that is sent', () => {
    expect(written({ tools: [weather] }).body).not.toHaveProperty('toolConfig');
  });

  test('R30: a choice without tools is dropped, and named', () => {
    const { body, dropped } = written({ tool_choice: 'auto' });
    expect(body).not.toHaveProperty('toolConfig');
    expect(dropped).toEqual(['tool_choice']);
  });

  test('R32: there is no switch for one call at a time, and each caller is told in its own words', () => {
    expect(written({ tools: [weather], parallel_tool_calls: false }).dropped).toEqual(['parallel_tool_calls']);
    const tools = [{ name: 'weather', input_schema: { type: 'object' } }];
    const tool_choice = { type: 'auto', disable_parallel_tool_use: true };
    expect(writtenMessages({ tools, tool_choice }).dropped).toEqual(['tool_choice.disable_parallel_tool_use']);
    expect(written({ tools: [weather], parallel_tool_calls: true }).dropped).toEqual([]);
  });
});

describe('tool calls in history', () => {
  test.each([
    ['{"q":1}', { q: 1 }],
    ['', {}], // R34
    ['{"q":', {}], // R35
    ['[1]', {}], // R36
    ['null', {}],
  ])('R34, R35, R36: arguments %j are the object %j', (text, args) => {
    const { body } = written(loop([asked('a', 'weather', text)], [answered('a', 'ok')]));
    expect(body.contents[1]?.parts).toEqual([{ functionCall: { name: 'weather', args } }]);
  });

  test('R38: from 3 on the id goes with the call and with its result', () => {
    const { body } = written(loop([asked('call_1')], [answered('call_1', 'ok')]), 'gemini-3-flash-preview');
    expect(body.contents[1]?.parts[0]).toMatchObject({ functionCall: { id: 'call_1' } });
    expect(body.contents[2]?.parts[0]).toMatchObject({ functionResponse: { id: 'call_1' } });
  });

  test('R39: the name of a result is the one of its call, also when a later turn uses the id again', () => {
    const turn = (name: string) => [
      { role: 'assistant', content: null, tool_calls: [asked('call_0', name)] },
      answered('call_0', 'ok'),
    ];
    const { body } = written({ messages: [...HI, ...turn('weather'), ...turn('time')], tools: [weather] });
    const names = body.contents.flatMap(({ parts }) =>
      parts.flatMap((part) => ('functionResponse' in part ? [(part.functionResponse as { name: string }).name] : [])),
    );
    expect(names).toEqual(['weather', 'time']);
  });

  test.each([
    ['sunny', { output: 'sunny' }],
    ['{"sky":"blue"}', { sky: 'blue' }],
    ['[1,2]', { output: '[1,2]' }],
    ['{"sky":', { output: '{"sky":' }],
    ['', { output: '' }],
    ['{"id":12345678901234567890}', { output: '{"id":12345678901234567890}' }],
  ])('R40: the result %j is the object %j', (content, response) => {
    const { body } = written(loop([asked('a')], [answered('a', content)]));
    expect(body.contents[2]?.parts).toEqual([{ functionResponse: { name: 'weather', response } }]);
  });

  test('R41, R42: results are one turn, before what the user says besides', () => {
    const { body } = written(
      loop([asked('a'), asked('b')], [answered('a', '1'), answered('b', '2')], [{ role: 'user', content: 'and?' }]),
    );
    expect(body.contents[2]).toEqual({
      role: 'user',
      parts: [
        { functionResponse: { name: 'weather', response: { output: '1' } } },
        { functionResponse: { name: 'weather', response: { output: '2' } } },
        { text: 'and?' },
      ],
    });
  });

  test('R43: a result of several texts is one response', () => {
    const parts = ['1', '2'].map((text) => ({ type: 'text', text }));
    const { body } = written(loop([asked('a')], [answered('a', parts)]));
    expect(body.contents[2]?.parts).toEqual([{ functionResponse: { name: 'weather', response: { output: '1\n2' } } }]);
  });

  test('R44: an image in a result is within it from 3 on, and beside it before', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
    const messages = [
      ...HI,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'shot', input: {} }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'ok' }, image] }],
      },
    ];
    const inlineData = { mimeType: 'image/png', data: 'AAAA' };
    const response = { output: 'ok' };
    expect(writtenMessages({ messages }, 'gemini-3-pro-preview').body.contents[2]?.parts).toEqual([
      { functionResponse: { id: 'a', name: 'shot', response, parts: [{ inlineData }] } },
    ]);
    expect(writtenMessages({ messages }).body.contents[2]?.parts).toEqual([
      { functionResponse: { name: 'shot', response } },
      { inlineData },
    ]);
  });

  test('R45: a failed tool is an error', () => {
    const messages = [
      ...HI,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: '{"no":1}', is_error: true }] },
    ];
    expect(writtenMessages({ messages }).body.contents[2]?.parts).toEqual([
      { functionResponse: { name: 'f', response: { error: '{"no":1}' } } },
    ]);
  });

  test('R48: a result without a call becomes text', () => {
    const { body } = written({ messages: [...HI, answered('gone', '42')] });
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ text: 'hi' }, { text: 'Result of tool call gone:' }, { text: '42' }] },
    ]);
  });

  test('R49: a call without a result gets one that says so', () => {
    const { body } = written(loop([asked('a'), asked('b')], [answered('a', '1')]));
    expect(body.contents[2]?.parts[1]).toMatchObject({ functionResponse: { response: { error: expect.any(String) } } });
  });
});

describe('sampling', () => {
  test('R53, R57: what is not set is not sent', () => {
    expect(written({}).body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] });
  });

  test('R54: a limit above the model’s own is cut to it, and named', () => {
    expect(config({ max_tokens: 100 })).toEqual({ maxOutputTokens: 100 });
    const { body, dropped } = written({ max_tokens: 100_000 });
    expect(body.generationConfig).toEqual({ maxOutputTokens: 65_536 });
    expect(dropped).toEqual(['max_tokens (above 65536)']);
  });

  test('R55: a temperature up to 2 is sent as it is', () => {
    expect(config({ temperature: 1.7, top_p: 0.5, top_k: 40 })).toEqual({ temperature: 1.7, topP: 0.5, topK: 40 }); // R62
  });

  test('R56: models that heed no sampling parameters get none, and each is named', () => {
    const { body, dropped } = written({ temperature: 0, top_p: 0.5, top_k: 40 }, 'gemini-3.6-flash');
    expect(body).not.toHaveProperty('generationConfig');
    expect(dropped).toEqual(['temperature', 'top_p', 'top_k']);
  });

  test('R58, R59: stops are a list; blank ones are meant, empty ones are not', () => {
    expect(config({ stop: 'END' })).toEqual({ stopSequences: ['END'] });
    expect(config({ stop: ['\n\n', ''] })).toEqual({ stopSequences: ['\n\n'] });
  });

  test('R59: more than five stops are refused, by the name that the caller knows', () => {
    const stop_sequences = ['1', '2', '3', '4', '5', '6'];
    expect(refusalOf(() => writtenMessages({ stop_sequences }))).toMatchObject({
      code: 'unsupported_parameter',
      param: 'stop_sequences',
    });
  });

  test('R60: several answers are refused', () => {
    expect(refusalOf(() => written({ n: 2 }))).toMatchObject({ code: 'unsupported_parameter', param: 'n' });
    expect(written({ n: 1 }).dropped).toEqual([]);
  });

  test('R61: a seed is sent as 32 bits, the same for the same', () => {
    expect(config({ seed: 7 })).toEqual({ seed: 7 });
    expect(config({ seed: 2 ** 40 + 7 })).toEqual({ seed: 7 });
  });

  test('R61: penalties go to the models that take them, and are named for the others', () => {
    const penalties = { presence_penalty: 2, frequency_penalty: -0.5 };
    const older = written(penalties, 'gemini-2.0-flash');
    expect(older.body.generationConfig).toEqual({ presencePenalty: 1.99, frequencyPenalty: -0.5 });
    expect(older.dropped).toEqual(['presence_penalty (above 1.99)']);
    const newer = written(penalties);
    expect(newer.body).not.toHaveProperty('generationConfig');
    expect(newer.dropped).toEqual(['presence_penalty', 'frequency_penalty']);
    expect(written({ presence_penalty: 0 }).dropped).toEqual([]);
  });

  test('R63: whom the caller serves is not told, and each caller learns so in its own words', () => {
    expect(written({ user: 'u1' }).dropped).toEqual(['user']);
    expect(writtenMessages({ metadata: { user_id: 'u1' } }).dropped).toEqual(['metadata.user_id']);
  });

  test.each([
    ['default', 'standard'],
    ['flex', 'flex'],
    ['priority', 'priority'],
  ])('R64: the service tier %s is %s there', (service_tier, expected) => {
    expect(written({ service_tier })).toMatchObject({ body: { serviceTier: expected }, dropped: [] });
  });

  test('R64: an unknown tier is named, and auto is what happens anyway', () => {
    expect(written({ service_tier: 'scale' })).toMatchObject({ dropped: ['service_tier'] });
    expect(written({ service_tier: 'auto' }).body).not.toHaveProperty('serviceTier');
  });

  test('R65, R66: nothing that Gemini does not know gets there', () => {
    const body = {
      store: true,
      metadata: { a: 'b' },
      stream: true,
      stream_options: { include_usage: true },
      logit_bias: {},
    };
    const result = written(body);
    expect(Object.keys(result.body)).toEqual(['contents']);
    expect(result.dropped).toEqual(['store', 'metadata', 'logit_bias']);
  });
});

describe('structured output', () => {
  const schema = { type: 'object', properties: { a: { type: ['string', 'null'] } }, additionalProperties: false };
  const response_format = { type: 'json_schema', json_schema: { name: 'r', schema, strict: true } };

  test('R69: JSON mode has a switch', () => {
    expect(config({ response_format: { type: 'json_object' } })).toEqual({ responseMimeType: 'application/json' });
  });

  test('R70: the schema goes as it is to newer models, and as the subset to older ones', () => {
    expect(config({ response_format })).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    });
    expect(config({ response_format }, 'gemini-2.0-flash')).toEqual({
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
    });
  });

  test('R70: with tools up to 2.5 it is asked for in words, and that is named', () => {
    const { body, dropped } = written({ response_format, tools: [weather] });
    expect(body).not.toHaveProperty('generationConfig');
    expect(JSON.stringify(body.systemInstruction)).toContain('additionalProperties');
    expect(dropped).toEqual(['response_format (as an instruction)']);
  });

  test('R70: from 3 on tools and schema go together', () => {
    const { body, dropped } = written({ response_format, tools: [weather] }, 'gemini-3-flash-preview');
    expect(body.generationConfig).toHaveProperty('responseJsonSchema', schema);
    expect(dropped).toEqual([]);
  });
});

describe('reasoning', () => {
  const thinking = (reasoning: LlmRequest['reasoning'], model: string) => {
    const call = callIn(openAiChat, { model, messages: HI });
    const prompt = { ...call.prompt, ...(reasoning === undefined ? {} : { reasoning }) };
    const { body, dropped } = ofCall({ ...call, prompt }, model);
    return { config: body.generationConfig?.thinkingConfig, dropped };
  };

  test.each([
    ['gemini-2.5-flash', { effort: 'low' }, { thinkingBudget: 1024, includeThoughts: true }, []],
    ['gemini-2.5-flash', { effort: 'medium' }, { thinkingBudget: 8192, includeThoughts: true }, []],
    ['gemini-2.5-flash', { effort: 'xhigh' }, { thinkingBudget: 24_576, includeThoughts: true }, []],
    ['gemini-2.5-pro', { effort: 'xhigh' }, { thinkingBudget: 32_768, includeThoughts: true }, []],
    ['gemini-2.5-flash', { budgetTokens: 5000 }, { thinkingBudget: 5000, includeThoughts: true }, []],
    ['gemini-2.5-flash', {}, { includeThoughts: true }, []],
    [
      'gemini-2.5-flash-lite',
      { budgetTokens: 100 },
      { thinkingBudget: 512, includeThoughts: true },
      ['reasoning_effort (as 512 tokens)'],
    ],
    ['gemini-3-flash-preview', { effort: 'low' }, { thinkingLevel: 'low', includeThoughts: true }, []],
    ['gemini-3-flash-preview', { effort: 'minimal' }, { thinkingLevel: 'minimal' }, []],
    ['gemini-3-flash-preview', { budgetTokens: 8000 }, { thinkingLevel: 'medium', includeThoughts: true }, []], // R74
    ['gemini-3-flash-preview', {}, { includeThoughts: true }, []],
    [
      'gemini-3-pro-preview',
      { effort: 'medium' },
      { thinkingLevel: 'high', includeThoughts: true },
      ['reasoning_effort (as high)'],
    ],
    ['gemini-3.8-flash', { effort: 'minimal' }, { thinkingLevel: 'low' }, ['reasoning_effort (as low)']],
    ['gemini-flash-latest', { effort: 'high' }, { thinkingLevel: 'high', includeThoughts: true }, []],
  ] as const)('R75: %s asked for %j thinks with %j', (model, reasoning, expected, dropped) => {
    expect(thinking(reasoning, model)).toEqual({ config: expected, dropped });
  });

  test.each([
    ['gemini-2.5-flash', { thinkingBudget: 0 }, []],
    ['gemini-2.5-pro', { thinkingBudget: 128 }, ['reasoning_effort (at least 128 tokens)']],
    ['gemini-3-pro-preview', { thinkingLevel: 'low' }, ['reasoning_effort (as low)']],
    ['gemini-2.0-flash', undefined, []],
  ])('R73: %s told not to think gets %j', (model, expected, dropped) => {
    expect(thinking({ effort: 'none' }, model)).toEqual({ config: expected, dropped });
  });

  test('R75: a model that does not think is not asked to, and that is named', () => {
    expect(thinking({ effort: 'high' }, 'gemini-2.0-flash')).toEqual({
      config: undefined,
      dropped: ['reasoning_effort'],
    });
    expect(thinking(undefined, 'gemini-2.5-flash')).toEqual({ config: undefined, dropped: [] });
  });

  test('R80: another provider’s thoughts stay away, also where nothing else was said, and that is named', () => {
    const thoughts = (signature: string) => [
      { type: 'thinking', thinking: 'hm', signature },
      { type: 'redacted_thinking', data: 'AAAA' },
    ];
    const messages = [...HI, { role: 'assistant', content: thoughts('c2ln') }, { role: 'user', content: 'well?' }];
    const { body, dropped } = writtenMessages({ messages });
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'hi' }, { text: 'well?' }] }]);
    expect(dropped).toEqual(['thinking blocks']);
  });

  test('R80, R83: a thought that Gemini signed goes back with its signature as it was', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 'gemini:c2ln' },
      { type: 'text', text: 'so' },
    ];
    const { body } = writtenMessages({ messages: [...HI, { role: 'assistant', content }, ...HI] });
    expect(body.contents[1]?.parts).toEqual([{ text: 'hm', thought: true, thoughtSignature: 'c2ln' }, { text: 'so' }]);
  });

  test('R83: a call goes back with its signature', () => {
    const signed = { extra_content: { google: { thought_signature: 'c2ln' } } };
    const { body } = written(
      loop([asked('a', 'weather', '{}', signed)], [answered('a', 'ok')]),
      'gemini-3-pro-preview',
    );
    expect(body.contents[1]?.parts[0]).toHaveProperty('thoughtSignature', 'c2ln');
  });

  test('R83: from 3 on the first of the calls made together says that its signature is lost', () => {
    const body = loop([asked('a'), asked('b')], [answered('a', '1'), answered('b', '2')]);
    const signatures = (model: string) =>
      written(body, model).body.contents[1]?.parts.map((part) => part.thoughtSignature);
    expect(signatures('gemini-3-pro-preview')).toEqual(['skip_thought_signature_validator', undefined]);
    expect(signatures('gemini-2.5-pro')).toEqual([undefined, undefined]);
  });
});

describe('media', () => {
  const image = (url: string, more: object = {}) => ({ type: 'image_url', image_url: { url, ...more } });
  const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
  const parts = (...content: object[]) => written(user(...content)).body.contents[0]?.parts;

  test('R86: an image is inline data', () => {
    expect(parts(image(PIXEL))).toEqual([{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }]);
    expect(parts(image('data:image/jpg;base64,AAAA'))).toEqual([
      { inlineData: { mimeType: 'image/jpeg', data: 'AAAA' } },
    ]);
  });

  test('R87: an image in a format that Gemini does not take is refused', () => {
    const refusal = refusalOf(() => parts(image('data:image/gif;base64,AAAA')));
    expect(refusal).toMatchObject({ code: 'unsupported_content', param: 'messages' });
    expect(refusal.say).toContain('png');
  });

  test.each(['https://example.com/a.png', 'https://generativelanguage.googleapis.com/v1beta/files/of-someone-else'])(
    'R88: the image %s is not fetched, and the refusal says what to send',
    (url) => {
      const refusal = refusalOf(() => parts(image(url)));
      expect(refusal.code).toBe('unsupported_content');
      expect(refusal.say).toContain('base64');
    },
  );

  test('R89: from 3 on a detail on which all images agree is a resolution; else it is named', () => {
    const low = image(PIXEL, { detail: 'low' });
    const high = image(PIXEL, { detail: 'high' });
    const of = (model: string, ...content: object[]) => {
      const { body, dropped } = written(user(...content), model);
      return [body.generationConfig?.mediaResolution, dropped];
    };
    expect(of('gemini-3-flash-preview', low, low)).toEqual(['MEDIA_RESOLUTION_LOW', []]);
    expect(of('gemini-3-flash-preview', low, high)).toEqual([undefined, ['detail']]);
    expect(of('gemini-3-flash-preview', image(PIXEL, { detail: 'auto' }))).toEqual([undefined, []]);
    expect(of('gemini-2.5-flash', high)).toEqual([undefined, ['detail']]);
  });

  test('R90: a document is inline data, without its name', () => {
    const file = { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' };
    const { body, dropped } = written(user({ type: 'file', file }));
    expect(body.contents[0]?.parts).toEqual([{ inlineData: { mimeType: 'application/pdf', data: 'AAAA' } }]);
    expect(dropped).toEqual(['filename']);
  });

  test('R92: sound is inline data, in the formats that Gemini takes', () => {
    const sound = (format: string) => ({ type: 'input_audio', input_audio: { format, data: 'AAAA' } });
    expect(parts(sound('wav'))).toEqual([{ inlineData: { mimeType: 'audio/wav', data: 'AAAA' } }]);
    expect(refusalOf(() => parts(sound('midi'))).say).toContain('wav');
  });

  test('what only another dialect has is refused', () => {
    expect(refusalOf(() => parts({ type: 'hologram' }))).toMatchObject({ code: 'unsupported_content' });
  });

  test('R98, R100: cache marks are named, wherever they are', () => {
    const cache_control = { type: 'ephemeral' };
    const marked = { type: 'text', text: 'hi', cache_control };
    expect(written(user(marked)).dropped).toEqual(['cache_control']);
    expect(written({ tools: [{ ...weather, cache_control }] }).dropped).toEqual(['cache_control']);
    expect(JSON.stringify(written(user(marked)).body)).not.toContain('cache');
  });
});
