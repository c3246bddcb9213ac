import { describe, expect, test } from '@jest/globals';
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { LlmCall, LlmMessage, LlmPart } from '../../../lambda/core/llm.ts';
import { Refusal } from '../../../lambda/core/refusal.ts';
import { bedrock } from '../../../lambda/providers/bedrock.ts';
import type { Json } from '../../../lambda/providers/provider.ts';
import { chatCall } from '../../support/chat-calls.ts';
import { bytesOf, collect, collectUntilError } from '../../support/streams.ts';

/** Converse out, the hub in. Numbers are those of the translation rules. */

const codec = new EventStreamCodec(
  (input) => (typeof input === 'string' ? input : Buffer.from(input).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

const message = (headers: Record<string, string>, body: Json): Uint8Array =>
  codec.encode({
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }])),
    body: Buffer.from(JSON.stringify(body)),
  });
const event = (name: string, body: Json): Uint8Array =>
  message({ ':message-type': 'event', ':event-type': name, ':content-type': 'application/json' }, body);
const exception = (name: string, body: Json): Uint8Array =>
  message({ ':message-type': 'exception', ':exception-type': name, ':content-type': 'application/json' }, body);

const START = event('messageStart', { role: 'assistant', p: 'abcd' });
const delta = (contentBlockIndex: number, change: Json) =>
  event('contentBlockDelta', { contentBlockIndex, delta: change });
