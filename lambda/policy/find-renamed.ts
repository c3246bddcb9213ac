import { hashDefinition } from '../../config/hash-definition.ts';
import type { Raw } from '../core/mcp.ts';
import { stringsIn } from './strings-in.ts';

interface Named {
  readonly name: string;
  readonly definition: Raw;
}

/** Shared words, of all the words of both: tools of one server that merely resemble each other stay well below. */
const ALIKE = 0.8;

/** Comparing word by word is for the few: whole catalogues under new names are found by their hashes. */
const MAX_COMPARED = 64;

const withoutName = ({ definition }: Named): string => {
  const { name: _, ...rest } = definition;
  return hashDefinition(rest);
};

const words = new WeakMap<Raw, ReadonlySet<string>>();

const wordsOf = (definition: Raw): ReadonlySet<string> => {
  const known = words.get(definition);
  if (known !== undefined) return known;
  const { name: _, ...rest } = definition;
  const found = new Set<string>();
  for (const { text } of stringsIn(rest))
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) found.add(word);
  words.set(definition, found);
  return found;
};

const likeness = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  const shared = a.intersection(b).size;
  return shared === 0 ? 0 : shared / (a.size + b.size - shared);
};

/** New name → old name, for new tools that are an approved one that has gone, word for word or nearly so (T1). */
export const findRenamed = (gone: readonly Named[], added: readonly Named[]): ReadonlyMap<string, string> => {
  const renamed = new Map<string, string>();
  if (gone.length === 0 || added.length === 0) return renamed;
  const left = new Map(gone.map((tool) => [tool.name, tool]));
  const byHash = new Map(gone.map((tool) => [withoutName(tool), tool.name]));
  for (const tool of added) {
    const was = byHash.get(withoutName(tool));
    if (was !== undefined && left.delete(was)) renamed.set(tool.name, was);
  }
  const candidates = [...left.values()].slice(0, MAX_COMPARED);
  for (const tool of added.filter(({ name }) => !renamed.has(name)).slice(0, MAX_COMPARED)) {
    const [best] = candidates
      .filter(({ name }) => left.has(name))
      .map(({ name, definition }) => ({ name, score: likeness(wordsOf(definition), wordsOf(tool.definition)) }))
      .filter(({ score }) => score >= ALIKE)
      .sort((a, b) => b.score - a.score);
    if (best !== undefined && left.delete(best.name)) renamed.set(tool.name, best.name);
  }
  return renamed;
};
