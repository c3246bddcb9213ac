import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Simulators, startSimulators } from '../../../local/simulators/start-simulators.ts';

let simulators: Simulators;
beforeAll(async () => {
  simulators = await startSimulators({ port: 0 });
});
afterAll(() => simulators.close());

const HEADERS = { authorization: 'Bearer k', 'anthropic-version': '2023-06-01' };

/** Status and sentence of the answer. */
const post = async (path: string, body: object) => {
  const response = await fetch(`${simulators.url}${path}`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
};

type Case = readonly [what: string, body: object, sentence: string];

const u = (content: unknown) => ({ role: 'user', content });
const a = (content: unknown) => ({ role: 'assistant', content });

describe('OpenAI chat refuses', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };
  const f = { type: 'function', function: { name: 'f' } };
  const schema = (strict: boolean, of: object) => ({
    type: 'json_schema',
    json_schema: { name: 'r', strict, schema: of },
  });
  const ok = { model: 'gpt-4o', messages: [u('hi')] };

  test.each<Case>([
    ['no messages', { messages: undefined }, "Missing required parameter: 'messages'"],
    ['empty messages', { messages: [] }, 'empty array'],
    ['an unknown role', { messages: [{ role: 'robot', content: 'x' }] }, "Invalid value: 'robot'"],
    ['user content that is null', { messages: [u(null)] }, 'expected a string, got null'],
    ['an empty list of tools', { tools: [] }, "Invalid 'tools': empty array"],
    ['a tool choice without tools', { tool_choice: 'auto' }, "only allowed when 'tools' are specified"],
    ['parallel_tool_calls without tools', { parallel_tool_calls: false }, "only allowed when 'tools' are specified"],
    [
      'a choice of a tool that is not there',
      { tools: [f], tool_choice: { type: 'function', function: { name: 'g' } } },
      'not found',
    ],
    ['a bad tool name', { tools: [{ type: 'function', function: { name: 'a.b' } }] }, 'does not match pattern'],
    [
      'a tool result without a call',
      { messages: [u('x'), { role: 'tool', tool_call_id: 'c1', content: '1' }] },
      'must be a response to a preceeding message',
    ],
    [
      'a call without its result',
      { messages: [u('x'), { role: 'assistant', tool_calls: [call] }, u('y')] },
      'did not have response messages: c1',
    ],
    [
      'a result of another call',
      {
        messages: [
          u('x'),
          { role: 'assistant', tool_calls: [call] },
          { role: 'tool', tool_call_id: 'c2', content: '1' },
        ],
      },
      "'c2' not found",
    ],
    [
      'arguments that are no string',
      { messages: [u('x'), { role: 'assistant', tool_calls: [{ ...call, function: { name: 'f', arguments: {} } }] }] },
      'expected a string',
    ],
    [
      'an image that is no URL',
      { messages: [u([{ type: 'image_url', image_url: { url: 'nope' } }])] },
      'Invalid image URL',
    ],
    [
      'an image in a system message',
      {
        messages: [
          { role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://e.example/a.png' } }] },
          u('x'),
        ],
      },
      "role 'user'",
    ],
    ['a temperature above 2', { temperature: 2.1 }, 'decimal above maximum value'],
    ['five stop sequences', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'maximum length 4'],
    [
      'stream options without a stream',
      { stream_options: { include_usage: true } },
      "only allowed when 'stream' is enabled",
    ],
    ['max_tokens for a reasoning model', { model: 'gpt-5', max_tokens: 5 }, "Use 'max_completion_tokens' instead"],
    ['JSON mode without the word', { response_format: { type: 'json_object' } }, "must contain the word 'json'"],
    [
      'a strict schema that leaves a key open',
      {
        response_format: schema(true, {
          type: 'object',
          properties: { a: {} },
          additionalProperties: false,
          required: [],
        }),
      },
      "Missing 'a'",
    ],
    [
      'a strict schema that allows more',
      { response_format: schema(true, { type: 'object', properties: {} }) },
      'additionalProperties',
    ],
  ])('%s', async (_what, change, sentence) => {
    const { status, text } = await post('/openai/v1/chat/completions', { ...ok, ...change });
    expect([status, text]).toEqual([400, expect.stringContaining(sentence.replaceAll('"', '\\"'))]);
    expect(JSON.parse(text)).toHaveProperty('error.type', 'invalid_request_error');
  });

  test('not what it does not know', async () => {
    expect((await post('/openai/v1/chat/completions', { ...ok, x_unknown: 1 })).status).toBe(200);
  });

  test('an unknown model, and a compatible server does not', async () => {
    const { status, text } = await post('/openai/v1/chat/completions', { ...ok, model: 'nope' });
    expect([status, JSON.parse(text)]).toEqual([404, { error: expect.objectContaining({ code: 'model_not_found' }) }]);
    expect((await post('/vllm/v1/chat/completions', { ...ok, model: 'nope' })).status).toBe(200);
  });
});

