import type { Call } from '../core/call.ts';
import type { Raw } from '../core/mcp.ts';

/** What the client's side of a request means for the upstream's side. */
export interface TargetContext {
  readonly call: Call;
  /** Aborted with the call, or when this request's own time is over. */
  readonly signal: AbortSignal;
  /** `clientCapabilities` that this very request declared; an upstream is told no more. */
  readonly capabilities: Raw;
  /** Takes progress as the upstream reports it; absent when the client did not ask. */
  readonly progress?: (params: Raw) => void;
  /** `traceparent`, `tracestate` and `baggage` for the upstream's `_meta`. */
  readonly trace: Readonly<Record<string, string>>;
  /** Of the tool that is called: a modern server wants some arguments in headers too. */
  readonly definition?: Raw;
}

export type ListMethod = 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list';

/** Everything a server lists under one method, all pages walked, raw. */
export interface Listed {
  readonly items: readonly Raw[];
  /**
   * About how large it is, for the bound on memory: bytes of the server's answers, or characters of the stored text. Absent: it
   * was not read from anywhere.
   */
  readonly bytes?: number;
  /** The server's own limits on keeping it, where it gave them. */
  readonly ttlMs?: number;
  /** Why there may be more than this: the server's pages came to no end. */
  readonly partial?: string;
  /** What the server says about its use, to whoever was given this list. Outside text, as it was written. */
  readonly instructions?: string;
}

/**
 * One upstream that offers tools: an MCP server of either era, or a REST API. Must not decide who may do what, must not send
 * anything of the caller's request that is not in the arguments, and must not keep anything of one caller for another.
 *
 * Errors: `Refusal` with a code of the upstream's (`upstream_unreachable`, `upstream_timeout`, `upstream_failed`, …),
 * `credential_unavailable`, or the signal's own reason; an error that the server itself answered is a `TargetError`.
 */
export interface McpTarget {
  /** Its name in the policy, and the prefix of its tools. */
  readonly name: string;
  /** Whether its lists differ by user: what is cached for one is then never shown to another. */
  readonly perUser: boolean;
  list(method: ListMethod, context: TargetContext): Promise<Listed>;
  /** Somebody reads what servers say about their use: from now on the list of tools is asked for together with it. */
  wantWords?(): void;
  /** `tools/call`, `prompts/get`, `resources/read`, `completion/complete`: the server's result, raw. */
  request(method: string, params: Raw, context: TargetContext): Promise<Raw>;
}

/** A JSON-RPC error that a server answered with. */
export class TargetError extends Error {
  override readonly name = 'TargetError';

  constructor(
    readonly target: string,
    readonly code: number,
    /** The server's words: outside text. */
    readonly says: string,
    readonly data?: unknown,
  ) {
    super(`target answered ${code}`);
  }
}
