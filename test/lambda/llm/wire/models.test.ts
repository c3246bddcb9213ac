import { expect, test } from '@jest/globals';
import { styleOf, writeModels } from '../../../../lambda/llm/wire/models.ts';

const MODELS = [
  { id: 'claude-haiku-4-5', created: 1_759_104_000, ownedBy: 'anthropic', displayName: 'Claude Haiku 4.5' },
  { id: 'smart', created: 0, ownedBy: 'gatehouse' },
];

test("R145: OpenAI's shape", () => {
  expect(writeModels(MODELS, 'openai')).toEqual({
    object: 'list',
    data: [
      { id: 'claude-haiku-4-5', object: 'model', created: 1_759_104_000, owned_by: 'anthropic' },
      { id: 'smart', object: 'model', created: 0, owned_by: 'gatehouse' },
    ],
  });
});

test("R145: Anthropic's shape, with the epoch for a date that nobody knows", () => {
  expect(writeModels(MODELS, 'anthropic')).toEqual({
    data: [
      {
        type: 'model',
        id: 'claude-haiku-4-5',
        display_name: 'Claude Haiku 4.5',
        created_at: '2025-09-29T00:00:00.000Z',
      },
      { type: 'model', id: 'smart', display_name: 'smart', created_at: '1970-01-01T00:00:00.000Z' },
    ],
    has_more: false,
    first_id: 'claude-haiku-4-5',
    last_id: 'smart',
  });
  expect(writeModels([], 'anthropic')).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
});

test('R145: the version header tells whose client it is', () => {
  expect(styleOf(new Headers({ 'Anthropic-Version': '2023-06-01' }))).toBe('anthropic');
  expect(styleOf(new Headers())).toBe('openai');
});

test('a date that no calendar has does not break the list', () => {
  const odd = { id: 'a', created: 1e15, ownedBy: 'b' };
  expect(writeModels([odd], 'anthropic')).toMatchObject({ data: [{ created_at: '1970-01-01T00:00:00.000Z' }] });
});
