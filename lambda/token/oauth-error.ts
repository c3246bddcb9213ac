import { Refusal } from '../core/refusal.ts';

/** Sources: RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707 §2. */
export type OAuthCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target';

/** What a stranger reads, for each reason. Never built from input. */
export const REASONS = {
  'not-a-form': ['invalid_request', 'send the parameters once, as application/x-www-form-urlencoded, in UTF-8'],
  'body-too-large': ['invalid_request', 'the body is larger than 64 KB'],
  'repeated-parameter': ['invalid_request', 'a parameter is repeated'],
  'no-grant-type': ['invalid_request', 'grant_type is missing'],
  'no-subject-token': ['invalid_request', 'subject_token and subject_token_type are needed, once each'],
  'subject-token-type': ['invalid_request', 'subject_token_type is not one that is taken here'],
  'actor-pair': ['invalid_request', 'actor_token and actor_token_type come together or not at all'],
  'actor-token-type': ['invalid_request', 'actor_token_type is not one that is taken here'],
  'requested-token-type': ['invalid_request', 'requested_token_type is not one that is given here'],
  'several-authentications': ['invalid_request', 'a client authenticates in one way only'],
  'subject-rejected': ['invalid_request', 'the subject token is not accepted'],
  'actor-rejected': ['invalid_request', 'the actor token is not accepted'],
  'actor-needed': ['invalid_request', 'this client needs an actor token'],
  'actor-not-allowed': ['invalid_request', 'the subject does not let this actor act for it'],
  'actor-chain': ['invalid_request', 'too many act one for another'],
  'subject-used': ['invalid_request', 'the subject token was used before, and this client may use one once'],
  'subject-without-jti': ['invalid_request', 'the subject token has no jti, and this client may use one once'],
  'grant-type': ['unsupported_grant_type', 'only token exchange (RFC 8693) is served here'],
  target: ['invalid_target', 'the client may not ask for this audience or resource'],
  'no-target': ['invalid_target', 'name an audience or a resource: the client has more than one'],
  scope: ['invalid_scope', 'neither subject nor client may have this scope'],
  client: ['invalid_client', 'the client is not known or has not proved who it is'],
} as const satisfies Record<string, readonly [OAuthCode, string]>;

export type TokenReason = keyof typeof REASONS;

/**
 * A refusal of the token endpoint. `facts` are for the record: names of our own, and why exactly.
 */
export const tokenRefusal = (reason: TokenReason, facts: Readonly<Record<string, unknown>> = {}): Refusal => {
  const [error] = REASONS[reason];
  return new Refusal(error === 'invalid_client' ? 'token_rejected' : 'invalid_request', { ...facts, oauth: reason });
};

const isReason = (reason: unknown): reason is TokenReason =>
  typeof reason === 'string' && Object.hasOwn(REASONS, reason);

/** RFC 6749 §5.2. What is none of the errors there has this gateway's own code. */
export const writeTokenRefusal = (refusal: Refusal): Readonly<Record<string, unknown>> => {
  const { oauth } = refusal.detail;
  if (isReason(oauth)) return { error: REASONS[oauth][0], error_description: REASONS[oauth][1] };
  // RFC 6749 §4.1.2.1 has words for these; §5.2 has none.
  if (refusal.status >= 500)
    return {
      error: refusal.status === 500 ? 'server_error' : 'temporarily_unavailable',
      error_description: refusal.say,
    };
  return { error: 'invalid_request', error_description: refusal.say };
};
