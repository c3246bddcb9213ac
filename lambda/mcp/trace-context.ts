import type { Raw } from '../core/mcp.ts';
import { isRaw } from '../targets/raw.ts';

const MAX_CHARS = 8_192;

/** `traceparent`, `tracestate` and `baggage` of a request: from `_meta`, and where it has none from the headers (SEP-414). */
export const readTrace = (params: Raw, headers: Headers): Readonly<Record<string, string>> => {
  const meta = isRaw(params._meta) ? params._meta : {};
  const inMeta = meta.traceparent !== undefined;
  return Object.fromEntries(
    ['traceparent', 'tracestate', 'baggage'].flatMap((name) => {
      const value = inMeta ? meta[name] : headers.get(name);
      return typeof value === 'string' && value.length <= MAX_CHARS ? [[name, value]] : [];
    }),
  );
};
