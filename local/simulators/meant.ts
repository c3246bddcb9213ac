import { fieldsOf, listOf, stringOf } from './json.ts';
import { minimalValue } from './minimal-value.ts';

interface Tool {
  readonly name: string;
  readonly schema: unknown;
}

/** A plain request is short: what is longer is something to read. */
const LONGEST = 2_000;

/** A word as the names of tools have it: without its plural. */
const stem = (word: string): string => word.toLowerCase().replace(/(?<=[a-z]{3})s$/, '');

const wordsOf = (text: string): string[] => (text.match(/[A-Za-z]+/g) ?? []).map(stem);

/** `slack__list_channels`: the verb is the first word behind what the gateway puts in front. */
const verbOf = (name: string): string => wordsOf(name.slice(name.lastIndexOf('__') + 1))[0] ?? '';

/**
 * The tool that a plain request means: one whose verb the request begins with, such as `list the slack channels` or
 * `post hello to #general`. Of several, the one of whose name the most words are there.
 *
 * A verb alone is not enough, or every chat that begins with `get` would call something: a second word of the name has to be
 * there, or something that can only be an argument.
 */
export const meant = <Offered extends Tool>(
  text: string,
  tools: readonly Offered[],
): readonly { readonly name: string; readonly input: Readonly<Record<string, unknown>> }[] => {
  const request = text
    .slice(0, LONGEST)
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/^(?:please|could you|can you) /i, '');
  const [verb = '', ...others] = wordsOf(request);
  const hasArguments = marksIn(request).length + quotesIn(request).length > 0;
  const fitting = tools
    .filter(({ name }) => verbOf(name) === verb)
    .map((tool) => ({ tool, found: wordsOf(tool.name).filter((word) => others.includes(word)).length }))
    .filter(({ found }) => found > 0 || hasArguments)
    .sort((one, other) => other.found - one.found);
  const best = fitting[0]?.tool;
  return best === undefined ? [] : [{ name: best.name, input: argumentsOf(best, request) }];
};

const marksIn = (text: string): string[] => [...text.matchAll(/(?<!\S)#([\w-]+)/g)].map(([, mark = '']) => mark);
const quotesIn = (text: string): string[] =>
  [...text.matchAll(/"([^"]+)"|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)/g)].map(
    ([, one, two, three]) => one ?? two ?? three ?? '',
  );
const numbersIn = (text: string): number[] => (text.match(/(?<![\w#])\d+(?!\w)/g) ?? []).map(Number);

/** What stands between the verb and the first mark: `post hello to #general`. */
const said = (text: string): string[] => {
  const [, words] = /^\w+ (.*?) (?:to|in|on|at|for) #/.exec(text) ?? [];
  return words === undefined || quotesIn(words).length > 0 ? [] : [words];
};

/**
 * The smallest arguments that fit, with what the request says in the places that are required: `#names` first where a
 * property speaks of a channel, then quoted words or what was to be said, and numbers.
 */
const argumentsOf = ({ schema }: Tool, text: string): Readonly<Record<string, unknown>> => {
  const properties = fieldsOf(fieldsOf(schema).properties);
  const places = listOf(fieldsOf(schema).required)
    .map(stringOf)
    .map((name) => ({ name, about: fieldsOf(properties[name]) }));
  const ofType = (...types: string[]) =>
    places.filter(({ about }) => types.includes(stringOf(about.type)) && about.enum === undefined);
  const strings = ofType('string', 'STRING');
  const marks = marksIn(text);
  const marked = strings
    .filter(({ name, about }) => /channel/i.test(`${name} ${stringOf(about.description)}`))
    .slice(0, marks.length);
  const others = strings.filter((place) => !marked.includes(place));
  const words = [...quotesIn(text), ...said(text), ...marks.slice(marked.length)];
  const fill = (to: readonly { readonly name: string }[], values: readonly unknown[]) =>
    to.slice(0, values.length).map(({ name }, index) => [name, values[index]]);
  return {
    ...(minimalValue(schema) as Readonly<Record<string, unknown>>),
    ...Object.fromEntries([
      ...fill(marked, marks),
      ...fill(others, words),
      ...fill(ofType('integer', 'number', 'INTEGER', 'NUMBER'), numbersIn(text)),
    ]),
  };
};
