import { AgentError } from '../agent-error.ts';
import { OBO_TOKEN_HEADER } from '../headers.ts';
import { actorOf, type Claims, readUnverifiedClaims } from './read-unverified-claims.ts';

/** The token on behalf of the caller where `authorization` does not carry it. */
export interface OboToken {
  readonly token: string;
  readonly claims: Claims;
  readonly actor: { readonly actor?: string };
}

/** Errors: `AgentError('identity_rejected')` for one that is no token, or over. */
export const readOboToken = (headers: Headers, nowMs: number): OboToken | undefined => {
  const token = headers.get(OBO_TOKEN_HEADER);
  if (token === null) return undefined;
  const claims = readUnverifiedClaims(token, nowMs);
  const actor = actorOf(claims);
  return { token, claims, actor: actor === undefined ? {} : { actor } };
};

/**
 * Refuses a token about another than whom the caller's verified token is about: the two would act for different people.
 *
 * The gateway's tokens say whom the identity provider means (`sub_id`, RFC 9493 §3.2.4), and an identity provider's own
 * exchange keeps one of its names for them. Each has to be a value of the caller's own token; no kind of provider has to be
 * known for that. Where the caller's own token is one of the gateway, it is of somebody for whom another agent acts: both say
 * whom in the same way.
 *
 * Shape:  `isOwn`: the gateway made the caller's token.
 * Errors: `AgentError('identity_rejected')`.
 */
export const checkSamePerson = ({ claims }: OboToken, verified: Claims, isOwn: boolean): void => {
  const subId = subIdOf(claims);
  const person = isOwn ? subIdOf(verified) : undefined;
  const [issuer, names] =
    subId === undefined ? [claims.iss, [claims.sub, claims.oid, claims.uid]] : [subId.iss, [subId.sub]];
  const isSame = isOwn
    ? subId !== undefined && typeof subId.sub === 'string' && subId.sub === person?.sub && subId.iss === person.iss
    : issuer === verified.iss && names.some((name) => typeof name === 'string' && holds(verified, name));
  if (!isSame) throw new AgentError('identity_rejected');
};

const subIdOf = ({ sub_id }: Claims): { readonly iss?: unknown; readonly sub?: unknown } | undefined =>
  sub_id ?? undefined;

const holds = (value: unknown, name: string): boolean =>
  value === name ||
  (typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).some((one) => holds(one, name)));
