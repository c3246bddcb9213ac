import type { CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Raw } from '../core/mcp.ts';
import type { Stage } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';
import { isRaw } from '../targets/raw.ts';
import { createSchemaCheck } from './output-schema/create-schema-check.ts';
import { failed } from './output-schema/outcome.ts';
import type { UpstreamCall } from './upstream-call.ts';

/**
 * Holds a tool to the `outputSchema` that its clients were told (G21). What can't be judged passes, and so do errors and
 * questions back, which no schema is about.
 *
 * Errors: where the route is strict, `Refusal('upstream_failed')`, which becomes a result that says so.
 * Source: MCP 2026-07-28, "Output Schema": structured content is there, and it conforms.
 */
export const checkOutput = (mode: CompiledMcpRoute['outputSchema']): Stage<UpstreamCall, Raw> => {
  if (mode === 'off') return (call, next) => next(call);
  return async (call, next) => {
    const result = await next(call);
    const violation = violationOf(call, result);
    if (violation === undefined) return result;
    call.note({ schemaViolation: violation });
    if (mode === 'warn') return result;
    throw new Refusal('upstream_failed', { target: call.target, reason: 'output schema', at: violation });
  };
};

const MAX_CHARS = 200;

/** Where in the schema, never what was there: a result may hold anything. */
const violationOf = ({ tool }: UpstreamCall, { isError, resultType, structuredContent }: Raw): string | undefined => {
  const schema = tool?.definition.outputSchema;
  if (!isRaw(schema) || isError === true || resultType === 'input_required') return undefined;
  if (structuredContent === undefined) return 'no structuredContent';
  const outcome = checkOf(schema)(structuredContent);
  return failed(outcome) ? `#${outcome}`.slice(0, MAX_CHARS) : undefined;
};

/** Schemas are the same objects for as long as their list is. */
const known = new WeakMap<Raw, ReturnType<typeof createSchemaCheck>>();

const checkOf = (schema: Raw): ReturnType<typeof createSchemaCheck> => {
  const check = known.get(schema) ?? createSchemaCheck(schema);
  known.set(schema, check);
  return check;
};
