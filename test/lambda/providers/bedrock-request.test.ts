import { describe, expect, test } from '@jest/globals';
import type { Block, LlmCall, LlmRequest } from '../../../lambda/core/llm.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { bedrock } from '../../../lambda/providers/bedrock.ts';
import { bedrockFacts } from '../../../lambda/providers/bedrock-facts.ts';
import type { Json } from '../../../lambda/providers/provider.ts';
import { chatCall, hubCall, type Loose, providerConfig } from '../../support/chat-calls.ts';

/** OpenAI in, Converse out. Numbers are those of the translation rules. */

const SONNET = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const OLD = 'anthropic.claude-3-haiku-20240307-v1:0';
const NEWER = 'global.anthropic.claude-opus-4-6-v1';
const NOVA = 'us.amazon.nova-pro-v1:0';
const LLAMA = 'meta.llama3-3-70b-instruct-v1:0';
const MISTRAL = 'mistral.mistral-large-2407-v1:0';
const PROFILE = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123';

interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Loose;
  readonly dropped: readonly string[];
}

const send = (call: LlmCall, model = SONNET): Sent =>
  bedrock.toRequest(call, model, providerConfig({ kind: 'bedrock' })) as unknown as Sent;
const chat = (body: Json, model?: string) => send(chatCall(body), model);
const hub = (prompt: Partial<LlmRequest>, model?: string, more: Partial<LlmCall> = {}) =>
  send(hubCall(prompt, more), model);
const messagesOf = (...messages: readonly unknown[]) => chat({ messages }).body.messages;

const user = (content: unknown, more: Json = {}) => ({ role: 'user', content, ...more });
const calling = (...calls: readonly (readonly [id: string, name: string, args?: string])[]) => ({
  role: 'assistant',
  content: null,
  tool_calls: calls.map(([id, name, args]) => ({ id, type: 'function', function: { name, arguments: args ?? '{}' } })),
});
const result = (id: string, content: unknown, more: Json = {}) => ({
  role: 'tool',
  tool_call_id: id,
  content,
  ...more,
});
const tool = (name: string, more: Json = {}) => ({ type: 'function', function: { name, ...more } });
const named = (name: string) => ({ type: 'function', function: { name } });
const toolUse = (id: string, name: string, input: Json = {}) => ({ toolUse: { toolUseId: id, name, input } });
const toolResult = (id: string, ...content: readonly Json[]) => ({ toolResult: { toolUseId: id, content } });
const spec = (name: string) => ({ toolSpec: { name, inputSchema: { json: { type: 'object', properties: {} } } } });
const POINT = { cachePoint: { type: 'default' } };
const MARK = { cache_control: { type: 'ephemeral' } };
const marked = (text: string, more: Json = {}) => ({
  type: 'text',
  text,
  cache_control: { type: 'ephemeral', ...more },
});

const refusalOf = (act: () => unknown): Refusal => {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
};

describe('where it goes', () => {
  test('R14, R66: the model is in the path, escaped, and so is whether it streams', () => {
    const arn = 'arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0';
    const whole = chat({}, arn);
    expect(whole.path).toBe(`/model/${encodeURIComponent(arn)}/converse`);
    expect(whole.path).not.toContain('profile/us');
    const streamed = chat({ stream: true }, NOVA);
    expect(streamed.path).toBe('/model/us.amazon.nova-pro-v1%3A0/converse-stream');
    expect(streamed.headers.accept).toBe('application/vnd.amazon.eventstream');
    expect(streamed.body).not.toHaveProperty('stream');
    expect(streamed.body).not.toHaveProperty('model');
  });

  test.each(['..', '../secrets', '', 'a b', 'a%2fb', 'x?y', 'x#y', 'x\n'])(
    'a name that is no model’s leads nowhere: %j',
    (model) => {
      expect(refusalOf(() => chat({}, model)).code).toBe('model_not_found');
    },
  );
});

