import { describe, expect, test } from '@jest/globals';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { anthropic } from '../../../lambda/providers/anthropic.ts';
import type { Json } from '../../../lambda/providers/provider.ts';
import { chatCall, hubCall, providerConfig, toAnthropic } from '../../support/chat-calls.ts';

/** OpenAI in, Anthropic out. Numbers are those of the translation rules. */

const text = (words: string) => ({ type: 'text', text: words });
const user = (content: unknown) => ({ role: 'user', content });
const calling = (...calls: readonly (readonly [id: string, name: string, args?: string])[]) => ({
  role: 'assistant',
  content: null,
  tool_calls: calls.map(([id, name, args]) => ({ id, type: 'function', function: { name, arguments: args ?? '{}' } })),
});
const result = (id: string, content: unknown) => ({ role: 'tool', tool_call_id: id, content });
const tool = (name: string, more: Json = {}) => ({ type: 'function', function: { name, ...more } });
const bodyOf = (body: Json, model?: string) => toAnthropic(body, model).body;
const messagesOf = (...messages: readonly unknown[]) => bodyOf({ messages }).messages;
const refusalOf = (act: () => unknown): Refusal => {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
};

const OLD = 'claude-3-5-haiku';
const BUDGET = 'claude-sonnet-4-5';
const ADAPTIVE = 'claude-opus-4-7';

describe('the conversation', () => {
  test('R1: every system and developer message counts, in order', () => {
    const { system, messages } = bodyOf({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: 'Speak Dutch.' },
        user('hoe laat is het?'),
      ],
    });
    expect(system).toEqual([text('Be brief.'), text('Speak Dutch.')]);
    expect(messages).toEqual([user([text('hoe laat is het?')])]);
  });

  test.each(['system', 'user', 'assistant', 'tool'])('R2: a %s message is a string or parts, all of them', (role) => {
    const parts = [text('one'), text('two')];
    const sent = (content: unknown) =>
      bodyOf({
        messages: [user('hi'), calling(['c1', 'f']), { role, content, tool_call_id: 'c1' }, user('and?')],
        tools: [tool('f')],
      });
    const whole = JSON.stringify(sent(parts));
    expect(whole).toContain(JSON.stringify(parts).slice(1, -1));
    expect(JSON.stringify(sent('one'))).toContain('"one"');
  });

  test('R3: blank texts are left out, and what they would leave empty with them', () => {
    const body = bodyOf({
      messages: [{ role: 'system', content: '  ' }, user([text('\n'), text('hi'), text('')]), user('   ')],
    });
    expect(body).not.toHaveProperty('system');
    expect(body.messages).toEqual([user([text('hi')])]);
  });

  test('R4: a system message in the middle is hoisted, and the body it came in stays untouched', () => {
    const sent = { messages: [user('a'), { role: 'system', content: 'S' }, user('b')] };
    const before = structuredClone(sent);
    const body = bodyOf(sent);
    expect(body.system).toEqual([text('S')]);
    expect(body.messages).toEqual([user([text('a'), text('b')])]);
    expect(sent).toEqual(before);
  });

  test('R6: turns of one role become one', () => {
    const assistant = (words: string) => ({ role: 'assistant', content: words });
    expect(messagesOf(user('a'), user('b'), assistant('c'), assistant('d'), user('e'))).toEqual([
      user([text('a'), text('b')]),
      { role: 'assistant', content: [text('c'), text('d')] },
      user([text('e')]),
    ]);
  });

  test('R7: a conversation that the assistant opened gets a first turn; one in which nobody speaks is refused', () => {
    const opened = messagesOf({ role: 'assistant', content: 'Welcome!' }, user('thanks'));
    expect(opened?.[0]).toMatchObject({ role: 'user' });
    expect(opened?.[1]).toEqual({ role: 'assistant', content: [text('Welcome!')] });
    const refusal = refusalOf(() => messagesOf({ role: 'system', content: 'Be brief.' }));
    expect(refusal).toMatchObject({ code: 'invalid_request', param: 'messages' });
  });

  test('R8: a last word of the assistant is continued where the model does that, and asked about where not', () => {
    const messages = [user('count'), { role: 'assistant', content: 'one, two, \n' }];
    expect(bodyOf({ messages }, BUDGET).messages).toEqual([
      user([text('count')]),
      { role: 'assistant', content: [text('one, two,')] },
    ]);
    const newer = bodyOf({ messages }, 'claude-opus-4-6').messages;
    expect(newer?.[2]).toEqual(user([text('Please continue.')]));
    const thinking = bodyOf({ messages, reasoning_effort: 'low' }, BUDGET).messages;
    expect(thinking?.[2]).toEqual(user([text('Please continue.')]));
  });

  test('R8: white space elsewhere in what the assistant said stays', () => {
    const sent = messagesOf(user('a'), { role: 'assistant', content: [text('Hel '), text('lo ')] }, user('b'));
    expect(sent?.[1]).toEqual({ role: 'assistant', content: [text('Hel '), text('lo ')] });
  });

  test('R9: an assistant turn without text has no text block; one without anything is no turn', () => {
    const tools = [tool('f')];
    const called = bodyOf({ messages: [user('a'), calling(['c1', 'f']), result('c1', 'r')], tools });
    expect(called.messages?.[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'c1', name: 'f', input: {} }],
    });
    expect(messagesOf(user('a'), { role: 'assistant', content: '' }, user('b'))).toEqual([
      user([text('a'), text('b')]),
    ]);
  });

  test('R11: the name on a message is not sent, and that is said', () => {
    const { body, dropped } = toAnthropic({ messages: [{ ...user('hi'), name: 'ada' }] });
    expect(JSON.stringify(body)).not.toContain('ada');
    expect(dropped).toEqual(['messages.name']);
  });

  test('R12: a refusal in history is text', () => {
    const part = { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] };
    const member = { role: 'assistant', content: null, refusal: 'No.' };
    for (const said of [part, member]) {
      expect(messagesOf(user('a'), said, user('b'))?.[1]).toEqual({ role: 'assistant', content: [text('No.')] });
    }
  });
});

