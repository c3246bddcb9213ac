import { describe, expect, test } from '@jest/globals';
import type { LlmRequest } from '../../../../lambda/core/llm.ts';
import { Refusal } from '../../../../lambda/core/refusal.ts';
import { isObject, type Json } from '../../../../lambda/llm/wire/fields.ts';
import {
  anthropicStreamOf,
  readAnthropicMessages,
  readAnthropicPrompt,
} from '../../../../lambda/llm/wire/read-anthropic-messages.ts';

const HELLO = [{ role: 'user', content: 'hello' }];
const read = (body: Json): LlmRequest => readAnthropicMessages({ max_tokens: 100, messages: HELLO, ...body });
const blocks = (content: unknown, role = 'user') => read({ messages: [{ role, content }] }).messages[0]?.content;
const refused = (body: Json): string | undefined => {
  try {
    read(body);
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.code === 'invalid_request') return thrown.param;
    throw thrown;
  }
  throw new Error('was not refused');
};
const tool = (more: Json = {}) => ({ name: 'f', input_schema: { type: 'object', properties: {} }, ...more });

describe('messages', () => {
  test('R1, R2: system is a string or blocks, all of them kept', () => {
    expect(read({ system: 'A' }).system).toEqual([{ type: 'text', text: 'A' }]);
    const system = [
      { type: 'text', text: 'A' },
      { type: 'text', text: 'B', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ];
    expect(read({ system }).system).toEqual([
      { type: 'text', text: 'A' },
      { type: 'text', text: 'B', cache: { ttl: '1h' } },
    ]);
  });

  test('R4: a system message inside the conversation joins the system prompt', () => {
    const messages = [...HELLO, { role: 'system', content: 'B' }, { role: 'assistant', content: 'hi' }];
    const prompt = read({ system: 'A', messages });
    expect(prompt.system.map(({ text }) => text)).toEqual(['A', 'B']);
    expect(prompt.messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
  });

  test('R3, R9: empty text is no block, an empty turn no turn, and neighbours merge (R6)', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: '' },
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'b' },
        ],
      },
    ];
    expect(read({ system: '', messages })).toMatchObject({
      system: [],
      messages: [{ role: 'user', content: [{ text: 'a' }, { text: 'b' }] }],
    });
  });

  test('R34: tool input becomes the text of arguments', () => {
    const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: { q: [1, 'é'] } };
    expect(blocks([use], 'assistant')).toEqual([
      { type: 'tool-call', id: 'toolu_1', name: 'f', arguments: '{"q":[1,"é"]}' },
    ]);
  });

  test('R43, R45, R46: results are strings, blocks or nothing, and may have failed', () => {
    const result = (more: Json) => ({ type: 'tool_result', tool_use_id: 'toolu_1', ...more });
    const empty = { type: 'tool-result', callId: 'toolu_1', content: [], isError: false };
    expect(blocks([result({})])).toEqual([empty]);
    expect(blocks([result({ content: '' })])).toEqual([empty]);
    expect(blocks([result({ content: 'no', is_error: true })])).toEqual([
      { ...empty, content: [{ type: 'text', text: 'no' }], isError: true },
    ]);
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
    expect(blocks([result({ content: [{ type: 'text', text: 'see' }, image] })])).toEqual([
      {
        ...empty,
        content: [
          { type: 'text', text: 'see' },
          { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' } },
        ],
      },
    ]);
  });

  test('R78-R81: thinking keeps its signature, to the letter, or has none', () => {
    const thoughts = [
      { type: 'thinking', thinking: 'hm', signature: ' s+/= ' },
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'redacted_thinking', data: 'xyz' },
    ];
    expect(blocks(thoughts, 'assistant')).toEqual([
      { type: 'thinking', text: 'hm', signature: ' s+/= ' },
      { type: 'thinking', text: 'hm' },
      { type: 'redacted-thinking', data: 'xyz' },
    ]);
  });

  test("R83: a signature of Gemini's comes back on its call", () => {
    const google = { thought_signature: 'sig' };
    const use = { type: 'tool_use', id: 'a', name: 'f', input: {}, extra_content: { google } };
    expect(blocks([use], 'assistant')).toMatchObject([{ signature: 'sig' }]);
    expect(read({ messages: [...HELLO, { role: 'assistant', content: [use] }] }).foreign).toEqual([]);
  });

  test('R86, R88, R90: images and documents, by data, URL and as text', () => {
    const pdf = { type: 'base64', media_type: 'application/pdf', data: 'AAAA' };
    expect(
      blocks([
        { type: 'image', source: { type: 'base64', media_type: 'image/jpg', data: 'AAAA' } },
        { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
        { type: 'document', title: 'a.pdf', source: pdf, cache_control: { type: 'ephemeral' } },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
        {
          type: 'document',
          source: {
            type: 'content',
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'b' },
            ],
          },
        },
      ]),
    ).toEqual([
      { type: 'image', source: { type: 'base64', mediaType: 'image/jpeg', data: 'AAAA' } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      {
        type: 'document',
        name: 'a.pdf',
        source: { type: 'base64', mediaType: 'application/pdf', data: 'AAAA' },
        cache: {},
      },
      { type: 'document', source: { type: 'text', text: 'words' } },
      { type: 'document', source: { type: 'text', text: 'a\n\nb' } },
    ]);
  });

  test('what only Anthropic can find, or run, stays opaque', () => {
    const opaque = [
      { type: 'image', source: { type: 'file', file_id: 'file_1' } },
      { type: 'document', source: { type: 'file', file_id: 'file_1' } },
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
      { type: 'something_new', anything: 1 },
    ];
    expect(blocks(opaque)).toEqual(
      opaque.map((raw) => ({
        type: 'other',
        dialect: 'anthropic-messages',
        kind: expect.any(String),
        raw,
      })),
    );
  });

  test('R93: cache marks stay where they are', () => {
    const mark = { cache_control: { type: 'ephemeral' } };
    expect(
      blocks([
        { type: 'text', text: 'a', ...mark },
        { type: 'tool_result', tool_use_id: 'x', content: [{ type: 'text', text: 'b', ...mark }], ...mark },
        { type: 'text', text: 'c', cache_control: null },
      ]),
    ).toMatchObject([{ cache: {} }, { cache: {}, content: [{ cache: {} }] }, { type: 'text', text: 'c' }]);
    expect(read({ tools: [tool(mark)] }).tools[0]?.cache).toEqual({});
  });
});

