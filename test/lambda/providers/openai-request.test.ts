import { describe, expect, test } from '@jest/globals';
import type { Block, LlmRequest, Message } from '../../../lambda/core/llm.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { openAi, openAiCompatible } from '../../../lambda/providers/openai.ts';
import type { Json } from '../../../lambda/providers/provider.ts';
import { chatCall, hubCall, providerConfig, toCompatible, toOpenAi } from '../../support/chat-calls.ts';

const text = (words: string): Block => ({ type: 'text', text: words });
const user = (...content: Block[]): Message => ({ role: 'user', content });
const assistant = (...content: Block[]): Message => ({ role: 'assistant', content });
const call = (id: string, name = 'f', args = '{}'): Block => ({ type: 'tool-call', id, name, arguments: args });
const result = (callId: string, content: Block[], isError = false): Block => ({
  type: 'tool-result',
  callId,
  content,
  isError,
});
const messagesOf = (...messages: Message[]) => toOpenAi({ messages }).body.messages;
const kindOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (thrown) {
    return thrown instanceof Refusal ? [thrown.code, thrown.detail.kind] : thrown;
  }
  return 'nothing was refused';
};

describe('another dialect in, OpenAI out', () => {
  test('R5: system texts are one message', () => {
    const system = [text('A'), text(' '), text('B')] as LlmRequest['system'];
    expect(toOpenAi({ system }).body.messages?.[0]).toEqual({ role: 'system', content: 'A\n\nB' });
  });

  test('R13: several texts of an answer are joined without anything between', () => {
    expect(messagesOf(user(text('a')), assistant(text('Hel'), text('lo')))?.[1]).toEqual({
      role: 'assistant',
      content: 'Hello',
    });
  });

  test('R16, R17: missing parameters are an object without properties, an empty description is none', () => {
    expect(toOpenAi({ tools: [{ name: 'f', description: '' }] }).body.tools).toEqual([
      { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } },
    ]);
  });

  test('R21: a longer name is cut the same way everywhere, and comes back as it was', async () => {
    const name = 'n'.repeat(100);
    const prompt = {
      tools: [{ name }],
      toolChoice: { type: 'tool', name },
      messages: [user(text('a')), assistant(call('c1', name)), user(result('c1', [text('r')]))],
    } as const;
    const { tools, tool_choice, messages } = toOpenAi(prompt).body;
    const sent = String(tools?.[0]?.function?.name);
    expect(sent).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(tool_choice?.function?.name).toBe(sent);
    expect(messages?.[1]?.tool_calls?.[0]?.function?.name).toBe(sent);
    const choice = {
      message: { tool_calls: [{ id: 'c2', type: 'function', function: { name: sent, arguments: '' } }] },
    };
    expect(openAi.toMessage({ choices: [choice] }, hubCall(prompt)).content).toMatchObject([{ name }]);
  });

  test('R23: strict only in the form that strict demands', () => {
    const parameters = {
      type: 'object',
      properties: {
        a: { type: 'string' },
        b: { type: ['integer', 'null'] },
        c: { enum: ['x'], type: 'string' },
        d: {},
      },
      required: ['a'],
    };
    const [tool] = [toOpenAi({ tools: [{ name: 'f', parameters, strict: true }] }).body.tools?.[0]];
    expect(tool?.function).toMatchObject({
      strict: true,
      parameters: {
        required: ['a', 'b', 'c', 'd'],
        additionalProperties: false,
        properties: {
          a: { type: 'string' },
          b: { type: ['integer', 'null'] },
          c: { type: ['string', 'null'], enum: ['x', null] },
          d: { anyOf: [{}, { type: 'null' }] },
        },
      },
    });
    const open = { type: 'object', additionalProperties: { type: 'string' } };
    const loose = toOpenAi({ tools: [{ name: 'f', parameters: open, strict: true }] }).body.tools?.[0]?.function;
    expect(loose).toEqual({ name: 'f', parameters: open });
  });

  test('R24, R30, R32: without tools there is no list, no choice and no parallelism', () => {
    const { body } = toOpenAi({ tools: [], toolChoice: { type: 'required' }, parallelToolCalls: false });
    expect(Object.keys(body).sort()).toEqual(['messages', 'model']);
  });

  test.each([
    [{ type: 'auto' }, 'auto'],
    [{ type: 'required' }, 'required'],
    [{ type: 'none' }, 'none'],
    [
      { type: 'tool', name: 'f' },
      { type: 'function', function: { name: 'f' } },
    ],
  ] as const)('R27: %j', (toolChoice, expected) => {
    expect(toOpenAi({ tools: [{ name: 'f' }], toolChoice }).body.tool_choice).toEqual(expected);
  });

  test('R32: one call at a time', () => {
    expect(toOpenAi({ tools: [{ name: 'f' }], parallelToolCalls: false }).body.parallel_tool_calls).toBe(false);
  });

  test('R34, R50: calls without a text have no text, and empty arguments are an object', () => {
    expect(messagesOf(user(text('a')), assistant(call('c1', 'f', '')), user(result('c1', [])))?.[1]).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    });
  });

  test('R37: an id that is too long for OpenAI is cut, in call and result alike', () => {
    const id = `toolu_${'x'.repeat(60)}`;
    const sent = messagesOf(user(text('a')), assistant(call(id)), user(result(id, [])));
    const cut = String(sent?.[1]?.tool_calls?.[0]?.id);
    expect(cut.length).toBeLessThanOrEqual(40);
    expect(sent?.[2]?.tool_call_id).toBe(cut);
  });

  test('R42, R43, R46: results are messages of their own, one each, before what the user says', () => {
    const content = [text('also'), result('a', [text('1'), text('2')]), result('b', [])];
    expect(messagesOf(user(text('go')), assistant(call('a'), call('b')), user(...content))).toEqual([
      expect.anything(),
      expect.anything(),
      { role: 'tool', tool_call_id: 'a', content: '1\n2' },
      { role: 'tool', tool_call_id: 'b', content: '' },
      { role: 'user', content: 'also' },
    ]);
  });

  test('R44: an image in a result follows in a message of the user', () => {
    const image: Block = { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'QUJD' } };
    const sent = messagesOf(user(text('go')), assistant(call('a')), user(result('a', [text('see'), image])));
    expect(sent?.[2]).toEqual({ role: 'tool', tool_call_id: 'a', content: 'see' });
    expect(sent?.[3]).toEqual({
      role: 'user',
      content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } }],
    });
  });

  test('R45: that a tool failed is said in words', () => {
    const sent = messagesOf(user(text('go')), assistant(call('a')), user(result('a', [text('no disk')], true)));
    expect(sent?.[2]?.content).toBe('[tool error] no disk');
  });

  test('R48, R49: results and calls that miss their other half get one', () => {
    expect(messagesOf(user(text('go')), assistant(call('a')), user(text('so?')))).toMatchObject([
      {},
      {},
      { role: 'tool', tool_call_id: 'a' },
      { role: 'user', content: 'so?' },
    ]);
    expect(messagesOf(user(result('gone', [text('42')])))).toMatchObject([{ role: 'user' }]);
  });

  test('R52: the limit has the name that the model or the server knows', () => {
    expect(toOpenAi({ maxTokens: 5 }, 'gpt-4o').body).toMatchObject({ max_tokens: 5 });
    expect(toOpenAi({ maxTokens: 5 }, 'gpt-5-mini').body).toMatchObject({ max_completion_tokens: 5 });
    expect(toOpenAi({ maxTokens: 5 }, 'gpt-5-mini').body).not.toHaveProperty('max_tokens');
    expect(toCompatible({ maxTokens: 5 }, 'gpt-5-mini').body).toMatchObject({ max_tokens: 5 });
  });

  test('R56: a model that reasons takes no sampling parameters, and what is left out is said', () => {
    const sent = toOpenAi({ temperature: 0.2, topP: 0.5, presencePenalty: 1 }, 'o4-mini');
    expect(Object.keys(sent.body).sort()).toEqual(['messages', 'model']);
    expect(sent.dropped).toEqual(['temperature', 'top_p', 'presence_penalty']);
    expect(toOpenAi({ temperature: 0.2 }, 'gpt-4o').body.temperature).toBe(0.2);
    expect(toCompatible({ temperature: 0.2 }, 'o4-mini').body.temperature).toBe(0.2);
  });

  test('R59: more stops than OpenAI takes are left out, and that is said', () => {
    const stop = ['a', 'b', 'c', 'd', 'e'];
    expect(toOpenAi({ stop })).toMatchObject({ body: { stop: stop.slice(0, 4) }, dropped: ['stop (beyond 4)'] });
    expect(toCompatible({ stop })).toMatchObject({ body: { stop }, dropped: [] });
  });

  test('R62: top_k is left out by name', () => {
    expect(toOpenAi({ topK: 5 })).toMatchObject({ dropped: ['top_k'] });
    expect(toOpenAi({ topK: 5 }).body).not.toHaveProperty('top_k');
  });

  test.each([
    ['auto', 'auto', []],
    ['standard_only', 'default', []],
    ['batch', undefined, ['service_tier']],
  ])('R64: service tier %s', (serviceTier, theirs, dropped) => {
    expect(toOpenAi({ serviceTier }).body.service_tier).toBe(theirs);
    expect(toOpenAi({ serviceTier }).dropped).toEqual(dropped);
    expect(toCompatible({ serviceTier }).dropped).toEqual(['service_tier']);
  });

  test('R65: what only the caller’s dialect has is left out by name', () => {
    const sent = toOpenAi({ foreign: ['context_management'], foreignTools: ['bash_20250124'] });
    expect(sent.dropped).toEqual(['context_management', 'bash_20250124']);
  });

  test('R71: an answer in a form has a name and the form that strict demands', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const format = (name: string, strict: boolean, of: Json = schema) =>
      toOpenAi({ responseFormat: { type: 'json-schema', name, schema: of, strict } });
    expect(format('', true).body.response_format).toEqual({
      type: 'json_schema',
      json_schema: {
        name: 'answer',
        strict: true,
        schema: {
          type: 'object',
          properties: { a: { type: ['string', 'null'] } },
          required: ['a'],
          additionalProperties: false,
        },
      },
    });
    expect(format('a b/c', false).body.response_format?.json_schema?.name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(format('r', false).body.response_format?.json_schema).toMatchObject({ schema, strict: false });
    const open = format('r', true, { type: 'object', additionalProperties: true });
    expect(open.body.response_format?.json_schema).toMatchObject({ strict: false });
    expect(open.dropped).toEqual(['strict']);
    expect(toOpenAi({ responseFormat: { type: 'json' } }).body.response_format).toEqual({ type: 'json_object' });
  });

  test.each([
    [1024, 'low'],
    [8192, 'medium'],
    [8193, 'high'],
  ])('R74: a budget of %d is %s effort', (budgetTokens, effort) => {
    expect(toOpenAi({ reasoning: { budgetTokens } }, 'gpt-5').body.reasoning_effort).toBe(effort);
  });

  test('R74: a model that does not reason is not told to, and that is said', () => {
    const sent = toOpenAi({ reasoning: { effort: 'high' } }, 'gpt-4o');
    expect(sent.body).not.toHaveProperty('reasoning_effort');
    expect(sent.dropped).toEqual(['reasoning_effort']);
    expect(toOpenAi({ reasoning: { effort: 'none' } }, 'gpt-4o').dropped).toEqual([]);
    expect(toCompatible({ reasoning: { effort: 'high' } }).body.reasoning_effort).toBe('high');
    expect(toOpenAi({ reasoning: {} }, 'gpt-5').body).not.toHaveProperty('reasoning_effort');
  });

  test('R80: what another model thought stays at home, and that is said', () => {
    const thought: Block = { type: 'thinking', text: 'hm', signature: 's' };
    const sent = toOpenAi({ messages: [user(text('a')), assistant(thought, text('b')), user(text('c'))] });
    expect(JSON.stringify(sent.body)).not.toContain('hm');
    expect(sent.dropped).toEqual(['thinking']);
    expect(messagesOf(user(text('a')), assistant(thought), user(text('c')))).toHaveLength(2);
  });

  test('R86, R89: an image keeps the detail that was asked for', () => {
    const image: Block = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' }, detail: 'low' };
    expect(messagesOf(user(image, text('?')))?.[0]?.content).toEqual([
      { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
      { type: 'text', text: '?' },
    ]);
  });

  test('R90: documents are files, or text', () => {
    const pdf: Block = {
      type: 'document',
      source: { type: 'base64', mediaType: 'application/pdf', data: 'QUJD' },
      name: 'a.pdf',
    };
    expect(messagesOf(user(pdf))?.[0]?.content).toEqual([
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' } },
    ]);
    expect(messagesOf(user({ type: 'document', source: { type: 'text', text: 'T' } }))?.[0]?.content).toBe('T');
    const remote: Block = { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } };
    expect(kindOf(() => messagesOf(user(remote)))).toEqual(['unsupported_content', 'document by URL']);
  });

  test('R92: audio goes where it is taken', () => {
    expect(messagesOf(user({ type: 'audio', format: 'wav', data: 'QUJD' }))?.[0]?.content).toEqual([
      { type: 'input_audio', input_audio: { format: 'wav', data: 'QUJD' } },
    ]);
  });

  test('R98: cache marks are left out, and that is said', () => {
    const sent = toOpenAi({ system: [{ type: 'text', text: 'S', cache: {} }] });
    expect(JSON.stringify(sent.body)).not.toContain('cache');
    expect(sent.dropped).toEqual(['cache_control']);
  });

  test('blocks that only another dialect has: refused from the user, left out by name from history', () => {
    const other: Block = { type: 'other', dialect: 'anthropic-messages', kind: 'server_tool_use', raw: {} };
    expect(kindOf(() => messagesOf(user(other)))).toEqual(['unsupported_content', 'server_tool_use']);
    const sent = toOpenAi({ messages: [user(text('a')), assistant(other, text('b')), user(text('c'))] });
    expect(sent.dropped).toEqual(['server_tool_use']);
  });

  test('R66, R115: a stream is asked for with its usage, whoever asks', () => {
    const request = openAi.toRequest(hubCall({}, { stream: true }), 'gpt-4o', providerConfig());
    expect(request.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  test('R146: the key is a bearer token', () => {
    expect(openAi.authorize('k')).toEqual({ authorization: 'Bearer k' });
  });
});

describe('OpenAI in, OpenAI out', () => {
  const pass = (body: Json, model = 'gpt-4o', provider = openAi) =>
    provider.toRequest(chatCall(body, { dialectHeaders: { 'openai-beta': 'x' } }), model, providerConfig());

  test('every field passes as it came, but for the model', () => {
    const body = {
      model: 'smart',
      messages: [{ role: 'user', content: 'hi', name: 'ada' }],
      tools: [{ type: 'custom', custom: { name: 'grep' } }],
      tool_choice: { type: 'custom', custom: { name: 'grep' } },
      logit_bias: { 50256: -100 },
      metadata: { a: 'b' },
      reasoning_effort: 'max',
      some_new_field: { deep: [1] },
      n: 3,
    };
    const sent = pass(body, 'gpt-5');
    expect(sent.body).toEqual({ ...body, model: 'gpt-5' });
    expect(sent).toMatchObject({ dropped: [], headers: { 'openai-beta': 'x' }, path: '/chat/completions' });
  });

  test('R24: an empty list of tools goes, with all that belongs to it', () => {
    const sent = pass({ tools: [], tool_choice: 'none', parallel_tool_calls: true });
    expect(Object.keys(sent.body ?? {}).sort()).toEqual(['messages', 'model']);
  });

  test('R52: the limit has the name that the model or the server knows', () => {
    expect(pass({ max_tokens: 5 }, 'o3').body).toMatchObject({ max_completion_tokens: 5 });
    expect(pass({ max_tokens: 5 }, 'o3').body).not.toHaveProperty('max_tokens');
    expect(pass({ max_tokens: 5, max_completion_tokens: 7 }, 'o3').body).toMatchObject({ max_completion_tokens: 7 });
    expect(pass({ max_completion_tokens: 5 }, 'm', openAiCompatible).body).toMatchObject({ max_tokens: 5 });
    expect(pass({ max_tokens: 5 }, 'gpt-4o').body).toMatchObject({ max_tokens: 5 });
  });

  test('a caller does not say where a call goes', () => {
    const sent = pass({ api_base: 'http://evil.example', api_key: 'k' }, 'm', openAiCompatible);
    expect(JSON.stringify(sent.body)).not.toMatch(/evil|api_key/);
    expect([...sent.dropped].sort()).toEqual(['api_base', 'api_key']);
  });

  test('R115: usage is always asked for, beside the caller’s own options', () => {
    const sent = pass({ stream: true, stream_options: { include_obfuscation: false } });
    expect(sent.body).toMatchObject({ stream_options: { include_obfuscation: false, include_usage: true } });
  });
});
