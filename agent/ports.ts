/** What an agent needs of the world. */
export interface AgentPorts {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Gets a JSON document from an issuer. Must not follow redirects. */
  readonly fetchJson: (url: string) => Promise<unknown>;
  /** Takes one line about each invocation: facts only, nothing of what was said and nothing of a token. */
  readonly log: (entry: Readonly<Record<string, string | number>>) => void;
  /** Sends the spans of what just ended. Must not reject, and must not wait for long. Absent: nothing traces. */
  readonly flushTraces?: () => Promise<void>;
}
