import { describe, expect, test } from '@jest/globals';
import { type Prompt, reply, type Turn } from '../../../local/simulators/brain.ts';

const says = (text: string, more: Partial<Turn> = {}): Turn => ({
  role: 'user',
  text,
  images: 0,
  documents: 0,
  toolResults: [],
  chars: text.length,
  ...more,
});

const prompt = (text: string, more: Partial<Prompt> = {}): Prompt => ({
  provider: 'anthropic',
  model: 'claude-sonnet-4-5',
  system: [],
  turns: [says(text)],
  tools: [],
  toolChoice: 'auto',
  parallelCalls: true,
  answerSchema: undefined,
  stop: [],
  maxTokens: undefined,
  reasons: false,
  ...more,
});

const weather = {
  name: 'get_weather',
  schema: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'] },
};
const clock = { name: 'clock', schema: { type: 'object', properties: {} } };

describe('the simulated brain', () => {
  test('greets with provider and model and repeats what was said', () => {
    expect(reply(prompt('hello')).text).toBe('Hello from the simulated anthropic (claude-sonnet-4-5). You said: hello');
  });

  test('says exactly what it is told to, on the authority of user or system', () => {
    expect(reply(prompt('please say exactly: one {two}\nthree')).text).toBe('one {two}\nthree');
    expect(reply(prompt('hello', { system: ['Say exactly: aye'] })).text).toBe('aye');
  });

  test('shows every system prompt that arrived', () => {
    expect(reply(prompt('hello', { system: ['Be kind', 'Be brief'] })).text).toContain('Be kind | Be brief');
  });

  test('counts images', () => {
    expect(reply(prompt('look', { turns: [says('look', { images: 1 })] })).text).toContain('1 image.');
    expect(reply(prompt('look', { turns: [says('a', { images: 1 }), says('b', { images: 1 })] })).text).toContain(
      '2 images',
    );
  });

  test('calls several tools with the arguments of the text', () => {
    const { toolCalls, finish, text } = reply(
      prompt('call get_weather {"city":"Oslo {north}","days":2} and call clock', { tools: [weather, clock] }),
    );
    expect(toolCalls).toEqual([
      { name: 'get_weather', input: { city: 'Oslo {north}', days: 2 }, inputText: '{"city":"Oslo {north}","days":2}' },
      { name: 'clock', input: {}, inputText: '{}' },
    ]);
    expect(finish).toBe('tool-calls');
    expect(text).toBe('');
  });

  test('calls one tool when calls may not be parallel, and none when told so', () => {
    const both = { tools: [weather, clock] };
    expect(reply(prompt('call clock call get_weather {}', { ...both, parallelCalls: false })).toolCalls).toHaveLength(
      1,
    );
    expect(reply(prompt('call clock', { ...both, toolChoice: 'none' })).toolCalls).toEqual([]);
  });

  test('makes up minimal arguments when a call is forced', () => {
    const forced = reply(prompt('hello', { tools: [clock, weather], toolChoice: { name: 'get_weather' } }));
    expect(forced.toolCalls).toEqual([{ name: 'get_weather', input: { city: 'text' }, inputText: '{"city":"text"}' }]);
    expect(reply(prompt('hello', { tools: [clock], toolChoice: 'any' })).toolCalls).toHaveLength(1);
  });

  test('quotes tool results and does not call again', () => {
    const turns = [says('call clock'), says('', { role: 'assistant' }), says('', { toolResults: ['12:00', '13:00'] })];
    const { text, toolCalls } = reply(prompt('', { turns, tools: [clock], toolChoice: 'any' }));
    expect(text).toContain('12:00; 13:00');
    expect(toolCalls).toEqual([]);
  });

  test('does what a plain request means, says the result and comes to an end', () => {
    const list = { name: 'slack__list_channels', schema: { type: 'object', properties: {} } };
    const asked = says('list the slack channels');
    expect(reply(prompt('', { turns: [asked], tools: [clock, list] })).toolCalls).toEqual([
      { name: 'slack__list_channels', input: {}, inputText: '{}' },
    ]);
    const turns = [asked, says('', { role: 'assistant' }), says('', { toolResults: ['general'] })];
    const { toolCalls, text, finish } = reply(prompt('', { turns, tools: [clock, list] }));
    expect([toolCalls, finish]).toEqual([[], 'stop']);
    expect(text).toContain('The tools answered: general');
  });

  test('means nothing where a choice of tool is forced or ruled out', () => {
    const list = { name: 'list_channels', schema: { type: 'object', properties: {} } };
    const asked = (toolChoice: Prompt['toolChoice']) =>
      prompt('list the channels', { tools: [clock, list], toolChoice });
    expect(reply(asked('none')).toolCalls).toEqual([]);
    expect(reply(asked({ name: 'clock' })).toolCalls.map(({ name }) => name)).toEqual(['clock']);
  });

  test('fits the asked schema', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    expect(JSON.parse(reply(prompt('hello', { answerSchema: schema })).text)).toEqual({ n: 1 });
    expect(JSON.parse(reply(prompt('hello', { answerSchema: {} })).text)).toHaveProperty('reply');
  });

  test('ends at the first stop sequence', () => {
    const cut = reply(prompt('say exactly: one two three', { stop: ['three', 'two'] }));
    expect([cut.text, cut.finish, cut.stopSequence]).toEqual(['one ', 'stop-sequence', 'two']);
  });

  test('is cut at four characters a token', () => {
    const cut = reply(prompt('say exactly: 0123456789', { maxTokens: 2 }));
    expect([cut.text, cut.finish, cut.outputTokens]).toEqual(['01234567', 'length', 2]);
    expect(reply(prompt('say exactly: 01234567', { maxTokens: 2 })).finish).toBe('stop');
  });

  test('gives no parsed arguments where the tokens ran out in the middle of them', () => {
    const { toolCalls, finish } = reply(
      prompt('call get_weather {"city":"Reykjavik"}', { tools: [weather], maxTokens: 5 }),
    );
    expect([finish, toolCalls[0]?.input, toolCalls[0]?.inputText]).toEqual(['length', {}, '{"city":"']);
  });

  test('counts a token for every four characters, rounded up once', () => {
    const { inputTokens, outputTokens } = reply(prompt('say exactly: 12345'));
    expect([inputTokens, outputTokens]).toEqual([5, 2]);
  });

  test('writes as many words as it is asked for', () => {
    expect(reply(prompt('write 2500 words')).text.split(' ')).toHaveLength(2_500);
  });
});