describe('tools', () => {
  const schema = {
    type: 'object',
    properties: { city: { $ref: '#/$defs/city' } },
    required: ['city'],
    additionalProperties: false,
    $defs: { city: { anyOf: [{ type: 'string', enum: ['Oslo'] }, { type: 'null' }] } },
  };

  test('R15: a function becomes a tool with an input schema', () => {
    const { tools } = bodyOf({ tools: [tool('weather', { description: 'Tells it', parameters: schema })] });
    expect(tools).toEqual([{ name: 'weather', description: 'Tells it', input_schema: schema }]);
  });

  test('R16: missing parameters are an object without properties', () => {
    expect(bodyOf({ tools: [tool('f')] }).tools?.[0]?.input_schema).toEqual({ type: 'object', properties: {} });
  });

  test('R17: an empty description is none', () => {
    expect(bodyOf({ tools: [tool('f', { description: '' })] }).tools?.[0]).not.toHaveProperty('description');
  });

  test('R18: the schema stays whole', () => {
    expect(bodyOf({ tools: [tool('f', { parameters: schema })] }).tools?.[0]?.input_schema).toEqual(schema);
  });

  test('R20: nothing but `object` is the type of a schema of arguments', () => {
    const parameters = { type: ['object', 'null'], properties: { a: { type: 'custom' } } };
    const written = bodyOf({ tools: [tool('f', { parameters })] }).tools?.[0];
    expect(written?.input_schema).toEqual({ type: 'object', properties: { a: { type: 'custom' } } });
    expect(written).not.toHaveProperty('type');
  });

  test('R21: a name that is too long or has other characters is the same everywhere, and comes back as it was', () => {
    const name = `mcp.server/${'x'.repeat(80)}`;
    const request = {
      messages: [user('a'), calling(['c1', name]), result('c1', 'r')],
      tools: [tool(name)],
      tool_choice: { type: 'function', function: { name } },
    };
    const { tools, messages, tool_choice } = bodyOf(request);
    const sent = String(tools?.[0]?.name);
    expect(sent).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(messages?.[1]?.content?.[0]?.name).toBe(sent);
    expect(tool_choice).toEqual({ type: 'tool', name: sent });
    const answer = { content: [{ type: 'tool_use', id: 't1', name: sent, input: {} }], stop_reason: 'tool_use' };
    expect(anthropic.toMessage(answer, chatCall(request)).content).toEqual([
      { type: 'tool-call', id: 't1', name, arguments: '{}' },
    ]);
  });

  test('R22: tools that only OpenAI has are left out by name', () => {
    const { body, dropped } = toAnthropic({ tools: [{ type: 'web_search' }, tool('f')], tool_choice: 'required' });
    expect(body.tools).toHaveLength(1);
    expect(dropped).toEqual(['web_search']);
  });

  test('R23: strict tools are strict where the model can be, in the form it takes', () => {
    const parameters = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] };
    const request = { tools: [tool('f', { parameters, strict: true })] };
    expect(bodyOf(request, BUDGET).tools?.[0]).toEqual({
      name: 'f',
      strict: true,
      input_schema: {
        type: 'object',
        properties: { n: { type: 'integer', description: '(minimum: 1)' } },
        required: ['n'],
        additionalProperties: false,
      },
    });
    const older = toAnthropic(request, OLD);
    expect(older.body.tools?.[0]).toEqual({ name: 'f', input_schema: parameters });
    expect(older.dropped).toEqual(['strict']);
  });

  test('R23: more strict tools than Anthropic takes are not strict', () => {
    const tools = Array.from({ length: 21 }, (_, index) => tool(`f${index}`, { strict: true }));
    const { body, dropped } = toAnthropic({ tools });
    expect(JSON.stringify(body.tools)).not.toContain('"strict"');
    expect(dropped).toEqual(['strict']);
  });

  test('R24: an empty list of tools is none', () => {
    expect(bodyOf({ tools: [] })).not.toHaveProperty('tools');
  });

  test('R26: the forms from before tools are refused', () => {
    const old = { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } };
    expect(refusalOf(() => bodyOf({ functions: [{ name: 'f' }] }))).toMatchObject({ param: 'functions' });
    expect(refusalOf(() => messagesOf(user('a'), { role: 'function', name: 'f', content: 'r' }))).toMatchObject({
      code: 'invalid_request',
      param: 'messages[1].role',
    });
    expect(refusalOf(() => messagesOf(user('a'), old))).toMatchObject({ param: 'messages[1].function_call' });
  });
});

