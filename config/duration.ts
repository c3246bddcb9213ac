const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const DURATION = /^\d{1,9}(ms|s|m|h|d)$/;

/** `30s` → 30000. Only for what `DURATION` accepts. */
export const toMilliseconds = (duration: string): number => {
  const unit = /[a-z]+$/.exec(duration)?.[0] ?? 'ms';
  return Number.parseInt(duration, 10) * (UNITS[unit] ?? 1);
};
