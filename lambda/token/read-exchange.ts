import { isScope } from '../issuing/narrow-scopes.ts';
import { tokenRefusal } from './oauth-error.ts';
import type { Form } from './read-form.ts';
import { ACCESS_TOKEN, GRANT_TYPE, ID_TOKEN, JWT } from './token-types.ts';

/** A token exchange as it was asked for. */
export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly actorToken?: string;
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
  const subjectToken = form.one('subject_token');
  const subjectType = form.one('subject_token_type');
  if (subjectToken === undefined || subjectType === undefined) throw tokenRefusal('no-subject-token');
  if (!TAKEN.has(subjectType)) throw tokenRefusal('subject-token-type');
  const actorToken = form.one('actor_token');
  const actorType = form.one('actor_token_type');
  if ((actorToken === undefined) !== (actorType === undefined)) throw tokenRefusal('actor-pair');
  if (actorType !== undefined && !TAKEN.has(actorType)) throw tokenRefusal('actor-token-type');
  const issuedTokenType = form.one('requested_token_type') ?? ACCESS_TOKEN;
  if (!GIVEN.has(issuedTokenType)) throw tokenRefusal('requested-token-type');
  const resources = form.all('resource');
  if (!resources.every(isResource)) throw tokenRefusal('target');
  const scopes = form
    .one('scope')
    ?.split(' ')
    .filter((scope) => scope !== '');
  if (scopes?.every(isScope) === false) throw tokenRefusal('scope');
  return {
    subjectToken,
    ...(actorToken === undefined ? {} : { actorToken }),
    targets: [...new Set([...form.all('audience'), ...resources])],
    ...(scopes === undefined ? {} : { scopes }),
    issuedTokenType,
  };
};

/** RFC 8707 §2: an absolute URI without a fragment. */
const isResource = (text: string): boolean => URL.canParse(text) && !text.includes('#') && !/\s/.test(text);
