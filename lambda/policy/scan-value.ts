import type { Signal } from './instruction-signals.ts';
import { gravest, type ScanFinding, type ScanRule, type Severity } from './scan-finding.ts';
import { scanText, severityOf, type Weighing, weigh } from './scan-text.ts';
import { stringsIn } from './strings-in.ts';

/** Of one definition or one result. What is beyond is not looked at, and that is a finding. */
const MAX_CHARS = 262_144;

/** An image or a sound in base64 is long and holds no words. */
const BINARY_CHARS = 4_096;

/** Every string of a value looked at. One finding for each rule is enough to look: where it is gravest. */
export const scanValue = (
  value: unknown,
  weighing: Weighing,
  also: Iterable<readonly [Signal, string]> = [],
): readonly ScanFinding[] => {
  const byRule = new Map<ScanRule, ScanFinding>();
  const note = (finding: ScanFinding): void => {
    const known = byRule.get(finding.rule);
    if (known === undefined || gravest([known.severity, finding.severity]) !== known.severity)
      byRule.set(finding.rule, finding);
  };
  const noteSignals = (places: ReadonlyMap<Signal, string>): void => {
    const severity = severityOf(weigh(places.keys()));
    const signals = [...places.keys()].sort((a, b) => weigh([b]) - weigh([a]));
    const [gravestSignal] = signals;
    if (severity === undefined || gravestSignal === undefined) return;
    note({ rule: 'model-instructions', severity, where: places.get(gravestSignal) ?? '', signals });
  };

  const all = new Map<Signal, string>(also);
  let left = MAX_CHARS;
  for (const { text, where, kind } of stringsIn(value)) {
    if (text.length < 4 || isBinary(text)) continue;
    if (text.length > left) note({ rule: 'too-large', severity: 'medium', where });
    const { rules, signals } = scanText(text.slice(0, left), weighing);
    for (const [rule, severity] of rules) note({ rule, severity: severityIn(weighing, severity), where });
    for (const group of signals) {
      if (weighing === 'near') noteSignals(new Map([...group].map((signal) => [signal, where])));
      for (const signal of group) if (!all.has(signal)) all.set(signal, where);
      // A parameter that is called after a file of secrets wants it filled in.
      if (kind === 'name' && group.has('sensitive-path')) all.set('asks-for-more', where);
    }
    left -= Math.min(left, text.length);
    if (left === 0) break;
  }
  if (weighing === 'whole') noteSignals(all);
  return [...byRule.values()];
};

/** Documents are full of what has no place in a description: byte order, soft joints, letters of three alphabets. */
const severityIn = (weighing: Weighing, severity: Severity): Severity =>
  weighing === 'near' && severity === 'medium' ? 'low' : severity;

const isBinary = (text: string): boolean =>
  text.length >= BINARY_CHARS &&
  /^[A-Za-z0-9+/_-]{64}/.test(text) &&
  !/[^A-Za-z0-9+/_=\r\n-]/.test(text) &&
  /[G-Z]/.test(text) &&
  /[g-z]/.test(text) &&
  /[^\t\n\r\x20-\x7e]/.test(Buffer.from(text.slice(0, 64), 'base64').toString('latin1'));
