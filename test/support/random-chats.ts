import fc from 'fast-check';

/** Conversations as no client should write them: any role after any other, calls unanswered, results without calls. */

const words = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', '\n\t', ' x ', '\u2028') },
);
const id = fc.oneof(fc.constantFrom('call_0', 'call_1', 'call:2/x'), fc.string({ minLength: 1, maxLength: 80 }));
const mark = fc.option(fc.record({ type: fc.constant('ephemeral'), ttl: fc.constantFrom(undefined, '5m', '1h') }), {
  freq: 3,
  nil: undefined,
});
const textPart = fc.record({ type: fc.constant('text'), text: words, cache_control: mark });
const imagePart = fc.constant({ type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } });
const content = fc.oneof(
  words,
  fc.array(textPart, { maxLength: 4 }),
  fc.array(fc.oneof(textPart, imagePart), { maxLength: 3 }),
);
const texts = fc.oneof(words, fc.array(textPart, { maxLength: 3 }));
const name = fc.constantFrom('f', 'get.weather', 'x'.repeat(90));
const toolArguments = fc.oneof(fc.json(), fc.constantFrom('', '{"cut', '[]', '5', 'null'));
const toolCall = fc.record({
  id,
  type: fc.constant('function'),
  function: fc.record({ name, arguments: toolArguments }),
});

const message = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'developer'), content: texts, cache_control: mark }),
  fc.record({ role: fc.constant('user'), content, cache_control: mark }),
  fc.record({ role: fc.constant('assistant'), content: texts, cache_control: mark }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.oneof(fc.constant(null), texts),
    tool_calls: fc.array(toolCall, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ role: fc.constant('tool'), tool_call_id: id, content: texts, cache_control: mark }),
);

const tool = (toolName: string) => ({ type: 'function', function: { name: toolName } });

/** A body of chat completions: valid in form, anything in sense. */
export const randomChat = fc.record({
  messages: fc.array(message, { minLength: 1, maxLength: 14 }),
  tools: fc.constant(['f', 'get.weather', 'x'.repeat(90)].map(tool)),
  tool_choice: fc.constantFrom(undefined, 'auto', 'none', 'required'),
  parallel_tool_calls: fc.constantFrom(undefined, true, false),
  max_tokens: fc.option(fc.integer({ min: 1, max: 200_000 }), { nil: undefined }),
  temperature: fc.option(fc.double({ min: 0, max: 2, noNaN: true }), { nil: undefined }),
  top_p: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  stop: fc.option(fc.array(words, { maxLength: 4 }), { nil: undefined }),
  reasoning_effort: fc.constantFrom(undefined, 'none', 'low', 'high', 'xhigh'),
});
