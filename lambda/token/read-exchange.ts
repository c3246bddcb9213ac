import { isScope } from '../issuing/narrow-scopes.ts';
import { tokenRefusal } from './oauth-error.ts';
import type { Form } from './read-form.ts';
import { ACCESS_TOKEN, GRANT_TYPE, ID_TOKEN, JWT } from './token-types.ts';

export interface TypedToken {
  readonly token: string;
  /** As whoever sent it says. */
  readonly type: string;
}

/** A token exchange as it was asked for. */
export interface ExchangeRequest {
  readonly subject: TypedToken;
  readonly actor?: TypedToken;
  /** All that the token is to be for: `audience` and `resource` together. */
  readonly targets: readonly string[];
  readonly scopes?: readonly string[];
  readonly issuedTokenType: string;
}

const TAKEN: ReadonlySet<string> = new Set([ACCESS_TOKEN, JWT, ID_TOKEN]);
const GIVEN: ReadonlySet<string> = new Set([ACCESS_TOKEN, JWT]);

/** Errors: as RFC 6749 §5.2 and RFC 8693 §2.2.2 have them. Source: RFC 8693 §2.1. */
export const readExchange = (form: Form): ExchangeRequest => {
  const grant = form.one('grant_type');
  if (grant === undefined) throw tokenRefusal('no-grant-type');
  if (grant !== GRANT_TYPE) throw tokenRefusal('grant-type');
  const subject = readToken(form, 'subject');
  if (subject === undefined) throw tokenRefusal('no-subject-token');
  const actor = readToken(form, 'actor');
  const issuedTokenType = form.one('requested_token_type') ?? ACCESS_TOKEN;
  if (!GIVEN.has(issuedTokenType)) throw tokenRefusal('requested-token-type');
  const resources = form.all('resource');
  if (!resources.every(isResource)) throw tokenRefusal('target');
  const scopes = form
    .one('scope')
    ?.split(' ')
    .filter((scope) => scope !== '');
  // RFC 6749 §3.3: at least one. Nothing but spaces is not the same as none asked for.
  if (scopes?.length === 0 || scopes?.every(isScope) === false) throw tokenRefusal('scope');
  return {
    subject,
    ...(actor === undefined ? {} : { actor }),
    targets: [...new Set([...form.all('audience'), ...resources])],
    ...(scopes === undefined ? {} : { scopes }),
    issuedTokenType,
  };
};

const HALF = { subject: 'no-subject-token', actor: 'actor-pair' } as const;

/** Both a token and its type, or neither. */
const readToken = (form: Form, whose: 'subject' | 'actor'): TypedToken | undefined => {
  const token = form.one(`${whose}_token`);
  const type = form.one(`${whose}_token_type`);
  if (token === undefined && type === undefined) return undefined;
  if (token === undefined || type === undefined) throw tokenRefusal(HALF[whose]);
  if (!TAKEN.has(type)) throw tokenRefusal(`${whose}-token-type`);
  return { token, type };
};

/** RFC 8707 §2: an absolute URI without a fragment. */
const isResource = (text: string): boolean => URL.canParse(text) && !text.includes('#') && !/\s/.test(text);
