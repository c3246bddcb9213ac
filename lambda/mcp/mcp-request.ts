import type { Call } from '../core/call.ts';
import type { Raw } from '../core/mcp.ts';
import type { TargetContext } from '../targets/target.ts';
import type { Exchange } from '../telemetry/exchange.ts';
import type { Envelope } from './protocol/envelope.ts';

/** A request of an MCP client, read and not yet decided about. */
export interface McpRequest {
  readonly method: string;
  readonly params: Raw;
  readonly envelope: Envelope;
  readonly call: Call;
  /** For whatever has to be asked of servers to answer it. */
  readonly context: TargetContext;
  readonly exchange: Exchange;
}

/** Answers one method. Errors: `Refusal`, and `TargetError` for what a server said. */
export type Method = (request: McpRequest) => Promise<Raw>;
