import type { CatalogTool } from '../core/mcp.ts';
import { foldConfusables } from './confusables.ts';
import type { Severity, ToolFinding } from './scan-finding.ts';

/** What is left of a name when only its drawing counts: `get-File` and `gеt_file` are one. */
const skeleton = (name: string): string =>
  foldConfusables(name.normalize('NFKC'))
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

/** Also what a hasty look takes for the same. */
const drawn = (name: string): string =>
  skeleton(name).replaceAll('rn', 'm').replaceAll('vv', 'w').replace(/[1|i]/g, 'l').replaceAll('0', 'o');

/** Short names are near each other without meaning anything. */
const MIN_CHARS = 6;

const MAX_CHARS = 128;

interface Name {
  readonly tool: CatalogTool;
  readonly skeleton: string;
}

const about = ({ target, name }: CatalogTool, severity: Severity): ToolFinding => ({
  rule: 'look-alike-name',
  severity,
  where: '/name',
  target,
  tool: name.slice(0, MAX_CHARS),
});

const onlyPlural = (a: string, b: string): boolean => {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return long === `${short}s` || long === `${short}es`;
};

/** Each way to leave one character out, and none. Two names share one if a single edit lies between them. */
const shortened = (name: string): readonly string[] => [
  name,
  ...[...name].map((_, index, all) => all.toSpliced(index, 1).join('')),
];

/** Shared after leaving one out, and still two edits apart: `abcd` and `bcde` both have `bcd`. */
const isOneEdit = (a: string, b: string): boolean => {
  if (Math.abs(a.length - b.length) > 1) return false;
  let head = 0;
  while (head < a.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  return Math.max(a.length, b.length) - head - tail <= 1;
};

const severityOf = (a: Name, b: Name): Severity | undefined => {
  if (a.tool.target === b.tool.target || a.tool.name === b.tool.name) return undefined;
  const isForeign = /[^\p{ASCII}]/u.test(a.tool.name + b.tool.name);
  // Each server has its own way to part words: `getFile` beside `get_file` is no disguise.
  if (a.skeleton === b.skeleton) return isForeign ? 'high' : undefined;
  if (a.skeleton.length < MIN_CHARS) return undefined;
  if (drawn(a.tool.name) === drawn(b.tool.name)) return 'high';
  return isOneEdit(a.skeleton, b.skeleton) && !onlyPlural(a.skeleton, b.skeleton) ? 'medium' : undefined;
};

/** Names that a person or a model takes for a name of another server (T4). Time grows with the names, not with their pairs. */
export const findLookAlikes = (tools: readonly CatalogTool[]): readonly ToolFinding[] => {
  const buckets = new Map<string, Map<string, Name>>();
  const found = new Map<CatalogTool, ToolFinding>();
  for (const tool of tools) {
    const name = { tool, skeleton: skeleton(tool.name.slice(0, MAX_CHARS)) };
    for (const key of new Set([...shortened(name.skeleton), drawn(tool.name.slice(0, MAX_CHARS))])) {
      const bucket = buckets.get(key) ?? new Map<string, Name>();
      for (const other of bucket.values()) {
        const severity = severityOf(name, other);
        if (severity === undefined) continue;
        // Which of the two is the disguise nobody can tell from the names: both are shown.
        for (const one of [tool, other.tool])
          if (found.get(one)?.severity !== 'high') found.set(one, about(one, severity));
      }
      // One name of each server is enough to meet the next.
      if (!bucket.has(tool.target)) bucket.set(tool.target, name);
      buckets.set(key, bucket);
    }
  }
  return [...found.values()];
};