describe('tools', () => {
  test("R15, R18, R20: the schema is kept whole, whatever the tool's own type", () => {
    const input_schema = {
      type: 'object',
      $defs: { a: {} },
      additionalProperties: false,
      properties: { a: { $ref: '#/$defs/a' } },
    };
    const { tools } = read({ tools: [{ type: 'custom', name: 'f', description: 'd', input_schema }] });
    expect(tools).toEqual([{ name: 'f', description: 'd', parameters: input_schema }]);
  });

  test('R22: tools that Anthropic runs are named, not sent', () => {
    const tools = [
      tool(),
      { type: 'web_search_20250305', name: 'web_search' },
      { type: 'bash_20250124', name: 'bash' },
    ];
    const prompt = read({ tools });
    expect(prompt.tools.map(({ name }) => name)).toEqual(['f']);
    expect(prompt.foreignTools).toEqual(['web_search_20250305', 'bash_20250124']);
  });

  test('R23: strict is kept: what it takes is for each provider to see', () => {
    expect(read({ tools: [tool({ strict: true })] })).toMatchObject({ tools: [{ strict: true }], foreign: [] });
    expect(read({ tools: [tool({ strict: false })] }).tools[0]).not.toHaveProperty('strict');
  });

  test('what else a tool may say is named', () => {
    const tools = [tool({ input_examples: [{}], defer_loading: true, eager_input_streaming: null })];
    expect(read({ tools }).foreign).toEqual(['tools.input_examples', 'tools.defer_loading']);
  });

  test.each([
    [{ type: 'auto' }, { toolChoice: { type: 'auto' } }],
    [{ type: 'any' }, { toolChoice: { type: 'required' } }],
    [{ type: 'none' }, { toolChoice: { type: 'none' } }],
    [{ type: 'tool', name: 'f' }, { toolChoice: { type: 'tool', name: 'f' } }],
    [
      { type: 'any', disable_parallel_tool_use: true },
      { toolChoice: { type: 'required' }, parallelToolCalls: false },
    ],
    [{ type: 'auto', disable_parallel_tool_use: false }, { toolChoice: { type: 'auto' } }],
  ])('R27, R32: tool_choice %j', (tool_choice, expected) => {
    const { toolChoice, parallelToolCalls } = read({ tools: [tool()], tool_choice });
    expect({ toolChoice, parallelToolCalls }).toEqual({ parallelToolCalls: undefined, ...expected });
  });

  test('R30: a choice of a tool that goes, goes with it', () => {
    const tools = [tool(), { type: 'web_search_20250305', name: 'web_search' }];
    const prompt = read({ tools, tool_choice: { type: 'tool', name: 'web_search' } });
    expect(prompt).not.toHaveProperty('toolChoice');
    expect(prompt.foreign).toEqual(['tool_choice']);
  });
});