describe('the conversation', () => {
  test('R1, R2: every system and developer message counts, in order, as a string or as parts', () => {
    const { body } = chat({
      messages: [
        { role: 'system', content: 'A' },
        {
          role: 'developer',
          content: [
            { type: 'text', text: 'B' },
            { type: 'text', text: 'C' },
          ],
        },
        user('q'),
      ],
    });
    expect(body.system).toEqual([{ text: 'A' }, { text: 'B' }, { text: 'C' }]);
    expect(body.messages).toEqual([user([{ text: 'q' }])]);
  });

  test('R3: blank texts are left out, and the fields that they leave empty', () => {
    const { body } = chat({
      messages: [{ role: 'system', content: ' \n' }, user([{ type: 'text', text: ' ' }]), user('q')],
    });
    expect(body).toEqual({ messages: [user([{ text: 'q' }])] });
  });

  test('R6: turns of one role are one turn', () => {
    expect(messagesOf(user('a'), user('b'))).toEqual([user([{ text: 'a' }, { text: 'b' }])]);
  });

  test('R7: it starts with the user', () => {
    const [first, second] = messagesOf({ role: 'assistant', content: 'hi' }, user('q')) as unknown as Json[];
    expect(first?.role).toBe('user');
    expect(second).toEqual({ role: 'assistant', content: [{ text: 'hi' }] });
    expect(refusalOf(() => chat({ messages: [{ role: 'system', content: 'only this' }] })).code).toBe(
      'invalid_request',
    );
  });

  test('R8: its last words are continued where the model can, and asked for where it cannot', () => {
    const prefilled = [user('q'), { role: 'assistant', content: 'The answer is  ' }];
    expect(chat({ messages: prefilled }, SONNET).body.messages).toEqual([
      user([{ text: 'q' }]),
      { role: 'assistant', content: [{ text: 'The answer is' }] },
    ]);
    expect((chat({ messages: prefilled }, NEWER).body.messages as unknown as Json[]).at(-1)).toEqual(
      user([{ text: 'Please continue.' }]),
    );
  });

  test('R9: calls alone bring no empty text', () => {
    const messages = messagesOf(user('q'), calling(['c', 'f', '{"a":1}']), result('c', 'r')) as unknown as Json[];
    expect(messages[1]).toEqual({ role: 'assistant', content: [toolUse('c', 'f', { a: 1 })] });
  });

  test('R11, R12: names are not sent, refusals of the model are its words', () => {
    expect(
      messagesOf(user('q', { name: 'jane' }), { role: 'assistant', content: null, refusal: 'no' }, user('why')),
    ).toEqual([user([{ text: 'q' }]), { role: 'assistant', content: [{ text: 'no' }] }, user([{ text: 'why' }])]);
  });
});

