import type { AuthMode } from '../../config/compiled.ts';
import { ANONYMOUS } from '../core/principal.ts';
import type { Identified, Identify } from './identify.ts';

const anonymous: Identified = { principal: ANONYMOUS, token: undefined };

/**
 * Applies a route's `auth`. `strict`: no token or a bad one is refused. `optional`: no token is anonymous, a bad one is
 * still refused. `none`: everybody is anonymous, and a token that is sent is neither read nor kept.
 *
 * Errors: those of `identify`.
 */
export const authenticate = async (
  mode: AuthMode,
  authorization: string | undefined,
  identify: Identify,
): Promise<Identified> => {
  if (mode === 'none') return anonymous;
  if (mode === 'optional' && authorization === undefined) return anonymous;
  return identify(authorization);
};
