import { expect, test } from '@jest/globals';
import { withoutForeignThoughts } from '../../../lambda/providers/anthropic-native.ts';

const user = { role: 'user', content: 'hello' };
const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} };
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'a' }] };
const thought = (signature?: string) => ({
  type: 'thinking',
  thinking: 'hm',
  ...(signature === undefined ? {} : { signature }),
});
const assistant = (...content: object[]) => ({ role: 'assistant', content });
const asked = (messages: object[], more: object = {}) => ({ model: 'smart', max_tokens: 9, messages, ...more });

test("R80: a history of Anthropic's own passes as the object it is", () => {
  const body = asked([user, assistant(thought('c2ln'), { type: 'redacted_thinking', data: 'x' }, use), result]);
  expect(withoutForeignThoughts(body).body).toBe(body);
});

test.each([[''], [undefined], ['gemini:c2ln']])(
  'R80: a thought signed %j stays behind, and nothing else',
  (signature) => {
    const own = { type: 'text', text: 'a' };
    const messages = [user, assistant(thought(signature), own), user, assistant(thought('c2ln'), own), user];
    const { body, dropped } = withoutForeignThoughts(asked(messages, { thinking: { type: 'adaptive' }, x: 1 }));
    expect(body).toEqual({
      ...asked([user, assistant(own), user, assistant(thought('c2ln'), own), user]),
      thinking: { type: 'adaptive' },
      x: 1,
    });
    expect(dropped).toEqual([]);
  },
);

test('R9: a turn that was nothing but thought is no turn', () => {
  expect(withoutForeignThoughts(asked([user, assistant(thought('')), user])).body.messages).toEqual([user, user]);
});

test("R83: a signature of Gemini's on a call is not for Anthropic", () => {
  const signed = { ...use, extra_content: { google: { thought_signature: 's' } } };
  const { body } = withoutForeignThoughts(asked([user, assistant(signed), result]));
  expect(body.messages).toEqual([user, assistant(use), result]);
});

test('R79: a tool loop that another provider began goes on without thinking, and says so', () => {
  const thinking = { type: 'enabled', budget_tokens: 1024 };
  const body = asked([user, assistant(thought(''), use), result], { thinking });
  const cleaned = withoutForeignThoughts(body);
  expect(cleaned.body).toEqual(asked([user, assistant(use), result]));
  expect(cleaned.dropped).toEqual(['thinking']);
});

test.each([[{}], [{ messages: 'no' }], [{ messages: [null, 5, { role: 'assistant' }] }]])(
  'a body that is none passes too: %j',
  (body) => {
    expect(withoutForeignThoughts(body).body).toBe(body);
  },
);
