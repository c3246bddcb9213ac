import { Hidden } from '../../lambda/core/hidden.ts';
import type { ReadSecret } from '../../lambda/outbound-auth/cached-credentials.ts';

/** Reads credentials from environment variables, to be wrapped in `cachedCredentials`: `openai-api-key` is `OPENAI_API_KEY`. */
export const envCredentials =
  (env: Readonly<Record<string, string | undefined>>): ReadSecret =>
  async (name) => {
    const text = env[envNameOf(name)]?.trim() ?? '';
    return text === '' ? undefined : new Hidden(text);
  };

/** The environment variable that holds a credential. */
export const envNameOf = (credential: string): string => credential.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