test('R149: a turn pauses in the middle of a tool of Anthropic’s own, which nobody gets who could not go on with it', () => {
  const asked = { messages: [user('hi')], tools: [{ type: 'web_search' }, tool('f')] };
  const { body, dropped } = toAnthropic(asked);
  expect(body.tools).toEqual([expect.objectContaining({ name: 'f' })]);
  expect(dropped).toContain('web_search');
  const own = { messages: [user('hi')], max_tokens: 9, tools: [{ type: 'web_search_20250305', name: 'web_search' }] };
  const native = { ...chatCall(own), dialect: 'anthropic-messages' as const };
  expect(anthropic.toRequest(native, BUDGET, providerConfig({ kind: 'anthropic' })).body).toMatchObject({
    tools: own.tools,
  });
});

describe('tool_choice', () => {
  const tools = [tool('f'), tool('g')];

  test.each([
    [undefined, undefined],
    ['auto', { type: 'auto' }],
    ['required', { type: 'any' }],
    ['none', { type: 'none' }],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
  ])('R27: %j', (choice, expected) => {
    expect(bodyOf({ tools, tool_choice: choice }).tool_choice).toEqual(expected);
  });

  test('R30: without tools there is no choice', () => {
    const body = bodyOf({ tools: [{ type: 'web_search' }], tool_choice: 'auto', parallel_tool_calls: false });
    expect(body).not.toHaveProperty('tool_choice');
  });

  test.each([[BUDGET], [ADAPTIVE]])('R31: %s is never forced to a tool and made to think at once', (model) => {
    const { body, dropped } = toAnthropic({ tools, tool_choice: 'required', reasoning_effort: 'high' }, model);
    expect(body.tool_choice).toEqual({ type: 'any' });
    expect(body).not.toHaveProperty('thinking');
    expect(dropped).toEqual(['reasoning_effort']);
  });

  test('R31: a model that can not be forced is asked', () => {
    const { body, dropped } = toAnthropic({ tools, tool_choice: 'required' }, 'claude-sonnet-5-5');
    expect(body).not.toHaveProperty('tool_choice');
    expect(dropped).toEqual(['tool_choice']);
  });

  test.each([
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
    ['auto', false, { type: 'auto', disable_parallel_tool_use: true }],
    ['required', false, { type: 'any', disable_parallel_tool_use: true }],
    ['none', false, { type: 'none' }],
    [undefined, true, undefined],
    ['auto', true, { type: 'auto' }],
  ])('R32: %j with parallel calls %j', (tool_choice, parallel_tool_calls, expected) => {
    expect(bodyOf({ tools, tool_choice, parallel_tool_calls }).tool_choice).toEqual(expected);
  });

  test('R33: allowed tools narrow the list, unless nothing would be left', () => {
    const allowed = (mode: string, name: string) => ({
      type: 'allowed_tools',
      allowed_tools: { mode, tools: [tool(name)] },
    });
    const narrowed = bodyOf({ tools, tool_choice: allowed('required', 'g') });
    expect(narrowed.tools).toMatchObject([{ name: 'g' }]);
    expect(narrowed.tool_choice).toEqual({ type: 'any' });
    expect(bodyOf({ tools, tool_choice: allowed('auto', 'h') }).tools).toHaveLength(2);
  });

  test('a choice among tools that only OpenAI has is left out by name', () => {
    const { body, dropped } = toAnthropic({ tools, tool_choice: { type: 'custom', custom: { name: 'grep' } } });
    expect(body).not.toHaveProperty('tool_choice');
    expect(dropped).toEqual(['tool_choice']);
  });
});

