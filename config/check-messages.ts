import { MessageFileError, type ReadText } from './message-file.ts';
import { type Finding, type Path, showPath } from './problem.ts';
import type { GatewayConfig } from './schema.ts';
import { isMap, select } from './select.ts';
import { parseTemplate, TemplateError } from './template.ts';

const CONTENT = 'llm.routes.*.enrich.*.*.content';

const checkText = (text: string, path: Path, inFile?: string): Finding[] => {
  try {
    parseTemplate(text);
    return [];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const place = inFile === undefined ? { offset: error.offset } : {};
    const line = text.slice(0, error.offset).split('\n').length;
    const where = inFile === undefined ? '' : `${inFile}, line ${line}: `;
    return [{ path, at: 'value', message: `${showPath(path)}: ${where}${error.message}`, ...place }];
  }
};

const checkFile = (file: string, path: Path, read: ReadText): Finding[] => {
  try {
    return checkText(read(file).trim(), path, file);
  } catch (error) {
    if (!(error instanceof MessageFileError)) throw error;
    return [{ path, at: 'value', message: `${showPath(path)}: ${error.message}` }];
  }
};

/** Providers refuse a conversation that the assistant opens. */
const checkFirstTurn = (root: unknown): readonly Finding[] =>
  select(root, 'llm.routes.*.enrich.prepend').flatMap(({ path, value }): Finding[] => {
    if (!Array.isArray(value)) return [];
    const index = value.findIndex((message: unknown) => isMap(message) && message.role !== 'system');
    if (index < 0 || !isMap(value[index]) || value[index].role !== 'assistant') return [];
    const at = [...path, index, 'role'];
    return [{ path: at, at: 'value', message: `${showPath(at)}: a conversation starts with user, not with assistant` }];
  });

/** Messages that the policy adds to calls: files that are not there, placeholders that nobody fills. */
export const checkMessages = (root: unknown, read: ReadText): readonly Finding[] => [
  ...select(root, CONTENT).flatMap(({ path, value }): Finding[] => {
    if (typeof value === 'string') return checkText(value, path);
    return isMap(value) && typeof value.file === 'string' ? checkFile(value.file, [...path, 'file'], read) : [];
  }),
  ...checkFirstTurn(root),
];

type Enrich = NonNullable<NonNullable<NonNullable<GatewayConfig['llm']>['routes']>[string]['enrich']>;
type Messages = NonNullable<Enrich['prepend']>;

const withTexts = (messages: Messages, read: ReadText): Messages =>
  messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? content : read(content.file).trim(),
  }));

/** The policy with its files read in: what is compiled needs no disk. Errors: `MessageFileError`, if it was not checked. */
export const readMessages = (config: GatewayConfig, read: ReadText): GatewayConfig => {
  const { llm } = config;
  if (llm?.routes === undefined) return config;
  const routes = Object.entries(llm.routes).map(([path, route]) => {
    if (route.enrich === undefined) return [path, route] as const;
    const { prepend, append } = route.enrich;
    const enrich = {
      ...(prepend === undefined ? {} : { prepend: withTexts(prepend, read) }),
      ...(append === undefined ? {} : { append: withTexts(append, read) }),
    };
    return [path, { ...route, enrich }] as const;
  });
  return { ...config, llm: { ...llm, routes: Object.fromEntries(routes) } };
};
