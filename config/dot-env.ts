import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The variables of a `.env` file. */
export const readDotEnv = (text: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** An environment, over what `.env` in this folder says. */
export const overDotEnv = (env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> => ({
  ...(existsSync('.env') ? readDotEnv(readFileSync('.env', 'utf8')) : {}),
  ...env,
});