describe('tool calls in history', () => {
  const tools = [tool('f'), tool('g')];
  const history = (...messages: readonly unknown[]) => bodyOf({ messages: [user('go'), ...messages], tools }).messages;

  test.each([
    ['R34', '{"q":1}', { q: 1 }],
    ['R34', '', {}],
    ['R35', '{"q":"cut o', {}],
    ['R36', '5', {}],
    ['R36', '[1]', {}],
    ['R36', 'null', {}],
  ])('%s: arguments %j', (_rule, written, input) => {
    expect(history(calling(['c1', 'f', written]), result('c1', 'r'))?.[1]?.content?.[0]?.input).toEqual(input);
  });

  test('R37: a foreign id becomes the same acceptable one in call and result', () => {
    const sent = history(calling(['call:1/ü', 'f']), result('call:1/ü', 'r'));
    const id = String(sent?.[1]?.content?.[0]?.id);
    expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(sent?.[2]?.content?.[0]?.tool_use_id).toBe(id);
    const other = history(calling(['call:1/ö', 'f']), result('call:1/ö', 'r'));
    expect(other?.[1]?.content?.[0]?.id).not.toBe(id);
  });

  test('R37: an id that comes twice is told apart, and its results follow', () => {
    const sent = history(
      calling(['call_0', 'f']),
      result('call_0', 'first'),
      calling(['call_0', 'f'], ['call_0', 'g']),
      result('call_0', 'second'),
      result('call_0', 'third'),
    );
    const blocks = [sent?.[1], sent?.[3]].flatMap((turn) => Object.values(turn?.content ?? {}));
    const ids = blocks.map((block) => String(block?.id));
    expect(new Set(ids).size).toBe(3);
    const results = [sent?.[2], sent?.[4]].flatMap((turn) => Object.values(turn?.content ?? {}));
    expect(results.map((block) => [String(block?.tool_use_id), block?.content])).toEqual([
      [ids[0], 'first'],
      [ids[1], 'second'],
      [ids[2], 'third'],
    ]);
  });

  test('R41, R42: results of parallel calls are one turn, before what the user adds', () => {
    const sent = history(calling(['a', 'f'], ['b', 'g']), result('b', '2'), result('a', '1'), user('and now?'));
    expect(sent?.[2]).toEqual(
      user([
        { type: 'tool_result', tool_use_id: 'b', content: '2' },
        { type: 'tool_result', tool_use_id: 'a', content: '1' },
        text('and now?'),
      ]),
    );
    expect(sent).not.toHaveProperty('3');
  });

  test('R46: a result without content has none', () => {
    expect(history(calling(['a', 'f']), result('a', ''))?.[2]?.content?.[0]).toEqual({
      type: 'tool_result',
      tool_use_id: 'a',
    });
  });

  test('R48: a result that answers nothing is text', () => {
    expect(history(result('gone', '42'))).toEqual([user([text('go'), text('Result of tool call gone:'), text('42')])]);
  });

  test('R49: a call that was not answered gets an error for an answer', () => {
    const unanswered = { type: 'tool_result', tool_use_id: 'b', is_error: true };
    const between = history(calling(['a', 'f'], ['b', 'g']), result('a', '1'), user('go on'));
    expect(between?.[2]?.content?.[1]).toMatchObject(unanswered);
    expect(history(calling(['b', 'g']))?.[2]?.content?.[0]).toMatchObject(unanswered);
  });
});

