import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { Json } from './provider.ts';

type Headers = Readonly<Record<string, string>>;

/** A provider may name its account, or a key, in an error: callers must not learn of either. */
const PRIVATE = /\b(?:sk|pk|rk|org|proj|key|user|acct|req|AKIA|AIza)[-_]?[A-Za-z0-9_-]{8,}|\barn:[^\s]+/g;

/** What a provider said of the caller's own request: one line, bounded, without anything of ours. */
export const upstreamWords = (message: unknown): string | undefined => {
  if (typeof message !== 'string' || message.trim() === '') return undefined;
  const line = message.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').replace(PRIVATE, '[…]');
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
];

const isTooLong = (message: unknown): boolean =>
  typeof message === 'string' && TOO_LONG.some((words) => message.toLowerCase().includes(words));

/**
 * When the provider wants to be asked again: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date
 * (RFC 9110 §10.2.3), read against the answer's own `date` so that no clock has to agree.
 */
export const retryAfterSeconds = (headers: Headers): number | undefined => {
  const ms = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return Math.ceil(ms / 1000);
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value));
  const wait = Date.parse(value) - Date.parse(headers.date ?? '');
  return Number.isFinite(wait) ? Math.max(0, Math.ceil(wait / 1000)) : undefined;
};
