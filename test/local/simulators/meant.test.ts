import { describe, expect, test } from '@jest/globals';
import { meant } from '../../../local/simulators/meant.ts';

const tool = (name: string, properties: Record<string, object> = {}, required = Object.keys(properties)) => ({
  name,
  schema: { type: 'object', properties, required },
});
const channel = { type: 'string', description: 'Id or name of the channel' };
const text = { type: 'string', description: 'What to say' };

const TOOLS = [
  tool('slack__list_channels'),
  tool('slack__get_channel_history', { channel, limit: { type: 'integer' } }, ['channel']),
  tool('slack__post_message', { channel, text }),
  tool('github__list_issues', { repo: { type: 'string' } }),
  tool('petstore__getPet', { petId: { type: 'integer' } }),
];

describe('what a plain request means', () => {
  test.each([
    ['list the slack channels', 'slack__list_channels', {}],
    ['please list the channels', 'slack__list_channels', {}],
    ['post hello to #general', 'slack__post_message', { channel: 'general', text: 'hello' }],
    ['Post "good morning" to #deploys', 'slack__post_message', { channel: 'deploys', text: 'good morning' }],
    ['post it is out to #deploys', 'slack__post_message', { channel: 'deploys', text: 'it is out' }],
    ['get the history of channel #general', 'slack__get_channel_history', { channel: 'general' }],
    ['list the issues of "acme/shop"', 'github__list_issues', { repo: 'acme/shop' }],
  ])('%s', (request, name, input) => {
    expect(meant(request, TOOLS)).toEqual([{ name, input }]);
  });

  test.each([
    'hello',
    'how do I list channels?',
    'get well soon',
    'write 200 words about the slack channels',
    'post',
    '',
  ])('nothing: %j', (request) => {
    expect(meant(request, TOOLS)).toEqual([]);
  });

  test('a number goes where one is required', () => {
    expect(meant('get pet 7', [tool('petstore__get_pet', { petId: { type: 'integer' } })])).toEqual([
      { name: 'petstore__get_pet', input: { petId: 7 } },
    ]);
  });
});
