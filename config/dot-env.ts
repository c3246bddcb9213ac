import { parseEnv } from 'node:util';

/** The variables of a `.env` file. */
export const readDotEnv = (text: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
