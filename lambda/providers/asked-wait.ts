type Headers = Readonly<Record<string, string>>;

const OPENAI = ['requests', 'tokens'].map((kind) => [`x-ratelimit-remaining-${kind}`, `x-ratelimit-reset-${kind}`]);
const ANTHROPIC = ['requests', 'tokens', 'input-tokens', 'output-tokens'].map((kind) => [
  `anthropic-ratelimit-${kind}-remaining`,
  `anthropic-ratelimit-${kind}-reset`,
]);

/**
 * How long a provider that refused for its limits wants to be left alone, where it says so by its limits' own headers: that
 * of the limit which is used up, else the soonest. They stand on every answer, so they mean something on a 429 only.
 * Source: https://platform.openai.com/docs/guides/rate-limits, https://docs.anthropic.com/en/api/rate-limits.
 */
export const limitResetMs = (headers: Headers, nowMs: number): number | undefined => {
  const serversNow = Date.parse(headers.date ?? '');
  const limits = [...OPENAI, ...ANTHROPIC].flatMap(([remaining = '', reset = '']) => {
    const ms = resetMs(headers[reset], Number.isFinite(serversNow) ? serversNow : nowMs);
    return ms === undefined ? [] : [{ ms, usedUp: headers[remaining] === '0' }];
  });
  const usedUp = limits.filter((limit) => limit.usedUp);
  if (usedUp.length > 0) return Math.max(...usedUp.map(({ ms }) => ms));
  return limits.length === 0 ? undefined : Math.min(...limits.map(({ ms }) => ms));
};

/** OpenAI writes a duration, Anthropic a moment (RFC 3339). */
const resetMs = (value: string | undefined, nowMs: number): number | undefined => {
  if (value === undefined) return undefined;
  const ms = durationMs(value) ?? Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
};

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

const PART = /(\d+(?:\.\d+)?)(ms|h|m|s)/y;

/** `6m0s`, `1h2m3.5s`, `30ms`; a number alone is seconds. */
const durationMs = (text: string): number | undefined => {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  let ms = 0;
  for (PART.lastIndex = 0; PART.lastIndex < text.length; ) {
    const [, count, unit = ''] = PART.exec(text) ?? [];
    if (count === undefined) return undefined;
    ms += Number(count) * (UNITS[unit] ?? 0);
  }
  return text === '' ? undefined : ms;
};