describe('tools', () => {
  test('R15–R18: schemas stay whole, an empty description is left out', () => {
    const parameters = {
      type: 'object',
      properties: { q: { $ref: '#/$defs/q' } },
      $defs: { q: { enum: ['a'] } },
      additionalProperties: false,
      required: ['q'],
    };
    const { body } = chat({ tools: [tool('f', { description: '', parameters }), tool('g', { description: 'd' })] });
    expect(body.toolConfig).toEqual({
      tools: [
        { toolSpec: { name: 'f', inputSchema: { json: parameters } } },
        { toolSpec: { ...spec('g').toolSpec, description: 'd' } },
      ],
    });
  });

  test('R21, R37: names and ids fit, and calls and results still agree', () => {
    const name = `mcp.${'x'.repeat(80)}`;
    const id = `call:${'y'.repeat(90)}`;
    const { body } = chat({ tools: [tool(name)], messages: [user('q'), calling([id, name]), result(id, 'r')] });
    const sent = JSON.stringify(body);
    const shown = [...sent.matchAll(/"(?:name|toolUseId)":"([^"]*)"/g)].map(([, value]) => value ?? '');
    expect(shown).toHaveLength(4);
    for (const value of shown) expect(value).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(new Set(shown).size).toBe(2);
  });

  test('R22, R24: tools of another kind are named as dropped, and no tools are no field', () => {
    const { body, dropped } = chat({ tools: [{ type: 'web_search' }] });
    expect(body).not.toHaveProperty('toolConfig');
    expect(dropped).toContain('web_search');
    expect(chat({ tools: [] }).body).not.toHaveProperty('toolConfig');
  });

  test('R23: strict where it is enforced, named as dropped where it is not', () => {
    const tools = [
      tool('f', { strict: true, parameters: { type: 'object', properties: {}, additionalProperties: false } }),
    ];
    expect(chat({ tools }, SONNET).body.toolConfig).toMatchObject({ tools: [{ toolSpec: { strict: true } }] });
    const old = chat({ tools }, OLD);
    expect(JSON.stringify(old.body)).not.toContain('strict');
    expect(old.dropped).toContain('strict');
  });

  test('R25: calls in the history need specs, also when the caller sent none', () => {
    const messages = [user('q'), calling(['a', 'seen'], ['b', 'seen'], ['c', 'other']), result('a', '1')];
    expect(chat({ messages }).body.toolConfig).toEqual({ tools: [spec('seen'), spec('other')] });
    expect(chat({ messages, tools: [tool('given')] }).body.toolConfig).toEqual({ tools: [spec('given')] });
  });

  test.each([
    [SONNET, 'auto', { auto: {} }],
    [SONNET, 'required', { any: {} }],
    [SONNET, named('f'), { tool: { name: 'f' } }],
    [NOVA, named('f'), { tool: { name: 'f' } }],
    [MISTRAL, 'required', { any: {} }],
    [PROFILE, named('f'), { tool: { name: 'f' } }],
  ])('R27: %s takes the choice %j', (model, choice, expected) => {
    const { body, dropped } = chat({ tools: [tool('f'), tool('g')], tool_choice: choice }, model);
    expect(body.toolConfig).toEqual({ tools: [spec('f'), spec('g')], toolChoice: expected });
    expect(dropped).toEqual([]);
  });

  test('R28: no call is to be made: no tools, unless the history needs them', () => {
    const asked = chat({ tools: [tool('f')], tool_choice: 'none' });
    expect(asked.body).not.toHaveProperty('toolConfig');
    expect(asked.dropped).toEqual([]);
    const later = chat({
      tools: [tool('f')],
      tool_choice: 'none',
      messages: [user('q'), calling(['a', 'f']), result('a', 'r')],
    });
    expect(later.body.toolConfig).toEqual({ tools: [spec('f')] });
    expect(later.dropped).toEqual(['tool_choice']);
  });

  test('R29: where a choice cannot be forced it is named as dropped, and the one tool stands for itself', () => {
    for (const choice of ['required', named('f')]) {
      const { body, dropped } = chat({ tools: [tool('f'), tool('g')], tool_choice: choice }, LLAMA);
      expect(body.toolConfig).toEqual({ tools: [spec('f'), spec('g')] });
      expect(dropped).toEqual(['tool_choice']);
    }
    const only = chat({ tools: [tool('f'), tool('g')], tool_choice: named('g') }, MISTRAL);
    expect(only.body.toolConfig).toEqual({ tools: [spec('g')], toolChoice: { any: {} } });
    expect(chat({ tools: [tool('f')], tool_choice: 'auto' }, LLAMA).body.toolConfig).toEqual({ tools: [spec('f')] });
  });

  test('R30: a choice without tools is left out', () => {
    expect(hub({ toolChoice: { type: 'required' } }).body).not.toHaveProperty('toolConfig');
    const unknown = refusalOf(() => hub({ tools: [{ name: 'f' }], toolChoice: { type: 'tool', name: 'g' } }));
    expect(unknown).toMatchObject({ code: 'invalid_request', param: 'tool_choice' });
  });

  test('R31: a forced tool and thinking exclude each other; the tool wins', () => {
    const { body, dropped } = chat({ tools: [tool('f')], tool_choice: 'required', reasoning_effort: 'high' });
    expect(body.toolConfig).toMatchObject({ toolChoice: { any: {} } });
    expect(body).not.toHaveProperty('additionalModelRequestFields');
    expect(dropped).toEqual(['reasoning_effort']);
  });

  test.each([
    [undefined, { type: 'auto' }],
    ['required', { type: 'any' }],
    [named('f'), { type: 'tool', name: 'f' }],
  ])(
    'R32: one call at a time with the choice %j is Claude’s own field, and then the only choice',
    (choice, expected) => {
      const asked = {
        tools: [tool('f')],
        parallel_tool_calls: false,
        ...(choice === undefined ? {} : { tool_choice: choice }),
      };
      const { body } = chat(asked);
      expect(body.additionalModelRequestFields).toEqual({
        tool_choice: { ...expected, disable_parallel_tool_use: true },
      });
      expect(body.toolConfig).toEqual({ tools: [spec('f')] });
      const other = chat(asked, NOVA);
      expect(other.dropped).toEqual(['parallel_tool_calls']);
      expect(other.body).not.toHaveProperty('additionalModelRequestFields');
    },
  );

  test('R32: calls in parallel need no word, nor does anything without tools', () => {
    expect(chat({ tools: [tool('f')], parallel_tool_calls: true })).toMatchObject({ dropped: [] });
    expect(chat({ parallel_tool_calls: false }, NOVA)).toMatchObject({ dropped: [] });
  });
});

