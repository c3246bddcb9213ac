import type { Call } from './call.ts';

/** A JSON object as it came: members that nobody here knows stay on it. */
export type Raw = Readonly<Record<string, unknown>>;

/** One tool of one server, as the server describes it. */
export interface CatalogTool {
  /** The server's name in the policy. */
  readonly target: string;
  /** The server's own name for the tool. */
  readonly name: string;
  /** What clients call it: `<target>__<name>`, within `^[A-Za-z0-9_-]{1,64}$`. */
  readonly exposedName: string;
  /** The raw definition, unchanged. */
  readonly definition: Raw;
  /** The list that it is in: the same array for as long as its server lists the same. */
  readonly list: readonly Raw[];
}

/** A request of an MCP client that policy decides about. */
export interface McpCall extends Call {
  /** `tools/call`, `prompts/get`, `resources/read` … */
  readonly method: string;
  /** Resolved once: authorization, limits, record and the upstream call all use this pair. */
  readonly tool?: CatalogTool;
  readonly arguments?: Raw;
  readonly resource?: string;
  readonly prompt?: string;
}