describe('parameters', () => {
  const dropping = (body: Json, model?: string) => {
    const sent = toAnthropic(body, model);
    return { ...sent.body, dropped: sent.dropped };
  };

  test('R52: the newer name of the limit wins', () => {
    expect(bodyOf({ max_tokens: 10, max_completion_tokens: 20 }).max_tokens).toBe(20);
    expect(bodyOf({ max_tokens: 10 }).max_tokens).toBe(10);
  });

  test('R53: there always is a limit, and room in it for a model that thinks unasked', () => {
    expect(bodyOf({}).max_tokens).toBe(8192);
    expect(bodyOf({}, 'claude-3-haiku').max_tokens).toBe(4096);
    expect(bodyOf({}, 'claude-sonnet-5').max_tokens).toBe(32_000);
    expect(toAnthropic({}).dropped).toEqual([]);
  });

  test('R54: a limit above the model’s own is lowered, and that is said', () => {
    expect(dropping({ max_tokens: 100_000 }, 'claude-3-haiku')).toMatchObject({
      max_tokens: 4096,
      dropped: ['max_tokens (above 4096)'],
    });
    expect(dropping({ max_tokens: 100_000 }, 'claude-opus-4-6')).toMatchObject({ max_tokens: 100_000, dropped: [] });
    expect(dropping({ max_tokens: 100_000 }, 'someone-elses')).toMatchObject({ max_tokens: 100_000, dropped: [] });
  });

  test('R55: a temperature above 1 is 1, and that is said', () => {
    expect(dropping({ temperature: 1.7 })).toMatchObject({ temperature: 1, dropped: ['temperature (above 1)'] });
    expect(dropping({ temperature: 0 })).toMatchObject({ temperature: 0, dropped: [] });
  });

  test.each([
    ['claude-3-5-haiku', { temperature: 0.5, top_p: 0.9 }, []],
    ['claude-opus-4-1', { temperature: 0.5 }, ['top_p']],
    ['claude-sonnet-4-5', { temperature: 0.5 }, ['top_p']],
    ['claude-opus-4-7', {}, ['temperature', 'top_p']],
    ['claude-opus-5', {}, ['temperature', 'top_p']],
    ['claude-something-new', {}, ['temperature', 'top_p']],
  ])('R56: %s takes what it takes of temperature and top_p', (model, taken, dropped) => {
    const sent = toAnthropic({ temperature: 0.5, top_p: 0.9 }, model);
    const { temperature, top_p } = sent.body;
    expect(JSON.parse(JSON.stringify({ temperature, top_p }))).toEqual(taken);
    expect(sent.dropped).toEqual(dropped);
  });

  test('R57: what is not set is not sent', () => {
    expect(Object.keys(bodyOf({ temperature: null, top_p: null, stop: null, tools: null, seed: null })).sort()).toEqual(
      ['max_tokens', 'messages', 'model'],
    );
  });

  test('R58: stop is a string or several', () => {
    expect(bodyOf({ stop: 'END' }).stop_sequences).toEqual(['END']);
    expect(bodyOf({ stop: ['a', 'b'] }).stop_sequences).toEqual(['a', 'b']);
  });

  test('R59: blank stops are left out, and that is said', () => {
    expect(dropping({ stop: ['\n', 'END', ''] })).toMatchObject({ stop_sequences: ['END'], dropped: ['stop (blank)'] });
    expect(bodyOf({ stop: ['\n'] })).not.toHaveProperty('stop_sequences');
  });

  test('R60: more than one answer is refused', () => {
    expect(refusalOf(() => bodyOf({ n: 2 }))).toMatchObject({ code: 'unsupported_parameter', param: 'n' });
    expect(bodyOf({ n: 1 })).not.toHaveProperty('n');
  });

  test('R61: what only OpenAI has is left out by name', () => {
    const sent = toAnthropic({
      seed: 7,
      presence_penalty: 1,
      frequency_penalty: 1,
      logprobs: true,
      top_logprobs: 3,
      logit_bias: { 5: 1 },
    });
    expect([...sent.dropped].sort()).toEqual([
      'frequency_penalty',
      'logit_bias',
      'logprobs',
      'presence_penalty',
      'seed',
      'top_logprobs',
    ]);
    expect(Object.keys(sent.body).sort()).toEqual(['max_tokens', 'messages', 'model']);
  });

  test('R62: top_k is an extension; no limit is none', () => {
    expect(bodyOf({ top_k: 40 }).top_k).toBe(40);
    expect(bodyOf({ top_k: -1 })).not.toHaveProperty('top_k');
    expect(bodyOf({ top_k: 0 })).not.toHaveProperty('top_k');
  });

  test('R63: the user is told apart and not named', () => {
    const sent = bodyOf({ user: 'ada@example.com' });
    expect(sent.metadata?.user_id).toMatch(/^[0-9a-f]{64}$/);
    expect(bodyOf({ user: 'ada@example.com' }).metadata).toEqual(sent.metadata);
    expect(bodyOf({ user: 'bob@example.com' }).metadata).not.toEqual(sent.metadata);
    expect(bodyOf({ user: 'x', safety_identifier: 'ada@example.com' }).metadata).toEqual(sent.metadata);
  });

  test.each([
    ['auto', 'auto', []],
    ['default', 'standard_only', []],
    ['flex', undefined, ['service_tier']],
    ['priority', undefined, ['service_tier']],
  ])('R64: service tier %s', (tier, theirs, dropped) => {
    expect(dropping({ service_tier: tier })).toMatchObject({ dropped });
    expect(bodyOf({ service_tier: tier }).service_tier).toBe(theirs);
  });

  test('R65: nothing that Anthropic does not know gets through', () => {
    const { body, dropped } = toAnthropic({
      store: true,
      metadata: { a: 'b' },
      modalities: ['text'],
      prediction: { type: 'content', content: 'x' },
      verbosity: 'low',
      some_new_field: 1,
    });
    expect([...dropped].sort()).toEqual([
      'metadata',
      'modalities',
      'prediction',
      'some_new_field',
      'store',
      'verbosity',
    ]);
    expect(Object.keys(body).sort()).toEqual(['max_tokens', 'messages', 'model']);
  });

  test('R66: streaming is said in the body, and only then', () => {
    expect(bodyOf({ stream: true, stream_options: { include_usage: true } })).toMatchObject({ stream: true });
    expect(bodyOf({ stream: true, stream_options: { include_usage: true } })).not.toHaveProperty('stream_options');
    expect(bodyOf({ stream: false })).not.toHaveProperty('stream');
  });
});