describe('settings', () => {
  test('those that the hub has words for', () => {
    const prompt = read({
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
      service_tier: 'standard_only',
    });
    expect(prompt).toMatchObject({
      maxTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      stop: ['END'],
      user: 'u',
      serviceTier: 'standard_only', // R64: each provider has its own words for it.
      foreign: [],
    });
  });

  test('R57: what is not set, or null, is not there', () => {
    expect(read({ temperature: null, stop_sequences: null, metadata: null, tools: null, thinking: null })).toEqual({
      system: [],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
      tools: [],
      stop: [],
      foreign: [],
      foreignTools: [],
      maxTokens: 100,
    });
  });

  test('what Anthropic alone knows is named: once, shortly, and not without end', () => {
    const foreign = ['context_management', 'mcp_servers', 'container', 'inference_geo', 'cache_control'];
    expect(read(Object.fromEntries(foreign.map((name) => [name, {}]))).foreign).toEqual(foreign);
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x${index}`.padEnd(500, 'x'), 1]));
    const { foreign: named } = read(many);
    expect(named).toHaveLength(32);
    expect(Math.max(...named.map(({ length }) => length))).toBe(64);
  });

  test('parts of blocks that the hub has no word for are named', () => {
    const content = [
      { type: 'document', source: { type: 'text', data: 'a' }, citations: { enabled: true }, context: 'b' },
      { type: 'text', text: 'c', citations: null },
    ];
    const uses = [
      { type: 'tool_use', id: 'a', name: 'f', input: {}, caller: { type: 'direct' } },
      { type: 'tool_use', id: 'b', name: 'f', input: {}, caller: { type: 'code_execution_20260120' } },
    ];
    const messages = [
      { role: 'user', content },
      { role: 'assistant', content: uses },
    ];
    expect(read({ messages }).foreign).toEqual(['document.citations', 'document.context', 'tool_use.caller']);
  });

  test.each<[Json, LlmRequest['reasoning'], string[]]>([
    [{}, undefined, []],
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, { budgetTokens: 2048 }, []],
    [{ thinking: { type: 'adaptive' } }, {}, []],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, { effort: 'xhigh' }, []],
    [{ output_config: { effort: 'low' } }, { effort: 'low' }, []],
    [{ thinking: { type: 'disabled' } }, { effort: 'none' }, []],
    [
      { thinking: { type: 'disabled' }, output_config: { effort: 'low' } },
      { effort: 'none' },
      ['output_config.effort'],
    ],
    [
      { thinking: { type: 'enabled', budget_tokens: 2048, display: 'omitted' } },
      { budgetTokens: 2048 },
      ['thinking.display'],
    ],
    [{ thinking: { type: 'something_new' } }, undefined, ['thinking']],
    [
      { output_config: { effort: 'something_new', task_budget: {} } },
      undefined,
      ['output_config.task_budget', 'output_config.effort'],
    ],
  ])('R72-R74: reasoning of %j', (body, reasoning, foreign) => {
    const prompt = read(body);
    expect(prompt.reasoning).toEqual(reasoning);
    expect(prompt.foreign).toEqual(foreign);
  });

  test('R67, R71: a schema for the answer', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const format = { type: 'json_schema', schema };
    expect(read({ output_config: { format } }).responseFormat).toEqual({
      type: 'json-schema',
      name: 'answer',
      schema,
      strict: true,
    });
    expect(read({ output_config: { format: { type: 'grammar' } } }).foreign).toEqual(['output_config.format']);
  });

  test('a limit of 0 is allowed, count_tokens needs none, and the stream always has usage', () => {
    expect(read({ max_tokens: 0 }).maxTokens).toBe(0);
    expect(readAnthropicPrompt({ messages: HELLO })).not.toHaveProperty('maxTokens');
    expect(anthropicStreamOf({ stream: true })).toEqual({ stream: true, includeUsage: true });
    expect(anthropicStreamOf({})).toEqual({ stream: false, includeUsage: true });
  });
});

test.each<[string | undefined, Json]>([
  ['max_tokens', { max_tokens: undefined }],
  ['max_tokens', { max_tokens: -1 }],
  ['max_tokens', { max_tokens: '100' }],
  ['messages', { messages: undefined }],
  ['messages', { messages: [] }],
  ['messages[0]', { messages: ['hello'] }],
  ['messages[0].role', { messages: [{ role: 'tool', content: 'a' }] }],
  ['messages[0].content', { messages: [{ role: 'user' }] }],
  ['messages[0].content[0]', { messages: [{ role: 'user', content: ['a'] }] }],
  ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{}] }] }],
  ['messages[0].content[0].text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
  [
    'messages[0].content[0].source.data',
    {
      messages: [
        {
          role: 'user',
          content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'no!' } }],
        },
      ],
    },
  ],
  [
    'messages[0].content[0].source.url',
    { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'file:///etc/passwd' } }] }] },
  ],
  [
    'messages[0].content[0].input',
    { messages: [{ role: 'user', content: [{ type: 'tool_use', id: 'a', name: 'f', input: 5 }] }] },
  ],
  ['messages[0].content[0].tool_use_id', { messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] }],
  ['system[0]', { system: [{ type: 'image', source: { type: 'file' } }] }],
  ['system', { system: 5 }],
  ['tools', { tools: {} }],
  ['tools[0].name', { tools: [{ input_schema: {} }] }],
  ['tools[0].input_schema', { tools: [{ name: 'f' }] }],
  ['tool_choice.type', { tools: [tool()], tool_choice: { type: 'required' } }],
  ['tool_choice.name', { tools: [tool()], tool_choice: { type: 'tool', name: 'g' } }],
  ['temperature', { temperature: 1.5 }],
  ['stop_sequences', { stop_sequences: 'END' }],
  ['stop_sequences[0]', { stop_sequences: [5] }],
  ['metadata', { metadata: 'u' }],
  ['thinking.budget_tokens', { thinking: { type: 'enabled' } }],
  ['output_config.format.schema', { output_config: { format: { type: 'json_schema' } } }],
])('a bad %s is refused by its name', (param, body) => {
  expect(refused(body)).toBe(param);
});

test('10,000 messages are read without a quadratic step', () => {
  const conversation = (count: number) =>
    Array.from({ length: count }, () => ({ role: 'user', content: [{ type: 'text', text: 'x' }] }));
  const timeOf = (count: number): number => {
    const messages = conversation(count);
    const started = performance.now();
    const [first] = read({ messages }).messages;
    if (!isObject(first) || first.content.length !== count) throw new Error('a block was lost');
    return performance.now() - started;
  };
  timeOf(10_000);
  const times = [1, 2, 3].map(() => timeOf(80_000) / Math.max(0.1, timeOf(10_000)));
  expect(Math.min(...times)).toBeLessThan(30);
});