describe('OpenAI responses refuses', () => {
  const ok = { model: 'gpt-4o', input: 'hi' };
  test.each<Case>([
    ['no input', { input: undefined }, "'input'"],
    ['state', { previous_response_id: 'resp_1' }, 'not found'],
    [
      'an output without its call',
      { input: [{ type: 'function_call_output', call_id: 'c1', output: '' }] },
      'No tool call found',
    ],
    [
      'a call without its output',
      { input: [u('x'), { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' }] },
      'No tool output found',
    ],
    ['parts of the other side', { input: [u([{ type: 'output_text', text: 'x' }])] }, "Invalid value: 'output_text'"],
    ['parts of the chat API', { input: [u([{ type: 'text', text: 'x' }])] }, "Invalid value: 'text'"],
    ['fields of the chat API', { response_format: { type: 'text' } }, "Unsupported parameter: 'response_format'"],
  ])('%s', async (_what, change, sentence) => {
    const { status, text } = await post('/openai/v1/responses', { ...ok, ...change });
    expect([status, text]).toEqual([400, expect.stringContaining(sentence)]);
  });
});

describe('Anthropic refuses', () => {
  const use = (id = 't1') => ({ type: 'tool_use', id, name: 'f', input: {} });
  const result = (id = 't1') => ({ type: 'tool_result', tool_use_id: id, content: '1' });
  const f = { name: 'f', input_schema: { type: 'object' } };
  const t = (text: string) => ({ type: 'text', text });
  const marked = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } };
  const thinking = { type: 'enabled', budget_tokens: 1_024 };
  const ok = { model: 'claude-sonnet-4-5', max_tokens: 2_000, messages: [u('hi')] };

  test.each<Case>([
    ['an unknown parameter', { frequency_penalty: 1 }, 'frequency_penalty: Extra inputs are not permitted'],
    ['no max_tokens', { max_tokens: undefined }, 'max_tokens: Field required'],
    ['max_tokens of 0', { max_tokens: 0 }, 'max_tokens: Input should be greater than or equal to 1'],
    ['more than the model can write', { max_tokens: 64_001 }, 'the maximum allowed number of output tokens'],
    ['no messages', { messages: [] }, 'at least one message is required'],
    ['an empty text block', { messages: [u([t('')])] }, 'text content blocks must be non-empty'],
    ['a blank text block', { messages: [u([t('x'), t(' \n')])] }, 'must contain non-whitespace text'],
    ['an empty message', { messages: [u(''), a('x'), u('y')] }, 'must have non-empty content'],
    ['an empty system block', { system: [t('')] }, 'must be non-empty'],
    ['a first message of the assistant', { messages: [a('x'), u('y')] }, 'first message must use the "user" role'],
    ['a system message', { messages: [{ role: 'system', content: 'x' }, u('y')] }, 'Unexpected role "system"'],
    ['a prefill that ends in a space', { messages: [u('x'), a('y ')] }, 'cannot end with trailing whitespace'],
    ['a result without its call', { messages: [u([result()])], tools: [f] }, 'unexpected `tool_use_id`'],
    [
      'a call without its result',
      { messages: [u('x'), a([use()]), u('y')], tools: [f] },
      'without `tool_result` blocks immediately after: t1',
    ],
    [
      'text before results',
      { messages: [u('x'), a([use()]), u([t('y'), result()])], tools: [f] },
      'without `tool_result` blocks immediately after',
    ],
    [
      'a tool id of another shape',
      { messages: [u('x'), a([use('a.b')]), u([result('a.b')])], tools: [f] },
      'tool_use.id: String should match pattern',
    ],
    [
      'tool input that is no object',
      { messages: [u('x'), a([{ ...use(), input: '{}' }]), u([result()])] },
      'Input should be a valid dictionary',
    ],
    ['a bad tool name', { tools: [{ ...f, name: 'a.b' }] }, 'String should match pattern'],
    ['a tool without a schema', { tools: [{ name: 'f' }] }, 'input_schema: Field required'],
    ['two tools of one name', { tools: [f, f] }, 'Tool names must be unique'],
    ['a tool choice without tools', { tool_choice: { type: 'auto' } }, 'only be specified while providing tools'],
    ['a tool choice in words', { tools: [f], tool_choice: 'auto' }, 'does not match any of the expected tags'],
    [
      'disable_parallel_tool_use beside none',
      { tools: [f], tool_choice: { type: 'none', disable_parallel_tool_use: true } },
      'Extra inputs',
    ],
    ['a temperature above 1', { temperature: 1.1 }, 'temperature: Input should be less than or equal to 1'],
    ['temperature with top_p', { temperature: 0.5, top_p: 0.5 }, 'cannot both be specified'],
    ['a stop sequence that is no list', { stop_sequences: 'END' }, 'stop_sequences: Input should be a valid list'],
    ['a blank stop sequence', { stop_sequences: [' '] }, 'must contain non-whitespace'],
    [
      'thinking with a forced tool',
      { thinking, tools: [f], tool_choice: { type: 'any' } },
      'Thinking may not be enabled',
    ],
    ['thinking beyond max_tokens', { thinking, max_tokens: 1_000 }, 'must be greater than `thinking.budget_tokens`'],
    ['thinking with a temperature', { thinking, temperature: 0.2 }, 'may only be set to 1'],
    ['five cache markers', { messages: [u([marked, marked, marked, marked, marked])] }, 'Found 5'],
    [
      'a data URL as image data',
      {
        messages: [
          u([
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'data:image/png;base64,AAAA' } },
          ]),
        ],
      },
      'invalid base64 data',
    ],
    [
      'a kind of image it can not see',
      { messages: [u([{ type: 'image', source: { type: 'base64', media_type: 'image/jpg', data: 'AAAA' } }])] },
      'media_type',
    ],
    [
      'a block of another dialect',
      { messages: [u([{ type: 'image_url', image_url: { url: 'x' } }])] },
      "Input tag 'image_url'",
    ],
    [
      'a field of another dialect in a message',
      { messages: [{ ...u('x'), name: 'jo' }] },
      'messages.0.name: Extra inputs',
    ],
  ])('%s', async (_what, change, sentence) => {
    const { status, text } = await post('/anthropic/v1/messages', { ...ok, ...change });
    expect([status, JSON.parse(text)]).toEqual([
      400,
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: expect.stringContaining(sentence) },
        request_id: expect.any(String),
      },
    ]);
  });

  test('not consecutive messages of one role, which it joins', async () => {
    expect((await post('/anthropic/v1/messages', { ...ok, messages: [u('a'), u('b'), a('c'), u('d')] })).status).toBe(
      200,
    );
  });

  test('a request without a version, and an unknown model', async () => {
    const response = await fetch(`${simulators.url}/anthropic/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': 'k' },
      body: JSON.stringify(ok),
    });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('anthropic-version')]);
    expect(await post('/anthropic/v1/messages', { ...ok, model: 'nope' })).toEqual({
      status: 404,
      text: expect.stringContaining('not_found_error'),
    });
  });
});

describe('Gemini refuses', () => {
  const user = (...parts: object[]) => ({ role: 'user', parts });
  const model = (...parts: object[]) => ({ role: 'model', parts });
  const call = { functionCall: { name: 'f', args: {} } };
  const answer = { functionResponse: { name: 'f', response: { output: '1' } } };
  const declare = (parameters: object) => ({ tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] });
  const config = (generationConfig: object) => ({ generationConfig });
  const hi = user({ text: 'hi' });

  test.each<Case>([
    ['an unknown name', { stream: true }, 'Unknown name \\"stream\\": Cannot find field'],
    ['a snake case name', { generation_config: {} }, 'Unknown name'],
    ['an unknown name further in', config({ max_tokens: 1 }), 'Unknown name \\"max_tokens\\" at \'generation_config\''],
    ['no contents', { contents: [] }, 'contents is not specified'],
    [
      'a role of another dialect',
      { contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] },
      'Please use a valid role: user, model.',
    ],
    ['empty parts', { contents: [{ role: 'user', parts: [] }] }, 'must not be empty'],
    ['a part without data', { contents: [user({})] }, "required oneof field 'data'"],
    ['empty text', { contents: [user({ text: '' })] }, 'non-empty text'],
    [
      'a result without its call',
      { contents: [hi, model({ text: 'x' }), user(answer)] },
      'immediately after a function call turn',
    ],
    [
      'fewer results than calls',
      { contents: [hi, model(call, call), user(answer)] },
      'number of function response parts',
    ],
    [
      'a result that is no object',
      { contents: [hi, model(call), user({ functionResponse: { name: 'f', response: '1' } })] },
      'protobuf.Struct',
    ],
    [
      'additionalProperties in parameters',
      declare({ type: 'object', additionalProperties: false }),
      'additionalProperties',
    ],
    ['two types', declare({ type: 'object', properties: { a: { type: ['string', 'null'] } } }), 'v1beta.Type'],
    [
      'an object with no properties',
      declare({ type: 'object', properties: {} }),
      'should be non-empty for OBJECT type',
    ],
    [
      'names of tools without mode ANY',
      {
        ...declare({ type: 'object' }),
        toolConfig: { functionCallingConfig: { mode: 'AUTO', allowedFunctionNames: ['f'] } },
      },
      'allowed_function_names',
    ],
    [
      'a mode without tools',
      { toolConfig: { functionCallingConfig: { mode: 'ANY' } } },
      'without function_declarations',
    ],
    ['six stop sequences', config({ stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'] }), 'at most 5'],
    ['a temperature above 2', config({ temperature: 2.5 }), 'temperature'],
    [
      'a schema without the JSON type',
      config({ responseJsonSchema: {} }),
      "only allowed when response_mime_type is 'application/json'",
    ],
    [
      'JSON with tools on an older model',
      { ...declare({ type: 'object' }), ...config({ responseMimeType: 'application/json' }) },
      'is unsupported',
    ],
    [
      'an image at an address',
      { contents: [user({ fileData: { mimeType: 'image/png', fileUri: 'https://example.com/a.png' } })] },
      'Cannot fetch content',
    ],
  ])('%s', async (_what, change, sentence) => {
    const { status, text } = await post('/gemini/v1beta/models/gemini-2.5-flash:generateContent', {
      contents: [hi],
      ...change,
    });
    expect([status, text]).toEqual([400, expect.stringContaining(sentence)]);
    expect(JSON.parse(text)).toHaveProperty('error.status', 'INVALID_ARGUMENT');
  });

  test('a call that lost its signature, where the model signs', async () => {
    const contents = [hi, model(call), user(answer)];
    const path = '/gemini/v1beta/models/gemini-3-pro-preview:generateContent';
    expect(await post(path, { contents })).toEqual({ status: 400, text: expect.stringContaining('thought_signature') });
    const signed = { ...call, thoughtSignature: 'skip_thought_signature_validator' };
    expect((await post(path, { contents: [hi, model(signed), user(answer)] })).status).toBe(200);
  });

  test('an unknown model', async () => {
    const { status, text } = await post('/gemini/v1beta/models/nope:generateContent', { contents: [hi] });
    expect([status, JSON.parse(text)]).toEqual([404, { error: expect.objectContaining({ status: 'NOT_FOUND' }) }]);
  });
});

describe('Bedrock refuses', () => {
  const use = (toolUseId = 't1') => ({ toolUse: { toolUseId, name: 'f', input: {} } });
  const result = (toolUseId = 't1') => ({ toolResult: { toolUseId, content: [{ text: '1' }] } });
  const tools = [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object' } } } }];
  const toolConfig = { tools };
  const claude = '/bedrock/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse';
  const hi = u([{ text: 'hi' }]);
  const loop = [hi, a([use()]), u([result()])];

  test.each<Case>([
    ['an unknown parameter', { stream: true }, 'stream: Extra inputs are not permitted'],
    ['no messages', { messages: [] }, 'greater than or equal to 1'],
    ['a first message of the assistant', { messages: [a([{ text: 'x' }]), hi] }, 'must start with a user message'],
    ['messages that do not alternate', { messages: [hi, hi] }, 'must alternate between user and assistant roles'],
    ['blank text', { messages: [u([{ text: ' ' }])] }, 'at messages.0.content.0 is blank'],
    ['an empty system', { system: [] }, 'must not be an empty list'],
    [
      'a system message',
      { messages: [{ role: 'system', content: [{ text: 'x' }] }, hi] },
      'enum value set: [user, assistant]',
    ],
    ['an empty list of tools', { toolConfig: { tools: [] } }, "at 'toolConfig.tools'"],
    ['tool history without toolConfig', { messages: loop }, 'The toolConfig field must be defined'],
    [
      'more results than calls',
      { toolConfig, messages: [hi, a([use()]), u([result(), result('t2')])] },
      'exceeds the number of toolUse blocks',
    ],
    [
      'a call without its result',
      { toolConfig, messages: [hi, a([use()]), hi] },
      'Expected toolResult blocks at messages.2.content',
    ],
    [
      'an id that is too long',
      { toolConfig, messages: [hi, a([use('x'.repeat(65))]), u([result('x'.repeat(65))])] },
      '[a-zA-Z0-9_-]{1,64}',
    ],
    [
      'a json result that is no object',
      { toolConfig, messages: [hi, a([use()]), u([{ toolResult: { toolUseId: 't1', content: [{ json: [1] }] } }])] },
      'Provide a json object',
    ],
    [
      'a cache point inside a result',
      {
        toolConfig,
        messages: [
          hi,
          a([use()]),
          u([{ toolResult: { toolUseId: 't1', content: [{ text: 'x' }, { cachePoint: { type: 'default' } }] } }]),
        ],
      },
      'tagged union',
    ],
    [
      'an empty description',
      { toolConfig: { tools: [{ toolSpec: { ...tools[0]?.toolSpec, description: '' } }] } },
      'greater than or equal to 1',
    ],
    ['a temperature above 1', { inferenceConfig: { temperature: 1.5 } }, 'less than or equal to 1'],
    [
      'a field that the model has not',
      { additionalModelRequestFields: { seed: 1 } },
      'seed: Extra inputs are not permitted',
    ],
    [
      'an image at an address',
      { messages: [u([{ image: { format: 'png', source: { url: 'https://example.com/a.png' } } }])] },
      'not valid base64',
    ],
    [
      'a document with a dot in its name',
      { messages: [u([{ text: 'x' }, { document: { format: 'pdf', name: 'a.pdf', source: { bytes: 'AAAA' } } }])] },
      'document file name',
    ],
    [
      'an unsigned signature',
      { messages: [hi, a([{ reasoningContent: { reasoningText: { text: 'x', signature: '' } } }, { text: 'y' }]), hi] },
      'signature must not be empty',
    ],
  ])('%s', async (_what, change, sentence) => {
    const { status, text } = await post(claude, { messages: [hi], ...change });
    expect([status, JSON.parse(text)]).toEqual([400, { message: expect.stringContaining(sentence) }]);
  });

  test('a forced choice on a model that has none', async () => {
    const body = { messages: [hi], toolConfig: { tools, toolChoice: { any: {} } } };
    expect((await post(claude, body)).status).toBe(200);
    const llama = await post('/bedrock/model/meta.llama3-3-70b-instruct-v1%3A0/converse', body);
    expect(llama).toEqual({ status: 400, text: expect.stringContaining('toolChoice.any') });
  });

  test('an unknown model, as an invalid identifier', async () => {
    const { status, text } = await post('/bedrock/model/nope/converse', { messages: [hi] });
    expect([status, text]).toEqual([400, expect.stringContaining('model identifier is invalid')]);
  });
});
