/** What people got wrong: printed as it is, with exit code 2. */
export class PinsUsageError extends Error {
  override readonly name = 'PinsUsageError';
}

export const PINS_COMMANDS = ['status', 'diff', 'approve'] as const;
export type PinsCommand = (typeof PINS_COMMANDS)[number];

/** 0: as approved, or approved now. 1: something could not be read. 3: there are changes. */
export type PinsExit = 0 | 1 | 3;