describe('tool calls and results', () => {
  test.each([
    ['{"q":1}', { q: 1 }],
    ['', {}],
    ['{"q":', {}],
    ['5', {}],
    ['[1]', {}],
    ['null', {}],
  ])('R34–R36: arguments %j are an object', (text, input) => {
    const messages = messagesOf(user('q'), calling(['c', 'f', text]), result('c', 'r')) as unknown as {
      content: unknown;
    }[];
    expect(messages[1]?.content).toEqual([toolUse('c', 'f', input)]);
  });

  test('R41, R42: all results are one turn, and come before what the user says', () => {
    const messages = messagesOf(
      user('q'),
      calling(['a', 'f'], ['b', 'f']),
      result('a', '1'),
      result('b', '2'),
      user('and?'),
    ) as unknown as Json[];
    expect(messages[2]).toEqual(
      user([toolResult('a', { text: '1' }), toolResult('b', { text: '2' }), { text: 'and?' }]),
    );
  });

  test('R44: images of a result stay in it', () => {
    const image: Block = { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' } };
    const { body } = hub({
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'q' }] },
        { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', arguments: '{}' }] },
        {
          role: 'user',
          content: [
            { type: 'tool-result', callId: 'c', content: [{ type: 'text', text: 'see' }, image], isError: true },
          ],
        },
      ],
    });
    expect((body.messages as unknown as Json[])[2]).toEqual(
      user([
        {
          // R45
          toolResult: {
            toolUseId: 'c',
            content: [{ text: 'see' }, { image: { format: 'png', source: { bytes: 'AAAA' } } }],
            status: 'error',
          },
        },
      ]),
    );
  });

  test('R46: an empty result is empty, never blank', () => {
    for (const content of ['', ' ', []]) {
      const messages = messagesOf(user('q'), calling(['c', 'f']), result('c', content)) as unknown as Json[];
      expect(messages[2]).toEqual(user([toolResult('c')]));
    }
  });

  test('R47: a result is text, whatever JSON it holds', () => {
    const messages = messagesOf(user('q'), calling(['c', 'f']), result('c', '{"__type":"x"}')) as unknown as Json[];
    expect(messages[2]).toEqual(user([toolResult('c', { text: '{"__type":"x"}' })]));
  });

  test('R48, R49: results without calls are text, calls without results get an error', () => {
    expect(JSON.stringify(messagesOf(user('q'), result('gone', 'r')))).not.toContain('toolResult');
    const messages = messagesOf(user('q'), calling(['c', 'f']), user('never mind')) as unknown as Json[];
    expect(messages[2]).toMatchObject({
      content: [{ toolResult: { toolUseId: 'c', status: 'error' } }, { text: 'never mind' }],
    });
  });
});

