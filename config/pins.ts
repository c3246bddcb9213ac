import type { CompiledPinning, PinnedTool } from './compiled-mcp.ts';
import { escapeHidden } from './escape-hidden.ts';
import { parseExactJson } from './exact-json.ts';
import { hashDefinition } from './hash-definition.ts';

export type Pins = CompiledPinning['pins'];

/** Of a lock file. Pins ship with the code, and each of them is read at every cold start. */
export const MAX_LOCKFILE_BYTES = 4 * 1024 * 1024;

const VERSION = 1;

/** What a lock file says, or what is wrong with it: one sentence each, to stand after the file's name. */
export type ReadPins = { readonly pins: Pins } | { readonly problems: readonly string[] };

const EDITED = 'was edited by hand, or merged into something with a name twice';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lock files hold names that servers chose: they are shown as they are, and not at length. */
const shown = (name: string): string => escapeHidden(JSON.stringify(name.slice(0, 80)));

const problemOf = (name: string, pin: unknown): string | undefined => {
  if (!isObject(pin) || typeof pin.sha256 !== 'string' || !isObject(pin.definition))
    return 'expected sha256 and definition';
  if (Object.keys(pin).length > 2) return 'expected nothing but sha256 and definition';
  if (pin.definition.name !== name) return 'the definition has another name';
  return hashDefinition(pin.definition) === pin.sha256 ? undefined : 'the definition is not the one of its sha256';
};

const problemsOf = (servers: Json): readonly string[] =>
  Object.entries(servers).flatMap(([server, tools]) =>
    isObject(tools)
      ? Object.entries(tools).flatMap(([name, pin]) => {
          const problem = problemOf(name, pin);
          return problem === undefined ? [] : [`servers.${shown(server)}.${shown(name)}: ${problem}`];
        })
      : [`servers.${shown(server)}: expected tools by name`],
  );

/** The text without what only makes it readable. */
const minified = (text: string): string =>
  text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|\s+/g, (part) => (part[0] === '"' ? part : ''));

/**
 * Reads a lock file. What it says must be what a reviewer sees: one that says a name twice, or that does not fit its own
 * hashes, is not read at all.
 */
export const readLockfile = (text: string): ReadPins => {
  if (Buffer.byteLength(text) > MAX_LOCKFILE_BYTES) return { problems: ['is larger than 4 MB'] };
  let lock: unknown;
  try {
    lock = parseExactJson(text);
  } catch {
    return { problems: ['is not JSON'] };
  }
  if (!isObject(lock) || !isObject(lock.servers)) return { problems: ['expected servers'] };
  if (lock.lockfileVersion !== VERSION) return { problems: [`expected lockfileVersion ${VERSION}`] };
  const problems = problemsOf(lock.servers);
  if (problems.length > 0) return { problems };
  if (minified(text) !== escapeHidden(JSON.stringify(lock))) return { problems: [EDITED] };
  return { pins: lock.servers as Pins };
};

const byName = <Value>(entries: Readonly<Record<string, Value>>): [string, Value][] =>
  Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));

const entry = ({ sha256, definition }: PinnedTool): PinnedTool => ({ sha256, definition });

/**
 * Pins as a lock file: the same pins are the same bytes. No time and no name of a person stand in it: both are in the history
 * of the file, where nobody can write what they like.
 */
export const writeLockfile = (pins: Pins): string => {
  const servers = byName(pins)
    .filter(([, tools]) => Object.keys(tools).length > 0)
    .map(([server, tools]) => [server, Object.fromEntries(byName(tools).map(([name, pin]) => [name, entry(pin)]))]);
  return `${escapeHidden(JSON.stringify({ lockfileVersion: VERSION, servers: Object.fromEntries(servers) }, null, 2))}\n`;
};
