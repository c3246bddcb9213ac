import { openApiTools } from './compile-mcp.ts';
import { MessageFileError, type ReadText } from './message-file.ts';
import { OpenApiError, type OpenApiProblem } from './openapi/problem.ts';
import { type Pins, readLockfile } from './pins.ts';
import { readDocument, readLockfileText } from './policy-files.ts';
import { type Finding, type Path, showPath } from './problem.ts';
import { openApiServer } from './schema-mcp.ts';
import { isMap, type Selected, select, selectText } from './select.ts';

const MOST_SHOWN = 20;

/** What a file made of itself, or what is wrong with it. */
type Attempt<Value> = { readonly value: Value } | { readonly findings: readonly Finding[] };

const findingOf = (path: Path, message: string): Finding => ({
  path,
  at: 'value',
  message: `${showPath(path)}: ${message}`,
});

/** Filters and overrides stand in the policy, everything else in the document. */
const placeOf = (path: Path, file: string, { at, message }: OpenApiProblem): Finding => {
  const [, option, rest] = /^(include|exclude|overrides)\.(.*)$/.exec(at) ?? [];
  if (option !== undefined && rest !== undefined) return findingOf([...path, option, rest], message);
  return findingOf([...path, 'openapi'], `${file}: ${at === '' ? '' : `${at}: `}${message}`);
};

const toolNames = ({ path, value }: Selected, read: ReadText): Attempt<readonly string[]> => {
  const { data: server } = openApiServer.safeParse(value);
  // What is wrong with it is said elsewhere.
  if (server === undefined) return { value: [] };
  try {
    const { tools } = openApiTools(server, String(path.at(-1)), readDocument(read, server.openapi));
    return { value: tools.map(({ definition }) => String(definition.name)) };
  } catch (error) {
    if (error instanceof MessageFileError) return { findings: [findingOf([...path, 'openapi'], error.message)] };
    if (!(error instanceof OpenApiError)) throw error;
    const shown = error.problems.slice(0, MOST_SHOWN).map((one) => placeOf(path, server.openapi, one));
    const more = error.problems.length - shown.length;
    if (more > 0) shown.push(findingOf([...path, 'openapi'], `and ${more} more problems like these`));
    return { findings: shown };
  }
};

const pinsAt = (path: Path, file: string, read: ReadText): Attempt<Pins> => {
  try {
    const text = readLockfileText(read, file);
    if (text === undefined) return { value: {} };
    const result = readLockfile(text);
    if ('pins' in result) return { value: result.pins };
    return { findings: result.problems.map((problem) => findingOf(path, `${file}: ${problem}`)) };
  } catch (error) {
    if (!(error instanceof MessageFileError)) throw error;
    return { findings: [findingOf(path, error.message)] };
  }
};

/** Names that two servers of a route without prefixes are known to have: from documents, and from what was approved. */
const checkSameNames = (route: Selected, namesOf: (server: string) => readonly string[]): readonly Finding[] => {
  if (!isMap(route.value) || route.value.prefix !== 'never' || !Array.isArray(route.value.servers)) return [];
  const owners = new Map<string, string>();
  return route.value.servers.flatMap((server: unknown, index): Finding[] => {
    if (typeof server !== 'string') return [];
    const taken = namesOf(server).find((name) => (owners.get(name) ?? server) !== server);
    for (const name of namesOf(server)) owners.set(name, owners.get(name) ?? server);
    if (taken === undefined) return [];
    const both = `${owners.get(taken)} and ${server}`;
    return [findingOf([...route.path, 'servers', index], `${both} both have the tool ${taken}: write prefix: always`)];
  });
};

/** Files that the policy names under `mcp`: what they say wrongly, and what they say of names. */
export const checkMcpFiles = (root: unknown, read: ReadText, lockfiles: 'read' | 'ignore'): readonly Finding[] => {
  const findings: Finding[] = [];
  const names = new Map<string, readonly string[]>();
  for (const server of select(root, 'mcp.servers.*')) {
    if (!isMap(server.value) || typeof server.value.openapi !== 'string') continue;
    const made = toolNames(server, read);
    if ('findings' in made) findings.push(...made.findings);
    else names.set(String(server.path.at(-1)), made.value);
  }
  for (const route of select(root, 'mcp.routes.*')) {
    const [lock] = selectText(route.value, 'pinning.lockfile');
    const [mode] = selectText(route.value, 'pinning.mode');
    const isRead = lockfiles === 'read' && lock !== undefined && mode?.value !== 'off';
    const pins = isRead ? pinsAt([...route.path, ...lock.path], lock.value, read) : { value: {} };
    if ('findings' in pins) findings.push(...pins.findings);
    const pinned = new Map(Object.entries('value' in pins ? pins.value : {}));
    const namesOf = (server: string): readonly string[] => names.get(server) ?? Object.keys(pinned.get(server) ?? {});
    findings.push(...checkSameNames(route, namesOf));
  }
  return findings;
};