describe('structured output', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { tags: { type: 'array', items: { type: 'string', maxLength: 5 }, minItems: 2 }, at: { oneOf: [] } },
    required: ['tags'],
  };
  const response_format = { type: 'json_schema', json_schema: { name: 'r', schema, strict: true } };

  test('R67: natively, in the form that is enforced', () => {
    const { body, dropped } = toAnthropic({ response_format }, BUDGET);
    expect(body.output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: {
            tags: {
              type: 'array',
              items: { type: 'string', description: '(maxLength: 5)' },
              description: '(minItems: 2)',
            },
            at: { anyOf: [] },
          },
          required: ['tags'],
          additionalProperties: false,
        },
      },
    });
    expect(body).not.toHaveProperty('tools');
    expect(dropped).toEqual(['response_format (limits of values)']);
  });

  test('R67: beside an effort', () => {
    const sent = bodyOf({ response_format, reasoning_effort: 'high' }, ADAPTIVE).output_config;
    expect(sent).toMatchObject({ effort: 'high', format: { type: 'json_schema' } });
  });

  test('R67: by a forced tool on older models, whose answer is text again', () => {
    const request = { response_format };
    const { body, dropped } = toAnthropic(request, OLD);
    expect(body.tools).toMatchObject([{ name: 'json_answer', input_schema: { type: 'object', required: ['tags'] } }]);
    expect(body.tool_choice).toEqual({ type: 'tool', name: 'json_answer' });
    expect(dropped).toEqual([]);
    const answer = {
      content: [{ type: 'tool_use', id: 't', name: 'json_answer', input: { tags: ['a', 'b'] } }],
      stop_reason: 'tool_use',
    };
    expect(anthropic.toMessage(answer, chatCall(request))).toMatchObject({
      content: [text('{"tags":["a","b"]}')],
      finish: 'stop',
    });
  });

  test('R67: in words where the caller has tools of its own, and that is said', () => {
    const { body, dropped } = toAnthropic({ response_format, tools: [tool('f')] }, OLD);
    expect(body.tools).toHaveLength(1);
    expect(body).not.toHaveProperty('tool_choice');
    expect(JSON.stringify(body.system)).toContain('JSON schema');
    expect(dropped).toEqual(['response_format (asked for in words)']);
  });

  test('R69: plain JSON is asked for in words, and that is said', () => {
    const { body, dropped } = toAnthropic({ response_format: { type: 'json_object' } });
    expect(body.system).toEqual([text('Answer with one JSON object and nothing else.')]);
    expect(dropped).toEqual(['response_format (asked for in words)']);
    expect(toAnthropic({ response_format: { type: 'text' } }).body).not.toHaveProperty('system');
  });
});

describe('reasoning', () => {
  const thinkingOf = (body: Json, model: string) => {
    const { body: sent, dropped } = toAnthropic(body, model);
    const { thinking, output_config, max_tokens } = sent;
    return { thinking, output_config, max_tokens, dropped };
  };

  test.each([
    ['low', 1024],
    ['medium', 4096],
    ['high', 16_384],
    ['xhigh', 32_768],
    ['max', 32_768],
  ])('R72: %s is a budget of %d, and the limit leaves room', (effort, budget) => {
    const sent = thinkingOf({ reasoning_effort: effort }, BUDGET);
    expect(sent.thinking).toEqual({ type: 'enabled', budget_tokens: budget });
    expect(Number(sent.max_tokens)).toBeGreaterThan(budget);
    const tight = thinkingOf({ reasoning_effort: effort, max_tokens: 500 }, BUDGET);
    expect(tight).toMatchObject({ max_tokens: 500 + budget, dropped: ['max_tokens (raised for thinking)'] });
  });

  test('R72: the budget fits into what the model can write', () => {
    const { thinking, max_tokens } = thinkingOf({ reasoning_effort: 'xhigh' }, 'claude-opus-4-1');
    expect(Number(max_tokens)).toBe(32_000);
    expect(Number(thinking?.budget_tokens)).toBeLessThan(32_000);
  });

  test.each([
    ['claude-opus-4-7', 'xhigh', 'xhigh', []],
    ['claude-opus-5-5', 'low', 'low', []],
    ['claude-opus-4-6', 'high', 'high', []],
    ['claude-opus-4-6', 'xhigh', 'high', ['reasoning_effort (above high)']],
    ['claude-from-next-year', 'medium', 'medium', []],
  ])('R72: %s decides itself, at effort %s', (model, effort, theirs, dropped) => {
    const sent = thinkingOf({ reasoning_effort: effort }, model);
    expect(sent).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: theirs }, dropped });
    expect(sent.thinking).not.toHaveProperty('budget_tokens');
  });

  test('R72: a model that does not think is not told to, and that is said', () => {
    expect(thinkingOf({ reasoning_effort: 'high' }, OLD)).toMatchObject({ dropped: ['reasoning_effort'] });
    expect(thinkingOf({ reasoning_effort: 'high' }, OLD).thinking).toBeUndefined();
  });

  test.each([
    ['claude-sonnet-4-5', undefined, []],
    ['claude-opus-4-8', undefined, []],
    ['claude-opus-5', { type: 'disabled' }, []],
    ['claude-haiku-5-5', { type: 'disabled' }, []],
    ['claude-sonnet-5-5', { type: 'between_tools' }, []],
    ['claude-opus-5-5', undefined, ['reasoning_effort']],
    ['claude-fable-5', undefined, ['reasoning_effort']],
  ])('R73: %s is kept from thinking as far as it can be', (model, thinking, dropped) => {
    for (const effort of ['none', 'minimal']) {
      const sent = thinkingOf({ reasoning_effort: effort }, model);
      expect(sent.thinking).toEqual(thinking);
      expect(sent).toMatchObject({ dropped });
    }
  });

  test('R74: a budget is an effort where there are only efforts', () => {
    const effort = (budgetTokens: number) =>
      anthropic.toRequest(hubCall({ reasoning: { budgetTokens } }, { dialect: 'gemini' }), ADAPTIVE, providerConfig())
        .body?.output_config;
    expect([1024, 8192, 8193].map(effort)).toEqual([{ effort: 'low' }, { effort: 'medium' }, { effort: 'high' }]);
  });

  test('an effort that only some server knows is left out by name', () => {
    expect(thinkingOf({ reasoning_effort: 'default' }, BUDGET)).toMatchObject({ dropped: ['reasoning_effort'] });
  });

  test('R76: thinking and sampling exclude each other', () => {
    const { body, dropped } = toAnthropic({ reasoning_effort: 'low', temperature: 0.3, top_p: 0.5, top_k: 5 }, BUDGET);
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['temperature']));
    expect(body).not.toHaveProperty('top_p');
    expect(body).not.toHaveProperty('top_k');
    expect(dropped).toEqual(['temperature', 'top_p', 'top_k']);
    expect(toAnthropic({ reasoning_effort: 'low', temperature: 1 }, BUDGET).dropped).toEqual([]);
    expect(toAnthropic({ reasoning_effort: 'low', top_p: 0.97 }, BUDGET).body).toMatchObject({ top_p: 0.97 });
  });

  const thought = { type: 'thinking', thinking: 'hm', signature: 'c2ln' };
  const looping = (blocks: readonly Json[] | undefined) => ({
    messages: [user('go'), { ...calling(['c1', 'f']), content: 'I look.', thinking_blocks: blocks }, result('c1', 'r')],
    tools: [tool('f')],
    reasoning_effort: 'low',
  });

  test('R79: thinking, text and calls come in that order', () => {
    expect(bodyOf(looping([thought]), BUDGET).messages?.[1]?.content).toEqual([
      thought,
      text('I look.'),
      { type: 'tool_use', id: 'c1', name: 'f', input: {} },
    ]);
  });

  test('R79: a loop of tools that lost its thinking goes on without, where the model insists', () => {
    const lost = toAnthropic(looping(undefined), BUDGET);
    expect(lost.body).not.toHaveProperty('thinking');
    expect(lost.dropped).toEqual(['reasoning_effort']);
    expect(toAnthropic(looping([thought]), BUDGET).body).toHaveProperty('thinking');
    expect(toAnthropic(looping(undefined), ADAPTIVE).body).toHaveProperty('thinking');
  });

  test('R80: a signature goes back as it came; thinking without one does not, and that is said', () => {
    const { body } = toAnthropic(looping([{ ...thought, signature: ' c2ln+/= ' }]), BUDGET);
    expect(body.messages?.[1]?.content?.[0]?.signature).toBe(' c2ln+/= ');
    const unsigned = { role: 'assistant', content: 'x', reasoning_content: 'hm' };
    const sent = toAnthropic({ messages: [user('a'), unsigned, user('b')] });
    expect(JSON.stringify(sent.body)).not.toContain('hm');
    expect(sent.dropped).toEqual(['messages.reasoning_content']);
    const blocks = [{ type: 'thinking', text: 'hm' } as const, text('x')];
    const hub = hubCall({ messages: [{ role: 'assistant', content: blocks as never }] }, { dialect: 'gemini' });
    expect(anthropic.toRequest(hub, BUDGET, providerConfig()).dropped).toEqual(['thinking']);
  });

  test('R81: redacted thinking goes back unchanged', () => {
    const redacted = { type: 'redacted_thinking', data: 'ZGF0YQ==' };
    expect(bodyOf(looping([redacted]), BUDGET).messages?.[1]?.content?.[0]).toEqual(redacted);
  });
});