describe('parameters', () => {
  test('R53, R57: what is not set is not sent', () => {
    expect(chat({}).body).toEqual({ messages: [user([{ text: 'hello' }])] });
  });

  test('R54–R56: limits, ranges and pairs that the model takes, and what was changed', () => {
    const { body, dropped } = chat({ max_tokens: 10_000, temperature: 1.7, top_p: 0.5 }, OLD);
    expect(body.inferenceConfig).toEqual({ maxTokens: 4096, temperature: 1, topP: 0.5 });
    expect(dropped).toEqual(expect.arrayContaining(['temperature (above 1)', 'max_tokens (above 4096)']));
    const one = chat({ temperature: 0, top_p: 0.5 });
    expect(one.body.inferenceConfig).toEqual({ temperature: 0 });
    expect(one.dropped).toEqual(['top_p']);
    expect(chat({ temperature: 0, top_p: 0.5 }, NOVA).body.inferenceConfig).toEqual({ temperature: 0, topP: 0.5 });
  });

  test('R58, R59: stops are a list without blanks', () => {
    expect(chat({ stop: 'END' }, NOVA).body).toMatchObject({ inferenceConfig: { stopSequences: ['END'] } });
    const { body, dropped } = chat({ stop: ['\n', 'END'] }, NOVA);
    expect(body.inferenceConfig).toEqual({ stopSequences: ['END'] });
    expect(dropped).toEqual(['stop (blank)']);
  });

  test('R60: more than one answer is refused', () => {
    expect(refusalOf(() => chat({ n: 2 }))).toMatchObject({ code: 'unsupported_parameter', param: 'n' });
    expect(chat({ n: 1 }).dropped).toEqual([]);
  });

  test('R61, R65: what Converse has no word for is named, and nothing unknown is sent', () => {
    const { body, dropped } = chat({
      seed: 1,
      presence_penalty: 1,
      frequency_penalty: 1,
      logprobs: true,
      store: true,
      metadata: { a: 'b' },
      logit_bias: {},
    });
    expect(Object.keys(body as object)).toEqual(['messages']);
    expect([...dropped].sort()).toEqual(
      ['seed', 'presence_penalty', 'frequency_penalty', 'logprobs', 'store', 'metadata', 'logit_bias'].sort(),
    );
  });

  test.each([
    [SONNET, { top_k: 40 }],
    [NOVA, { inferenceConfig: { topK: 40 } }],
    [MISTRAL, { top_k: 40 }],
    ['cohere.command-r-plus-v1:0', { k: 40 }],
    [LLAMA, undefined],
  ])('R62: top_k of %s is %j', (model, fields) => {
    const { body, dropped } = chat({ top_k: 40 }, model);
    expect(body.additionalModelRequestFields).toEqual(fields);
    expect(dropped).toEqual(fields === undefined ? ['top_k'] : []);
  });

  test('R63: the user is a hash', () => {
    const { requestMetadata } = chat({ user: 'jane@example.com' }).body;
    expect(requestMetadata).toEqual({ user_id: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test.each([
    [NOVA, 'priority', { type: 'priority' }, []],
    [NOVA, 'flex', { type: 'flex' }, []],
    [NOVA, 'auto', undefined, []],
    [NOVA, 'scale', undefined, ['service_tier']],
    [SONNET, 'priority', undefined, ['service_tier']],
    [SONNET, 'default', undefined, []],
  ])('R64: %s with the tier %s', (model, tier, expected, dropped) => {
    const sent = chat({ service_tier: tier }, model);
    expect(sent.body.serviceTier).toEqual(expected);
    expect(sent.dropped).toEqual(dropped);
  });

  test('R113: Claude is asked which stop ended its answer', () => {
    expect(chat({ stop: ['X'] }).body.additionalModelResponseFieldPaths).toContain('/stop_sequence');
    expect(chat({ stop: ['X'] }, NOVA).body).not.toHaveProperty('additionalModelResponseFieldPaths');
    expect(chat({}).body).not.toHaveProperty('additionalModelResponseFieldPaths');
  });
});

describe('an answer in JSON', () => {
  const schema = {
    type: 'object',
    properties: { n: { type: 'integer' } },
    required: ['n'],
    additionalProperties: false,
  };
  const response_format = { type: 'json_schema', json_schema: { name: 'r', schema, strict: true } };

  test('R67: is asked for natively where the model can, its schema as text', () => {
    const { body, dropped } = chat({ response_format });
    const { textFormat } = body.outputConfig as unknown as {
      textFormat: { structure: { jsonSchema: { schema: string } } };
    };
    expect(textFormat).toMatchObject({ type: 'json_schema', structure: { jsonSchema: { name: 'r' } } });
    expect(JSON.parse(textFormat.structure.jsonSchema.schema)).toEqual(schema);
    expect(body).not.toHaveProperty('toolConfig');
    expect(dropped).toEqual([]);
  });

  test('R67: is a forced tool where it cannot', () => {
    for (const [model, toolChoice] of [
      [NOVA, { tool: { name: 'json_answer' } }],
      [MISTRAL, { any: {} }],
    ] as const) {
      const { body } = chat({ response_format, parallel_tool_calls: false }, model);
      expect(body.toolConfig).toEqual({
        tools: [{ toolSpec: { name: 'json_answer', description: expect.any(String), inputSchema: { json: schema } } }],
        toolChoice,
      });
      expect(body).not.toHaveProperty('outputConfig');
    }
  });

  test('R67: is asked for in words where the caller has tools of its own, or nothing can be forced', () => {
    for (const [body, model] of [
      [{ tools: [tool('f')] }, NOVA],
      [{}, LLAMA],
    ] as const) {
      const sent = chat({ response_format, ...body }, model);
      expect(JSON.stringify(sent.body.system)).toContain('\\"n\\"');
      expect(JSON.stringify(sent.body)).not.toContain('json_answer');
      expect(sent.dropped).toEqual(['response_format (asked for in words)']);
    }
  });

  test('R69: without a schema is asked for in words', () => {
    const { body, dropped } = chat({ response_format: { type: 'json_object' } });
    expect(body.system).toEqual([{ text: 'Answer with one JSON object and nothing else.' }]);
    expect(dropped).toEqual(['response_format (asked for in words)']);
  });
});

describe('reasoning', () => {
  test('R72, R77: Claude’s budget is a field of its own, with room for the answer', () => {
    const { body, dropped } = chat({ reasoning_effort: 'medium', max_tokens: 1000 });
    expect(body.additionalModelRequestFields).toEqual({ thinking: { type: 'enabled', budget_tokens: 4096 } });
    expect(body.inferenceConfig).toEqual({ maxTokens: 5096 });
    expect(dropped).toEqual(['max_tokens (raised for thinking)']);
  });

  test('R72: newer models get an effort', () => {
    expect(chat({ reasoning_effort: 'low' }, NEWER).body.additionalModelRequestFields).toEqual({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'low' },
    });
  });

  test.each([
    ['us.amazon.nova-2-lite-v1:0', 'medium', { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } }],
    ['us.amazon.nova-2-lite-v1:0', 'none', undefined],
    ['openai.gpt-oss-120b-1:0', 'xhigh', { reasoning_effort: 'high' }],
    ['us.openai.gpt-5.6-terra', 'minimal', { reasoning: { effort: 'low' } }],
  ])('R73, R77: %s is told %s in its own words', (model, effort, fields) => {
    const { body, dropped } = chat({ reasoning_effort: effort }, model);
    expect(body.additionalModelRequestFields).toEqual(fields);
    expect(dropped).toEqual([]);
  });

  test('R73, R77: a wish that cannot be told is named as dropped', () => {
    expect(chat({ reasoning_effort: 'high' }, LLAMA).dropped).toEqual(['reasoning_effort']);
    expect(chat({ reasoning_effort: 'none' }, LLAMA).dropped).toEqual([]);
    expect(chat({ reasoning_effort: 'none' }, 'openai.gpt-oss-20b-1:0').dropped).toEqual(['reasoning_effort']);
  });

  test('R74: a budget is the nearest effort where there are only efforts', () => {
    const { body } = hub({ reasoning: { budgetTokens: 5000 } }, 'openai.gpt-oss-20b-1:0');
    expect(body.additionalModelRequestFields).toEqual({ reasoning_effort: 'medium' });
  });

  test('the highest effort of Nova gives way to limits that the caller set', () => {
    const nova = 'us.amazon.nova-2-lite-v1:0';
    const bound = chat({ reasoning_effort: 'high', max_tokens: 100 }, nova);
    expect(bound.body.additionalModelRequestFields).toMatchObject({
      reasoningConfig: { maxReasoningEffort: 'medium' },
    });
    expect(bound.dropped).toEqual(['reasoning_effort (above medium)']);
    expect(chat({ reasoning_effort: 'high' }, nova).body.additionalModelRequestFields).toMatchObject({
      reasoningConfig: { maxReasoningEffort: 'high' },
    });
  });

  test('R76: thinking takes no temperature and no top_k', () => {
    const { body, dropped } = chat({ reasoning_effort: 'low', temperature: 0.2, top_k: 4 });
    expect(body).not.toHaveProperty('inferenceConfig');
    expect(body.additionalModelRequestFields).toEqual({ thinking: { type: 'enabled', budget_tokens: 1024 } });
    expect([...dropped].sort()).toEqual(['temperature', 'top_k']);
  });

  const thought = (more: Json) => ({
    role: 'assistant',
    content: 'so',
    thinking_blocks: [{ type: 'thinking', thinking: '', ...more }],
  });

  test('R79, R82: thinking comes first, with its text even where that is empty', () => {
    const messages = messagesOf(
      user('q'),
      { ...thought({ signature: 's' }), ...calling(['c', 'f']), content: 'so' },
      result('c', 'r'),
    ) as unknown as Json[];
    expect(messages[1]).toEqual({
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: '', signature: 's' } } },
        { text: 'so' },
        toolUse('c', 'f'),
      ],
    });
  });

  test('R79: a tool loop that lost its thinking goes on without', () => {
    const { body, dropped } = chat({
      reasoning_effort: 'high',
      messages: [user('q'), calling(['c', 'f']), result('c', 'r')],
    });
    expect(body).not.toHaveProperty('additionalModelRequestFields');
    expect(dropped).toEqual(['reasoning_effort']);
  });

  test('R80, R82: thinking without its signature, or for another model, is left out and named', () => {
    const content: Block[] = [
      { type: 'thinking', text: 'hm' },
      { type: 'text', text: 'so' },
    ];
    const history = (blocks: readonly Block[]): Partial<LlmRequest> => ({
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'q' }] },
        { role: 'assistant', content: blocks },
        { role: 'user', content: [{ type: 'text', text: 'and?' }] },
      ],
    });
    for (const signature of [undefined, '']) {
      const lost = hub(
        history([
          { type: 'thinking', text: 'hm', ...(signature === undefined ? {} : { signature }) },
          ...content.slice(1),
        ]),
      );
      expect(JSON.stringify(lost.body)).not.toContain('reasoning');
      expect(lost.dropped).toEqual(['thinking']);
    }
    const elsewhere = hub(history([{ type: 'thinking', text: 'hm', signature: 's' }]), LLAMA);
    expect(elsewhere.body.messages).toEqual([user([{ text: 'q' }, { text: 'and?' }])]);
    expect(elsewhere.dropped).toEqual(['thinking']);
  });

  test('R81: redacted thinking goes back as it came', () => {
    const { body } = chat({
      messages: [
        user('q'),
        { role: 'assistant', content: 'so', thinking_blocks: [{ type: 'redacted_thinking', data: 'c2VjcmV0' }] },
        user('and?'),
      ],
    });
    expect((body.messages as unknown as Json[])[1]).toMatchObject({
      content: [{ reasoningContent: { redactedContent: 'c2VjcmV0' } }, { text: 'so' }],
    });
  });
});