const callStart = (contentBlockIndex: number, toolUseId: string, name: string) =>
  event('contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId, name } } });
const blockStop = (contentBlockIndex: number) => event('contentBlockStop', { contentBlockIndex });
const stop = (stopReason: string, more: Json = {}) => event('messageStop', { stopReason, ...more });
const USAGE = {
  inputTokens: 5,
  outputTokens: 9,
  totalTokens: 134,
  cacheReadInputTokens: 100,
  cacheWriteInputTokens: 20,
};
const METADATA = event('metadata', { usage: USAGE, metrics: { latencyMs: 1 } });
const COUNTED = { input: 5, cacheRead: 100, cacheWrite: 20, output: 9 };

const CALL = chatCall({ stream: true });
const partsOf = (call: LlmCall, ...frames: readonly Uint8Array[]) =>
  collect(bedrock.toParts(bedrock.decode(bytesOf(...frames), call), call));
const brokenOff = (...frames: readonly Uint8Array[]) =>
  collectUntilError(bedrock.toParts(bedrock.decode(bytesOf(...frames), CALL), CALL));

const answer = (content: readonly Json[], stopReason = 'end_turn', more: Json = {}): Json => ({
  output: { message: { role: 'assistant', content } },
  stopReason,
  usage: USAGE,
  ...more,
});
const read = (body: Json, call = CALL): LlmMessage => bedrock.toMessage(body, call);
const schemaCall = chatCall({
  stream: true,
  response_format: { type: 'json_schema', json_schema: { name: 'r', schema: { type: 'object' } } },
});

describe('a whole answer', () => {
  test('R13: all its texts are there, in their order', () => {
    const { content } = read(answer([{ text: 'Hel' }, { text: 'lo' }]));
    expect(content).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
    ]);
  });

  test('R34, R50: calls keep their ids and have arguments in JSON, beside a text as well', () => {
    const { content, finish } = read(
      answer(
        [
          { text: 'wait' },
          { toolUse: { toolUseId: 'tooluse_a', name: 'f', input: { q: 1 } } },
          { toolUse: { toolUseId: 'tooluse_b', name: 'f', input: {} } },
        ],
        'tool_use',
      ),
    );
    expect(content.slice(1)).toEqual([
      { type: 'tool-call', id: 'tooluse_a', name: 'f', arguments: '{"q":1}' },
      { type: 'tool-call', id: 'tooluse_b', name: 'f', arguments: '{}' },
    ]);
    expect(finish).toBe('tool-call');
  });

  test('R21: a tool has its caller’s name again, also one that only the history knows', () => {
    const [given, seen] = ['mcp.given', 'mcp.seen'];
    const call = chatCall({
      tools: [{ type: 'function', function: { name: given } }],
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: seen, arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'c', content: 'r' },
      ],
    });
    const sent = JSON.stringify(bedrock.toRequest(call, 'anthropic.claude-3-haiku-20240307-v1:0', {} as never).body);
    const names = [...sent.matchAll(/"name":"([^"]+)"/g)].map(([, name]) => name);
    const toolUses = names.map((name, index) => ({ toolUse: { toolUseId: `t${index}`, name, input: {} } }));
    const back = read(answer(toolUses, 'tool_use'), call).content.map((block) => 'name' in block && block.name);
    expect(new Set(back)).toEqual(new Set([given, seen]));
  });

  test('R51: blocks of other kinds are left out, cited text is text', () => {
    const { content } = read(
      answer([
        { video: {} },
        { citationsContent: { content: [{ text: 'so ' }, { text: 'they say' }], citations: [] } },
      ]),
    );
    expect(content).toEqual([{ type: 'text', text: 'so they say' }]);
  });

  test('R78, R81, R82: thinking with its signature, redacted thinking as it is', () => {
    const { content } = read(
      answer([
        { reasoningContent: { reasoningText: { text: 'hm', signature: 's==' } } },
        { reasoningContent: { reasoningText: { text: 'unsigned' } } },
        { reasoningContent: { redactedContent: 'c2VjcmV0' } },
        { text: 'so' },
      ]),
    );
    expect(content).toEqual([
      { type: 'thinking', text: 'hm', signature: 's==' },
      { type: 'thinking', text: 'unsigned' },
      { type: 'redacted-thinking', data: 'c2VjcmV0' },
      { type: 'text', text: 'so' },
    ]);
  });

  test('R67: the call to our own tool is the answer', () => {
    const { content, finish } = read(
      answer([{ toolUse: { toolUseId: 't', name: 'json_answer', input: { n: 1 } } }], 'tool_use'),
      schemaCall,
    );
    expect(content).toEqual([{ type: 'text', text: '{"n":1}' }]);
    expect(finish).toBe('stop');
  });

  test('R102: input excludes what was cached', () => {
    expect(read(answer([])).usage).toEqual({ ...COUNTED, reasoning: 0 });
    expect(read({ ...answer([]), usage: { inputTokens: 1, outputTokens: 2 } }).usage).toEqual({
      input: 1,
      cacheRead: 0,
      cacheWrite: 0,
      output: 2,
      reasoning: 0,
    });
  });

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['tool_use', 'tool-call'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['guardrail_intervened', 'filtered'],
    ['content_filtered', 'filtered'],
    ['something_new', 'stop'],
  ])('R110, R114: %s is %s', async (reason, finish) => {
    expect(read(answer([], reason)).finish).toBe(finish);
    expect(await partsOf(CALL, START, stop(reason), METADATA)).toContainEqual({ type: 'finish', reason: finish });
  });

  test.each(['malformed_model_output', 'malformed_tool_use'])('R110: %s is the provider’s failure', async (reason) => {
    expect(() => read(answer([], reason))).toThrow(Refusal);
    expect(await brokenOff(START, stop(reason))).toMatchObject({
      error: { code: 'upstream_failed', detail: { reason } },
    });
  });

  test('R113: the stop that ended it, where Claude says', async () => {
    const whole = read(answer([], 'stop_sequence', { additionalModelResponseFields: { stop_sequence: 'END' } }));
    expect(whole.stopSequence).toBe('END');
    const fields = { additionalModelResponseFields: { delta: { stop_sequence: 'END' } } };
    expect(await partsOf(CALL, START, stop('stop_sequence', fields), METADATA)).toContainEqual({
      type: 'finish',
      reason: 'stop',
      stopSequence: 'END',
    });
  });

  test('R143: no output is a failure, an empty one an empty message', () => {
    for (const body of [{}, { output: {} }, { output: { message: { role: 'assistant' } } }]) {
      expect(() => read(body)).toThrow(expect.objectContaining({ code: 'upstream_failed' }));
    }
    expect(read(answer([])).content).toEqual([]);
  });
});

