/** Headers by which requests are routed, framed, authenticated or attributed (O8). No document and no argument sets them. */
const PROTECTED = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'origin',
  'set-cookie',
  'te',
  'traceparent',
  'tracestate',
  'baggage',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
]);

const PREFIXES = ['proxy-', 'sec-', 'x-amz-', 'x-amzn-', 'x-forwarded-', 'x-gatehouse-', 'mcp-'];

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** `_` counts as `-`: servers that hand headers on as variables can't tell them apart. */
export const isProtectedHeader = (name: string): boolean => {
  const plain = name.toLowerCase().replaceAll('_', '-');
  return !TOKEN.test(name) || PROTECTED.has(plain) || PREFIXES.some((prefix) => plain.startsWith(prefix));
};

/** Those of them that the gateway fills in itself, so that an operation which asks for them can still be called. */
export const isSentAnyway = (name: string): boolean =>
  ['accept', 'content-type', 'authorization', 'host', 'content-length'].includes(name.toLowerCase());