describe('images, documents, audio', () => {
  const image = (url: string, more: Json = {}) => user([{ type: 'image_url', image_url: { url, ...more } }]);
  const file = (filename: string | undefined, file_data: string) => ({ type: 'file', file: { filename, file_data } });
  const PDF = 'data:application/pdf;base64,AAAA';

  test.each([
    ['data:image/png;base64,AAAA', 'png'],
    ['data:image/jpg;base64,AAAA', 'jpeg'],
    ['DATA:image/WEBP;charset=x;BASE64,AAAA', 'webp'],
  ])('R86: %s is an image of its format', (url, format) => {
    expect(messagesOf(image(url))).toEqual([user([{ image: { format, source: { bytes: 'AAAA' } } }])]);
  });

  test('R87, R88: other formats and URLs are refused with what to send instead', () => {
    expect(refusalOf(() => messagesOf(image('data:image/tiff;base64,AAAA')))).toMatchObject({
      code: 'unsupported_content',
      expected: expect.stringContaining('PNG'),
    });
    expect(refusalOf(() => messagesOf(image('https://example.com/a.png')))).toMatchObject({
      code: 'unsupported_content',
      expected: expect.stringContaining('base64'),
    });
  });

  test('images are refused for models that are known to take none', () => {
    for (const model of [LLAMA, 'us.amazon.nova-micro-v1:0', 'us.anthropic.claude-3-5-haiku-20241022-v1:0']) {
      const refused = refusalOf(() => chat({ messages: [image('data:image/png;base64,AAAA')] }, model));
      expect(refused.code).toBe('unsupported_content');
    }
  });

  test('R89: detail has no place and is named', () => {
    const url = 'data:image/png;base64,AAAA';
    expect(chat({ messages: [image(url, { detail: 'high' })] }).dropped).toEqual(['detail']);
    expect(chat({ messages: [image(url, { detail: 'auto' })] }).dropped).toEqual([]);
  });

  test('R90, R91: documents have a format, a tame name of their own, and a text beside them', () => {
    const { body } = chat({
      messages: [
        user([
          file('Q3: report_final!!.pdf', PDF),
          file('Q3? report final.pdf', PDF),
          file(undefined, 'data:text/csv;base64,AAAA'),
        ]),
      ],
    });
    expect(body.messages).toEqual([
      user([
        { document: { format: 'pdf', name: 'Q3 report final', source: { bytes: 'AAAA' } } },
        { document: { format: 'pdf', name: 'Q3 report final (2)', source: { bytes: 'AAAA' } } },
        { document: { format: 'csv', name: 'document', source: { bytes: 'AAAA' } } },
        { text: 'See the document.' },
      ]),
    ]);
    const beside = messagesOf(user([file('a.pdf', PDF), { type: 'text', text: 'sum up' }]));
    expect(JSON.stringify(beside)).not.toContain('See the document');
  });

  test('R91: a sixth document, or one that cannot be read, is refused', () => {
    expect(refusalOf(() => messagesOf(user(Array.from({ length: 6 }, () => file('a.pdf', PDF))))).expected).toMatch(
      /^5 /,
    );
    expect(refusalOf(() => messagesOf(user([file('a.zip', 'data:application/zip;base64,AAAA')]))).code).toBe(
      'unsupported_content',
    );
    const byName = messagesOf(user([file('a.docx', 'data:application/octet-stream;base64,AAAA')]));
    expect(JSON.stringify(byName)).toContain('"format":"docx"');
  });

  test('R90: text documents are bytes of text', () => {
    const { body } = hub({
      messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'text', text: 'héllo' } }] }],
    });
    const bytes = Buffer.from('héllo').toString('base64');
    expect(JSON.stringify(body)).toContain(
      JSON.stringify({ format: 'txt', name: 'document', source: { bytes } }).slice(1, -1),
    );
  });

  test('R92: audio is refused', () => {
    const audio = user([{ type: 'input_audio', input_audio: { format: 'wav', data: 'AAAA' } }]);
    expect(refusalOf(() => messagesOf(audio))).toMatchObject({
      code: 'unsupported_content',
      detail: { kind: 'audio' },
    });
  });

  test('what the assistant cannot have said is refused', () => {
    const content: Block[] = [{ type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' } }];
    const messages = [
      { role: 'user', content: [{ type: 'text', text: 'q' }] },
      { role: 'assistant', content },
    ] as const;
    expect(refusalOf(() => hub({ messages })).code).toBe('unsupported_content');
  });
});

