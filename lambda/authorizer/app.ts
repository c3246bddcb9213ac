import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import { type Refusal, toRefusal } from '../core/refusal.ts';
import type { Identify } from '../identity/identify.ts';
import { type AuthorizerEvent, type AuthorizerResult, allowStage, authorizationOf } from './api-gateway.ts';

export interface AuthorizerOptions {
  /** `claimsUsed` of the policy: all that travels to the functions, everything if it holds `*`. */
  readonly claimsUsed: readonly string[];
  readonly clock: Clock;
  /** Takes one line of the log. */
  readonly log: (line: object) => void;
}

const MAX_CONTEXT_CHARACTERS = 7_000;

/**
 * Answers API Gateway: who is calling, or that nobody is. It decides nothing else; policy is the functions' own.
 *
 * A context too large for API Gateway goes without the principal, and the function verifies the token itself.
 *
 * Errors: `Error('Unauthorized')`, by which words API Gateway answers 401; any other error becomes its
 *         AUTHORIZER_FAILURE response. Never a deny policy: that would be kept and answered as 403.
 */
export const createAuthorizer =
  (identify: Identify, { claimsUsed, clock, log }: AuthorizerOptions) =>
  async (event: AuthorizerEvent): Promise<AuthorizerResult> => {
    try {
      const { principal } = await identify(authorizationOf(event));
      return allowStage(event.methodArn, principal.id, toContext(principal, claimsUsed));
    } catch (thrown) {
      const refusal = toRefusal(thrown);
      log({
        event: 'call-refused',
        time: new Date(clock()).toISOString(),
        code: refusal.code,
        ...refusal.detail,
        ...(refusal.code === 'internal' ? { stack: framesOf(thrown) } : {}),
      });
      throw toAuthorizerError(refusal);
    }
  };

const toAuthorizerError = ({ status, code }: Refusal): Error => new Error(status === 401 ? 'Unauthorized' : code);

// Only where it happened: the message of an error that nobody foresaw may quote what the caller sent.
const framesOf = (thrown: unknown): readonly string[] =>
  ((thrown as Error)?.stack ?? '').split('\n').filter((line) => /^ +at /.test(line));

const toContext = (principal: Principal, claimsUsed: readonly string[]): AuthorizerResult['context'] => {
  const text = toAscii(JSON.stringify({ ...principal, claims: pickClaims(principal.claims, claimsUsed) }));
  const expiry = principal.expiresAt === undefined ? {} : { expiresAt: principal.expiresAt };
  return text.length > MAX_CONTEXT_CHARACTERS ? { verify: 'function', ...expiry } : { principal: text, ...expiry };
};

const pickClaims = (claims: Principal['claims'], used: readonly string[]): Principal['claims'] =>
  used.includes('*') ? claims : Object.fromEntries(Object.entries(claims).filter(([name]) => used.includes(name)));

// The same JSON in ASCII: a character is a byte, and nothing on the way can mistake its encoding.
const toAscii = (json: string): string =>
  json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
