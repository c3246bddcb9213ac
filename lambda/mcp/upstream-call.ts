import type { McpCall, Raw } from '../core/mcp.ts';
import type { TargetContext } from '../targets/target.ts';
import type { McpFacts } from '../telemetry/record.ts';
import type { Era } from './protocol/versions.ts';

/** A request that is somebody's at one server: found once, so that policy, limits, record and the server mean the same. */
export interface UpstreamCall extends McpCall {
  readonly target: string;
  readonly era: Era;
  readonly version: string;
  /** What goes up besides the arguments, in the server's own names. Only members that the method has. */
  readonly params: Raw;
  readonly context: TargetContext;
  /** Takes what the record is to say of the answer. */
  readonly note: (facts: Pick<McpFacts, 'resultBytes' | 'schemaViolation' | 'resultFindings'>) => void;
  /** As the client sent it. */
  readonly requestState?: unknown;
}