describe('prompt caching', () => {
  test('R93, R99: a point is a block of its own after the marked one, beside a result and never in it', () => {
    const { body } = chat({
      messages: [
        { role: 'system', content: [marked('big')] },
        user([marked('q')]),
        calling(['c', 'f']),
        result('c', [marked('r')]),
      ],
    });
    expect(body.system).toEqual([{ text: 'big' }, POINT]);
    expect(body.messages).toEqual([
      user([{ text: 'q' }, POINT]),
      { role: 'assistant', content: [toolUse('c', 'f')] },
      user([toolResult('c', { text: 'r' }), POINT]),
    ]);
  });

  test('R93: the marks of a result and within it are one point', () => {
    const messages = messagesOf(
      user('q'),
      calling(['c', 'f']),
      result('c', [marked('1'), marked('2')], MARK),
    ) as unknown as Json[];
    expect(messages[2]).toEqual(user([toolResult('c', { text: '1' }, { text: '2' }), POINT]));
  });

  test('R94: a tool’s point is a member of the list of tools', () => {
    expect(chat({ tools: [tool('f'), { ...tool('g'), ...MARK }] }).body.toolConfig).toEqual({
      tools: [spec('f'), spec('g'), POINT],
    });
  });

  test('R95: of more than four the earliest give way', () => {
    const { body, dropped } = chat({
      tools: [{ ...tool('f'), ...MARK }],
      messages: [{ role: 'system', content: [marked('s')] }, user(['1', '2', '3', '4'].map((text) => marked(text)))],
    });
    expect(JSON.stringify(body).match(/cachePoint/g)).toHaveLength(4);
    expect(JSON.stringify([body.toolConfig, body.system])).not.toContain('cachePoint');
    expect(dropped).toEqual(['cache_control']);
  });

  test('R96: an hour where the model has it, and never after five minutes', () => {
    const hour = { ttl: '1h' };
    const long = { cachePoint: { type: 'default', ttl: '1h' } };
    const content = [marked('1', hour), marked('2'), marked('3', hour)];
    expect(messagesOf(user(content))).toEqual([
      user([{ text: '1' }, long, { text: '2' }, POINT, { text: '3' }, POINT]),
    ]);
    const old = chat({ messages: [user(content)] }, 'us.anthropic.claude-3-7-sonnet-20250219-v1:0');
    expect(JSON.stringify(old.body)).not.toContain('ttl');
    expect(old.dropped).toEqual(['cache_control.ttl']);
  });

  test.each([
    [SONNET, 3],
    ['arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0', 3],
    [PROFILE, 3],
    [NOVA, 2],
    [LLAMA, 0],
    [MISTRAL, 0],
    ['amazon.titan-text-express-v1', 0],
  ])('R97: %s takes %i of three points', (model, points) => {
    const { body, dropped } = chat(
      {
        tools: [{ ...tool('f'), ...MARK }],
        messages: [{ role: 'system', content: [marked('s')] }, user([marked('q')])],
      },
      model,
    );
    expect(JSON.stringify(body).match(/cachePoint/g) ?? []).toHaveLength(points);
    expect(dropped).toEqual(points === 3 ? [] : ['cache_control']);
  });
});

