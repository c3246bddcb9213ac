import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { Json } from './provider.ts';

type Headers = Readonly<Record<string, string>>;

/** A provider may name its account, or a key, in an error: callers must not learn of either. */
const PRIVATE = new RegExp(
  [
    '\\b(?:sk|pk|rk|gsk|xai|org|proj|acct)[-_][A-Za-z0-9_-]{8,}',
    // Words begin like these too (`user_message`): only what also has a digit is an id.
    '\\b(?:key|user|req)[-_](?=[A-Za-z_-]{0,64}\\d)[A-Za-z0-9_-]{8,}',
    '\\b(?:AKIA|ASIA)[A-Z0-9]{12,}',
    '\\bAIza[A-Za-z0-9_-]{20,}',
    '\\beyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_.-]+',
    '\\barn:[^\\s]+',
  ].join('|'),
  'g',
);

/** What is not shown need not be cleaned. */
const MOST_READ = 4000;

/** What a provider said of the caller's own request: one line, bounded, without anything of ours. */
export const upstreamWords = (message: unknown): string | undefined => {
  if (typeof message !== 'string' || message.trim() === '') return undefined;
  const line = message
    .slice(0, MOST_READ)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replace(PRIVATE, '[…]');
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
};

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whose fault a status is, where the body says nothing more exact (R134–R138). */
const codeOf = (status: number): RefusalCode => {
  if (status === 401 || status === 403) return 'upstream_auth'; // R138: our credential, never the caller's.
  if (status === 402) return 'upstream_quota';
  if (status === 404) return 'upstream_model_not_found';
  if (status === 408 || status === 504) return 'upstream_timeout';
  if (status === 413) return 'upstream_too_large';
  if (status === 429) return 'upstream_limited';
  if (status === 503 || status === 529) return 'upstream_busy';
  if (status >= 400 && status < 500) return 'upstream_rejected';
  return 'upstream_failed';
};

/** Only what is about the caller's own request is worth the provider's words. */
const CALLERS_FAULT: ReadonlySet<RefusalCode> = new Set([
  'upstream_rejected',
  'upstream_model_not_found',
  'upstream_too_large',
  'context_length_exceeded',
]);

export interface UpstreamError {
  readonly status: number;
  readonly headers: Headers;
  readonly message: unknown;
  /** The provider's own word for the error. */
  readonly reason: unknown;
  /** More exact than the status, where the adapter knows better. */
  readonly code?: RefusalCode | undefined;
}

/** An upstream error in our own table. The provider's reason goes to the record, its words only where they help the caller. */
export const upstreamRefusal = ({ status, headers, message, reason, code }: UpstreamError): Refusal => {
  const ours = code ?? (isTooLong(message) ? 'context_length_exceeded' : codeOf(status));
  const words = CALLERS_FAULT.has(ours) ? upstreamWords(message) : undefined;
  const seconds = retryAfterSeconds(headers);
  return new Refusal(
    ours,
    { status, reason: typeof reason === 'string' ? reason.slice(0, 100) : undefined },
    {
      ...(words === undefined ? {} : { upstreamSays: words }),
      ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
    },
  );
};

/** R139: each provider has its own words for a conversation that does not fit. */
const TOO_LONG = [
  'prompt is too long',
  'input is too long',
  'exceeds the maximum number of tokens',
  'maximum context length',
  'exceed context limit',
  'exceeds the context window',
  'maximum prompt length',
  'available context size',
  'must be less than the context length',
];

const isTooLong = (message: unknown): boolean =>
  typeof message === 'string' && TOO_LONG.some((words) => message.toLowerCase().includes(words));

/**
 * When the provider wants to be asked again: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date
 * (RFC 9110 §10.2.3), read against the answer's own `date` so that no clock has to agree.
 */
export const retryAfterSeconds = (headers: Headers): number | undefined => {
  const ms = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return capped(ms / 1000);
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return capped(Number(value));
  const wait = Date.parse(value) - Date.parse(headers.date ?? '');
  return Number.isFinite(wait) ? capped(Math.max(0, wait / 1000)) : undefined;
};

/** A day: whoever says longer, or forever, is not believed. */
const capped = (seconds: number): number => Math.min(Math.ceil(seconds), 86_400);
