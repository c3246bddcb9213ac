import { hash } from 'node:crypto';
import { SESSION_HEADER } from '../core/agent.ts';
import { Refusal } from '../core/refusal.ts';

/** For callers that can't set a header of AWS's. */
const OWN_HEADER = 'x-gatehouse-session';
const NAMES = [SESSION_HEADER.toLowerCase(), OWN_HEADER];

const SESSION = /^[A-Za-z0-9._-]{1,256}$/;

/**
 * How the caller names its session; absent where it names none.
 *
 * Errors: `Refusal('invalid_session')`, for two names that differ as well.
 */
export const readCallerSession = (headers: Headers): string | undefined => {
  const [session, other] = [...new Set(NAMES.map((name) => headers.get(name)).filter((value) => value !== null))];
  if (session === undefined) return undefined;
  if (other !== undefined || !SESSION.test(session)) throw new Refusal('invalid_session');
  return session;
};

/** The caller's own name for the session, so that it can go on with it: never the name that AgentCore has for it. */
export const sessionHeaders = (session: string): Record<string, string> =>
  Object.fromEntries(NAMES.map((name) => [name, session]));

/** For the record. */
export const hashedSession = (session: string): string => hash('sha256', session, 'hex').slice(0, 32);
