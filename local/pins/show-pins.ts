import { escapeHidden } from '../../config/escape-hidden.ts';
import type { Pins } from '../../config/pins.ts';
import { compareDefinitions, type DefinitionChange } from '../../lambda/policy/compare-definitions.ts';
import { type PinFinding, pinOf } from '../../lambda/policy/pins.ts';
import type { ToolFinding } from '../../lambda/policy/scan-finding.ts';
import type { Comparison, LiveServer } from './compare-pins.ts';

// Everything here comes from servers: whatever could move the cursor or hide is written as its escape.

const name = (text: string): string => escapeHidden(text).replaceAll('\n', '\\n');

const headline = ({ target, tool, state, was, severity }: PinFinding): string =>
  `${name(target)} ${name(tool)}: ${was === undefined ? state : `renamed from ${name(was)}`}${severity === 'high' ? ' (look closely)' : ''}`;

const scanLines = (scanned: readonly ToolFinding[], { target, tool }: PinFinding): string[] =>
  scanned
    .filter((one) => one.target === target && one.tool === tool)
    .map(
      ({ severity, rule, where, signals }) =>
        `  scanner: ${severity}, ${rule}${signals === undefined ? '' : ` (${signals.join(', ')})`} at ${name(where) || 'the whole'}`,
    );

/** One line a tool that is not as approved, and one a server. */
export const showStatus = ({ changes, approved, failed, scanned }: Comparison): string[] => [
  ...changes.flatMap((change) => [headline(change), ...scanLines(scanned, change)]),
  ...[...approved].map(([server, count]) => `${name(server)}: ${count} as approved`),
  ...[...failed].map(([server, why]) => `${name(server)}: cannot be read: ${name(why)}`),
];

const textLines = (value: unknown): string[] =>
  (typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '')).split('\n').map(escapeHidden);

/** The lines that differ, without those around them that do not. */
const changedLines = (before: readonly string[], after: readonly string[]): string[] => {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return [
    ...before.slice(head, before.length - tail).map((line) => `    - ${line}`),
    ...after.slice(head, after.length - tail).map((line) => `    + ${line}`),
  ];
};

const changeLines = ({ where, before, after, severity }: DefinitionChange): string[] => [
  `  ${severity === 'high' ? '!' : ' '} ${name(where) || 'the whole'}`,
  ...changedLines(before === undefined ? [] : textLines(before), after === undefined ? [] : textLines(after)),
];

/** What exactly is different, place by place. A line that starts with ! is a change of the kind that attacks are made of. */
export const showDiff = (
  pins: Pins,
  live: ReadonlyMap<string, LiveServer>,
  { changes, failed, scanned }: Comparison,
): string[] => [
  ...changes.flatMap((change) => {
    const { target, tool, was } = change;
    const server = live.get(target);
    const now = server !== undefined && 'tools' in server ? server.tools.find((one) => one.name === tool) : undefined;
    const approved = pinOf({ pins }, target, was ?? tool)?.definition;
    const places =
      approved !== undefined && now !== undefined
        ? compareDefinitions(approved, now.definition).flatMap(changeLines)
        : changedLines(
            approved === undefined ? [] : textLines(approved),
            now === undefined ? [] : textLines(now.definition),
          );
    return [headline(change), ...places, ...scanLines(scanned, change), ''];
  }),
  ...[...failed].map(([server, why]) => `${name(server)}: cannot be read: ${name(why)}`),
];

export const showApproved = (changes: readonly PinFinding[], { scanned }: Comparison): string[] =>
  changes.flatMap((change) => [
    `${change.sha256 === undefined ? 'dropped ' : 'approved'} ${headline(change)}${change.sha256 === undefined ? '' : `, sha256 ${change.sha256}`}`,
    ...scanLines(scanned, change),
  ]);
