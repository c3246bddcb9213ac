import type { Raw } from '../core/mcp.ts';
import type { Stage } from '../core/pipeline.ts';
import { scanResult } from '../policy/scan-tools.ts';
import type { UpstreamCall } from './upstream-call.ts';
import { scanWords } from './visible-tools.ts';

/** Looks at what came back as at a definition (T6), and says in the record what it found. It stops nothing. */
export const scanResults = (isAsked: boolean): Stage<UpstreamCall, Raw> => {
  if (!isAsked) return (call, next) => next(call);
  return async (call, next) => {
    const result = await next(call);
    const about = [call.target, call.tool?.name ?? call.method].join('/');
    call.note({ resultFindings: scanWords(about, scanResult(result)) });
    return result;
  };
};
