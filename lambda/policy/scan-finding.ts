export type Severity = 'low' | 'medium' | 'high';

/** What a text was found to hold, by the name of the rule that found it. */
export type ScanRule =
  /** Characters that nobody sees, and letters that seem to be others. */
  | 'hidden-text'
  | 'odd-direction'
  | 'mixed-scripts'
  | 'terminal-codes'
  /** Words for the model instead of about the tool. */
  | 'model-instructions'
  | 'encoded-instructions'
  | 'chat-markers'
  /** One server speaking about another. */
  | 'shadowing'
  | 'look-alike-name'
  | 'odd-name'
  /** What was not looked at. */
  | 'too-large';

/**
 * Something to look at. Holds rules and places, never the text itself, so that it can be recorded whatever was scanned. The
 * place is made of names that the server chose: outside text, at most 200 characters.
 */
export interface ScanFinding {
  readonly rule: ScanRule;
  readonly severity: Severity;
  /** JSON Pointer to the string. */
  readonly where: string;
  /** What it consists of, in our own words: signals such as `override` and `secrecy`. */
  readonly signals?: readonly string[];
}

/** A finding about one tool. */
export interface ToolFinding extends ScanFinding {
  readonly target: string;
  /** The server's own name for the tool: outside text. */
  readonly tool: string;
}

const RANK = { low: 0, medium: 1, high: 2 } as const satisfies Record<Severity, number>;

export const isAtLeast = (severity: Severity, least: Severity): boolean => RANK[severity] >= RANK[least];

export const gravest = (severities: Iterable<Severity>): Severity =>
  [...severities].reduce((worst, one) => (isAtLeast(one, worst) ? one : worst), 'low');
