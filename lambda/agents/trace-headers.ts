/** Source: https://www.w3.org/TR/trace-context/ §3.2: `ff` is no version, and ids of zeros only are none. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** §3.3.1: at most 32 members of `key=value`, and whoever passes it on keeps at least 512 characters. */
const MEMBER = /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MAX_STATE = 512;
const MAX_MEMBERS = 32;

export interface Trace {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

type Read = (name: string) => string | null | undefined;

/** The W3C trace context of a message; what is not valid is as if it were not there, and a state is nothing without a parent. */
export const readTrace = (read: Read): Trace => {
  const traceparent = read('traceparent') ?? '';
  if (!TRACEPARENT.test(traceparent)) return {};
  const tracestate = read('tracestate') ?? '';
  return isState(tracestate) ? { traceparent, tracestate } : { traceparent };
};

const isState = (text: string): boolean => {
  const members = text.split(',').map((member) => member.trim());
  return text.length <= MAX_STATE && members.length <= MAX_MEMBERS && members.every((member) => MEMBER.test(member));
};

/**
 * The same as X-Ray says it, from the same ids. Never signed: whatever stands between may change it.
 * Source: AWS X-Ray developer guide, "Tracing header": `Root=1-<8 digits>-<24 digits>`.
 */
export const xRayHeader = ({ traceparent = '' }: Trace): Record<string, string> => {
  const [, id = '', parent = '', flags = ''] = TRACEPARENT.exec(traceparent) ?? [];
  if (id === '') return {};
  const sampled = Number.parseInt(flags, 16) & 1;
  return { 'x-amzn-trace-id': `Root=1-${id.slice(0, 8)}-${id.slice(8)};Parent=${parent};Sampled=${sampled}` };
};
