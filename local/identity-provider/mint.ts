import { randomBytes } from 'node:crypto';
import type { DemoUser } from '../demo-users.ts';
import { userClaims } from './claims.ts';
import { openKeyFile } from './key-file.ts';
import { signToken } from './sign-token.ts';

export interface MintOptions {
  readonly keyFile: string;
  readonly issuer: string;
  readonly audience: string;
  readonly user: DemoUser;
  /** Exactly these, whatever the user has. */
  readonly scopes: readonly string[];
  /** 0 or less: a token that has already expired. */
  readonly expiresInSeconds: number;
  /** Seconds since the epoch. */
  readonly now: number;
}

/**
 * One access token of a demo user, as if that person had signed in with `gatehouse-cli`. It is signed with the key in the
 * file, which the provider publishes, so the provider need not be running.
 */
export const mintToken = async (options: MintOptions): Promise<string> => {
  const { signingKey } = await openKeyFile(options.keyFile);
  const exp = options.now + options.expiresInSeconds;
  // An expired token was once a good one: it must fail for its age alone.
  const iat = options.expiresInSeconds > 0 ? options.now : exp - 3600;
  const frame = {
    jti: `AT.${randomBytes(24).toString('base64url')}`,
    iss: options.issuer,
    aud: options.audience,
    iat,
    exp,
    cid: 'gatehouse-cli',
    scp: options.scopes,
  };
  return signToken(signingKey, userClaims(frame, options.user, iat));
};