describe('a streamed answer', () => {
  const FRAMES = [
    START,
    delta(0, { reasoningContent: { text: 'hm' } }),
    delta(0, { reasoningContent: { signature: 's==' } }),
    blockStop(0),
    delta(1, { text: 'Hel' }),
    delta(1, { text: 'lo' }),
    blockStop(1),
    callStart(2, 'tooluse_a', 'f'),
    delta(2, { toolUse: { input: '{"q"' } }),
    delta(2, { toolUse: { input: ':1}' } }),
    blockStop(2),
    callStart(3, 'tooluse_b', 'g'),
    blockStop(3),
    stop('tool_use'),
    METADATA,
  ];
  const PARTS: LlmPart[] = [
    { type: 'start', id: '', model: '' },
    { type: 'thinking', text: 'hm' },
    { type: 'thinking-signature', signature: 's==' },
    { type: 'text', text: 'Hel' },
    { type: 'text', text: 'lo' },
    { type: 'tool-call', index: 0, id: 'tooluse_a', name: 'f' },
    { type: 'tool-arguments', index: 0, json: '{"q"' },
    { type: 'tool-arguments', index: 0, json: ':1}' },
    { type: 'tool-call', index: 1, id: 'tooluse_b', name: 'g' },
    { type: 'tool-arguments', index: 1, json: '{}' },
    { type: 'finish', reason: 'tool-call' },
    { type: 'usage', usage: COUNTED },
    { type: 'end' },
  ];

  test('R117, R121, R122, R124: parts in order, calls counted from 0, a call without arguments has {}', async () => {
    expect(await partsOf(CALL, ...FRAMES)).toEqual(PARTS);
  });

  test('R123: any cut of the bytes gives the same parts', async () => {
    const bytes = Buffer.concat(FRAMES);
    for (const size of [1, 2, 3, 7, 11, 64, 1_000]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(await partsOf(CALL, ...pieces)).toEqual(PARTS);
    }
  });

  test('R124: usage comes after the stop and before the end, and may be missing', async () => {
    const parts = await partsOf(CALL, START, delta(0, { text: 'a' }), blockStop(0), stop('end_turn'));
    expect(parts.slice(-2)).toEqual([{ type: 'finish', reason: 'stop' }, { type: 'end' }]);
  });

  test('R128: cut off at any byte before the stop it never ends well', async () => {
    const bytes = Buffer.concat(FRAMES);
    const beforeStop = bytes.length - METADATA.length;
    for (let length = 0; length < bytes.length; length++) {
      const { all, error } = await brokenOff(bytes.subarray(0, length));
      if (length === beforeStop) {
        expect(all.at(-1)).toEqual({ type: 'end' });
      } else {
        expect(error).toMatchObject({ code: 'upstream_truncated' });
        expect(all).not.toContainEqual({ type: 'end' });
      }
    }
  });

  test('R68: the arguments of our own tool are text', async () => {
    const parts = await partsOf(
      schemaCall,
      START,
      callStart(0, 't', 'json_answer'),
      delta(0, { toolUse: { input: '{"n"' } }),
      delta(0, { toolUse: { input: ':1}' } }),
      blockStop(0),
      stop('tool_use'),
      METADATA,
    );
    expect(parts.slice(1, 4)).toEqual([
      { type: 'text', text: '{"n"' },
      { type: 'text', text: ':1}' },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  test('R81: redacted thinking streams as it is', async () => {
    const parts = await partsOf(
      CALL,
      START,
      delta(0, { reasoningContent: { redactedContent: 'c2Vj' } }),
      stop('end_turn'),
    );
    expect(parts[1]).toEqual({ type: 'redacted-thinking', data: 'c2Vj' });
  });

  test('events that are added without notice are left out', async () => {
    const parts = await partsOf(
      CALL,
      START,
      event('somethingNew', { a: 1 }),
      delta(0, { citation: {} }),
      stop('end_turn'),
    );
    expect(parts.map(({ type }) => type)).toEqual(['start', 'finish', 'end']);
  });

  test.each([
    ['throttlingException', 'upstream_limited', 429],
    ['modelStreamErrorException', 'upstream_failed', 502],
    ['internalServerException', 'upstream_failed', 502],
    ['serviceUnavailableException', 'upstream_busy', 503],
    ['modelTimeoutException', 'upstream_timeout', 504],
    ['validationException', 'upstream_rejected', 400],
    ['InternalFailure', 'upstream_failed', 502],
  ])('R125: %s within it is %s', async (name, code, status) => {
    for (const before of [[START], [START, delta(0, { text: 'a' })]]) {
      const { all, error } = await brokenOff(...before, exception(name, { message: 'x', originalStatusCode: 500 }));
      expect(all).toHaveLength(before.length);
      expect(error).toMatchObject({ code, status });
    }
  });

  test('R125, R139: a conversation that is too long is said to be', async () => {
    const { error } = await brokenOff(
      exception('validationException', { message: 'Input is too long for requested model.' }),
    );
    expect(error).toMatchObject({ code: 'context_length_exceeded' });
  });
});

describe('an error', () => {
  const refusal = (status: number, type: string, body: unknown = { message: 'words' }) =>
    bedrock.toRefusal(status, body, { 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/` });

  test.each([
    [400, 'ValidationException', 'upstream_rejected', 400],
    [403, 'AccessDeniedException', 'upstream_auth', 502],
    [404, 'ResourceNotFoundException', 'upstream_model_not_found', 404],
    [408, 'ModelTimeoutException', 'upstream_timeout', 504],
    [424, 'ModelErrorException', 'upstream_failed', 502],
    [429, 'ThrottlingException', 'upstream_limited', 429],
    [400, 'ServiceQuotaExceededException', 'upstream_limited', 429],
    [429, 'ModelNotReadyException', 'upstream_limited', 429],
    [500, 'InternalServerException', 'upstream_failed', 502],
    [503, 'ServiceUnavailableException', 'upstream_busy', 503],
    [529, 'ServiceUnavailableException', 'upstream_busy', 503],
    [400, 'IncompleteSignature', 'upstream_auth', 502],
    [403, 'UnrecognizedClientException', 'upstream_auth', 502],
    [400, 'ExpiredTokenException', 'upstream_auth', 502],
  ])('R133, R136, R138: %i %s is %s', (status, type, code, ours) => {
    expect(refusal(status, type)).toMatchObject({ code, status: ours, detail: { status, reason: type } });
  });

  test('R136: only the caller’s own faults are told in Bedrock’s words', () => {
    expect(refusal(400, 'ValidationException').upstreamSays).toBe('words');
    expect(refusal(400, 'ValidationException', { Message: 'Words' }).upstreamSays).toBe('Words');
    const denied = refusal(403, 'AccessDeniedException', {
      message: 'User: arn:aws:sts::1:assumed-role/x is not authorized',
    });
    expect(JSON.stringify(denied) + denied.say).not.toContain('arn:');
  });

  test.each([
    'The provided model identifier is invalid.',
    'Invocation of model ID x with on-demand throughput isn’t supported. Retry your request with an inference profile.',
    'This model version has reached the end of its life.',
  ])('R136: a validation error that is about the model: %s', (words) => {
    expect(refusal(400, 'ValidationException', { message: words })).toMatchObject({ code: 'upstream_model_not_found' });
  });

  test('R139: a conversation that is too long', () => {
    const body = { message: 'The model returned the following errors: Input is too long for requested model.' };
    expect(refusal(400, 'ValidationException', body).code).toBe('context_length_exceeded');
  });

  test('without a type, or without a body, has its status', () => {
    expect(bedrock.toRefusal(503, undefined, {}).code).toBe('upstream_busy');
    expect(bedrock.toRefusal(400, { __type: 'com.amazon.x#ThrottlingException' }, {}).code).toBe('upstream_limited');
  });
});
