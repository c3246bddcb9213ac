import type { CatalogTool, Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import { isRaw } from '../targets/raw.ts';

export const FIND_TOOLS = 'find_tools';
export const CALL_TOOL = 'call_tool';

const MOST = 20;

/** What a route with `search` lists in place of its tools, so that a model reads the descriptions of those it looks for. */
export const SEARCH_TOOLS: readonly Raw[] = [
  {
    name: FIND_TOOLS,
    title: 'Find tools',
    description: 'Finds tools by what they do. Answers their names, descriptions and input schemas.',
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'Words for what the tool should do. Empty: the first of all tools.' },
        limit: { type: 'integer', minimum: 1, maximum: MOST, description: 'How many to answer. 10 if left out.' },
      },
      required: ['query'],
    },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  {
    name: CALL_TOOL,
    title: 'Call a tool',
    description: `Calls a tool that ${FIND_TOOLS} found.`,
    inputSchema: {
      type: 'object',
      properties: {
        name: { type: 'string', description: 'As it was found.' },
        arguments: { type: 'object', description: 'What the input schema of that tool asks for.' },
      },
      required: ['name'],
    },
  },
];

/** The call that `call_tool` stands for: from here on it is that tool's in all that is decided and recorded (G46). */
export const innerCall = (params: Raw): Raw => {
  const { name, arguments: given } = isRaw(params.arguments) ? params.arguments : {};
  if (typeof name !== 'string' || name === CALL_TOOL || name === FIND_TOOLS)
    throw new Refusal('invalid_params', {}, { param: 'arguments.name', expected: 'a name that was found' });
  if (given !== undefined && !isRaw(given))
    throw new Refusal('invalid_params', {}, { param: 'arguments.arguments', expected: 'an object' });
  return { ...params, name, arguments: given ?? {} };
};

export const findTools = (params: Raw, tools: readonly CatalogTool[], expose: (tool: CatalogTool) => Raw): Raw => {
  const { query, limit = 10 } = isRaw(params.arguments) ? params.arguments : {};
  if (typeof query !== 'string') throw new Refusal('invalid_params', {}, { param: 'arguments.query' });
  if (!Number.isSafeInteger(limit) || Number(limit) < 1)
    throw new Refusal('invalid_params', {}, { param: 'arguments.limit', expected: 'a whole number, 1 or more' });
  const found = bestOf(tools, wordsOf(query.slice(0, MAX_QUERY_CHARS))).slice(0, Math.min(MOST, Number(limit)));
  const structuredContent = { tools: found.map((tool) => shown(expose(tool))), total: tools.length };
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
};

const MAX_QUERY_CHARS = 500;

const shown = ({ name, title, description, inputSchema, annotations }: Raw): Raw => ({
  name,
  ...(title === undefined ? {} : { title }),
  ...(description === undefined ? {} : { description }),
  inputSchema,
  ...(annotations === undefined ? {} : { annotations }),
});

const wordsOf = (text: string): readonly string[] =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1);

/** Words of the name count most. Tools of the same score stay in the order of the list. */
const bestOf = (tools: readonly CatalogTool[], words: readonly string[]): readonly CatalogTool[] => {
  if (words.length === 0) return tools;
  return tools
    .map((tool) => ({ tool, score: scoreOf(tool, words) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
    .map(({ tool }) => tool);
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const scoreOf = ({ exposedName, definition }: CatalogTool, words: readonly string[]): number => {
  const name = wordsOf(exposedName);
  const about = wordsOf(`${textOf(definition.title)} ${textOf(definition.description)}`);
  const has = (text: readonly string[], word: string): number =>
    text.includes(word) ? 2 : Number(text.some((one) => one.startsWith(word) || word.startsWith(one)));
  return words.reduce((sum, word) => sum + 3 * has(name, word) + has(about, word), 0);
};