describe('images and documents', () => {
  const image = (url: string, more: Json = {}) => [{ type: 'image_url', image_url: { url, ...more } }];
  const sourceOf = (content: unknown) => messagesOf(user(content))?.[0]?.content?.[0]?.source;

  test.each([
    ['data:image/png;base64,QUJD', 'image/png', 'QUJD'],
    ['DATA:Image/PNG;charset=utf-8;BASE64,QUJD', 'image/png', 'QUJD'],
    ['data:image/jpg;base64,QUJD', 'image/jpeg', 'QUJD'],
    ['data:image/gif,%41%42%43', 'image/gif', 'QUJD'],
  ])('R86: %s', (url, media_type, data) => {
    expect(sourceOf(image(url))).toEqual({ type: 'base64', media_type, data });
  });

  test.each(['data:image/png;base64,not base64', 'data:image/png', 'file:///etc/passwd', 'data:image/png,%zz'])(
    'R86: %s is refused before anybody is asked',
    (url) => {
      expect(refusalOf(() => sourceOf(image(url)))).toMatchObject({
        code: 'invalid_request',
        param: 'messages[0].content[0].image_url.url',
      });
    },
  );

  test('R86: a kind of image that Anthropic does not take is refused', () => {
    expect(refusalOf(() => sourceOf(image('data:image/svg+xml;base64,QUJD')))).toMatchObject({
      code: 'unsupported_content',
      expected: 'JPEG, PNG, GIF or WebP images',
    });
  });

  test('R88: a URL is Anthropic’s to fetch', () => {
    expect(sourceOf(image('https://example.com/a.png'))).toEqual({ type: 'url', url: 'https://example.com/a.png' });
  });

  test('R89: the wanted detail is left out, and that is said', () => {
    const sent = (detail: string) => toAnthropic({ messages: [user(image('https://example.com/a.png', { detail }))] });
    expect(sent('low').dropped).toEqual(['detail']);
    expect(sent('auto').dropped).toEqual([]);
  });

  test('R90: files are documents', () => {
    const file = (file_data: string) => [{ type: 'file', file: { filename: 'a.pdf', file_data } }];
    expect(messagesOf(user(file('data:application/pdf;base64,QUJD')))?.[0]?.content?.[0]).toEqual({
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: 'QUJD' },
      title: 'a.pdf',
    });
    expect(sourceOf(file('data:text/markdown;base64,w7w='))).toEqual({
      type: 'text',
      media_type: 'text/plain',
      data: 'ü',
    });
    expect(refusalOf(() => sourceOf(file('data:application/zip;base64,QUJD')))).toMatchObject({
      code: 'unsupported_content',
    });
    expect(refusalOf(() => sourceOf([{ type: 'file', file: { file_id: 'file-1' } }]))).toMatchObject({
      code: 'unsupported_content',
      detail: { kind: 'uploaded file' },
    });
  });

  test('R92: audio is refused', () => {
    const audio = [{ type: 'input_audio', input_audio: { format: 'wav', data: 'QUJD' } }];
    expect(refusalOf(() => messagesOf(user(audio)))).toMatchObject({ code: 'unsupported_content', param: 'messages' });
    const earlier = { role: 'assistant', audio: { id: 'audio_1' } };
    expect(refusalOf(() => messagesOf(user('a'), earlier))).toMatchObject({ code: 'unsupported_content' });
  });

  test('R44: an image in a result of a tool stays in it', () => {
    const sent = bodyOf({
      messages: [user('a'), calling(['c1', 'f']), result('c1', [text('see'), ...image('https://example.com/a.png')])],
      tools: [tool('f')],
    });
    expect(sent.messages?.[2]?.content?.[0]?.content).toMatchObject([text('see'), { type: 'image' }]);
  });
});