describe('Claude’s betas', () => {
  const betas = (header: string, model?: string) => hub({}, model, { dialectHeaders: { 'anthropic-beta': header } });

  test('R147: those that Bedrock knows for the model go along, the others are named', () => {
    const sent = betas(
      'claude-code-20250219, interleaved-thinking-2025-05-14,context-1m-2025-08-07,files-api-2025-04-14',
    );
    expect(sent.body.additionalModelRequestFields).toEqual({
      anthropic_beta: ['interleaved-thinking-2025-05-14', 'context-1m-2025-08-07'],
    });
    expect(sent.dropped).toEqual(['anthropic-beta']);
    expect(betas('output-128k-2025-02-19').body).not.toHaveProperty('additionalModelRequestFields');
    expect(betas('output-128k-2025-02-19', 'us.anthropic.claude-3-7-sonnet-20250219-v1:0').dropped).toEqual([]);
  });

  test('R147: no other model hears of them', () => {
    expect(betas('interleaved-thinking-2025-05-14', NOVA).body).not.toHaveProperty('additionalModelRequestFields');
  });
});

describe('what is known of a model', () => {
  test('R97: is the same by every name it has', () => {
    const facts = bedrockFacts('anthropic.claude-sonnet-4-5-20250929-v1:0');
    for (const place of ['us.', 'eu.', 'apac.', 'jp.', 'us-gov.', 'global.']) {
      expect(bedrockFacts(`${place}anthropic.claude-sonnet-4-5-20250929-v1:0`)).toEqual(facts);
      expect(
        bedrockFacts(`arn:aws:bedrock:us-east-1:1:inference-profile/${place}anthropic.claude-sonnet-4-5-20250929-v1:0`),
      ).toEqual(facts);
    }
    expect(bedrockFacts('us.meta.llama4-scout-17b-instruct-v1:0')).toMatchObject({ images: true, cache: 'none' });
  });
});