describe('prompt caching', () => {
  const cache_control = { type: 'ephemeral' };
  const marked = (words: string, ttl?: string) => ({ ...text(words), cache_control: { ...cache_control, ttl } });

  test('R93, R94: a mark stays on the block or the tool it was on', () => {
    const { messages, tools, system } = bodyOf({
      messages: [{ role: 'system', content: [marked('S')] }, user([marked('a'), text('b')])],
      tools: [{ ...tool('f'), cache_control }],
    });
    expect(system).toEqual([{ ...text('S'), cache_control }]);
    expect(messages?.[0]?.content).toEqual([{ ...text('a'), cache_control }, text('b')]);
    expect(tools?.[0]).toMatchObject({ name: 'f', cache_control });
  });

  test('R95: of more than four the latest stay, and that is said', () => {
    const { body, dropped } = toAnthropic({
      messages: [{ role: 'system', content: [marked('S')] }, user(['a', 'b', 'c', 'd'].map((words) => marked(words)))],
    });
    expect(body.system).toEqual([text('S')]);
    expect(JSON.stringify(body.messages).match(/cache_control/g)).toHaveLength(4);
    expect(dropped).toEqual(['cache_control (not all kept)']);
  });

  test('R95: a mark on something that is not sent does not count', () => {
    const parts = ['a', 'b', 'c', 'd', ' '].map((words) => marked(words));
    expect(JSON.stringify(messagesOf(user(parts))).match(/cache_control/g)).toHaveLength(4);
  });

  test('R96: an hour does not come after five minutes', () => {
    const sent = messagesOf(user([marked('a', '1h'), marked('b', '5m'), marked('c', '1h')]));
    expect(sent?.[0]?.content).toEqual([
      { ...text('a'), cache_control: { type: 'ephemeral', ttl: '1h' } },
      { ...text('b'), cache_control },
      { ...text('c'), cache_control },
    ]);
  });

  test('R99: a mark on a message is after its last block, for every role', () => {
    const { messages, system } = bodyOf({
      messages: [
        { role: 'system', content: [text('S'), text('T')], cache_control },
        { ...user('a'), cache_control },
        { ...calling(['c1', 'f']), cache_control },
        { ...result('c1', 'r'), cache_control },
      ],
      tools: [tool('f')],
    });
    expect(system).toEqual([text('S'), { ...text('T'), cache_control }]);
    expect(messages).toMatchObject([
      { content: [{ cache_control }] },
      { content: [{ type: 'tool_use', cache_control }] },
      { content: [{ type: 'tool_result', cache_control }] },
    ]);
  });

  test('R99: thinking takes no mark', () => {
    const blocks = [{ type: 'redacted_thinking', data: 'ZGF0YQ==' }];
    const thinking = { role: 'assistant', content: null, thinking_blocks: blocks, cache_control };
    expect(JSON.stringify(messagesOf(user('a'), thinking, user('b')))).not.toContain('cache_control');
  });
});

test('R146: the key goes in Anthropic’s own header', () => {
  expect(anthropic.authorize('k')).toEqual({ 'x-api-key': 'k' });
  expect(toAnthropic({}).headers).toEqual({ 'anthropic-version': '2023-06-01' });
});
