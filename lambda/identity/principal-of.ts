import type { CompiledIdentityProvider, IdentityKind } from '../../config/compiled.ts';
import type { Principal } from '../core/principal.ts';
import { freezeDeep } from './freeze-deep.ts';
import { principalId } from './principal-id.ts';
import { readPath } from './read-path.ts';
import { tokenRejected } from './token-rejected.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Where a kind of provider puts what we want to know. */
interface ClaimPlaces {
  /** The subject that never changes and is never given to another: the first group that is there whole. */
  readonly stableSubject: readonly (readonly string[])[];
  /** The first that is there. Never a name that its owner, or the administrator of a guest's own tenant, could choose. */
  readonly sub: readonly string[];
  /** The first that is there. */
  readonly clientId: readonly string[];
  /** All of them together; a string is split at spaces. */
  readonly scopes: readonly string[];
  /** All of them together. */
  readonly roles: readonly string[];
  /** All of them together. */
  readonly groups: readonly string[];
}

/**
 * Sources: Okta, "Tokens" (`uid` is the user, `sub` the login; without a user there is no `uid`); Auth0, "Access token
 * profiles" and "RBAC"; Microsoft, "Access token claims reference" (`oid` with `tid`; `preferred_username`, `upn` and
 * `email` may change hands and are not for decisions); Keycloak, "Server administration: protocol mappers"; RFC 9068 §2.2.
 */
const PLACES: Record<IdentityKind, ClaimPlaces> = {
  okta: {
    stableSubject: [['uid'], ['sub']],
    sub: ['sub'],
    clientId: ['cid'],
    scopes: ['scp'],
    roles: ['roles'],
    groups: ['groups'],
  },
  auth0: {
    stableSubject: [['sub']],
    sub: ['sub'],
    clientId: ['azp', 'client_id'],
    scopes: ['permissions', 'scope'],
    roles: [],
    groups: [],
  },
  entra: {
    stableSubject: [['tid', 'oid'], ['sub']],
    sub: ['oid', 'sub'],
    clientId: ['azp', 'appid'],
    scopes: ['scp'],
    roles: ['roles'],
    groups: ['groups'],
  },
  keycloak: {
    stableSubject: [['sub']],
    sub: ['sub'],
    clientId: ['azp', 'client_id'],
    scopes: ['scope'],
    roles: ['realm_access.roles', 'resource_access.*.roles'],
    groups: ['groups'],
  },
  oidc: {
    stableSubject: [['sub']],
    sub: ['sub'],
    clientId: ['client_id', 'azp'],
    scopes: ['scope'],
    roles: ['roles'],
    groups: ['groups'],
  },
  gatehouse: {
    stableSubject: [],
    sub: ['sub'],
    clientId: ['client_id'],
    scopes: ['scope'],
    roles: ['roles'],
    groups: ['groups'],
  },
};

const MAX_SUBJECT_BYTES = 1024;

/**
 * Verified claims → the principal they speak of.
 *
 * Shape:  of the gateway's own tokens `id` is that of the person at their identity provider, `issuer` is the gateway.
 *         The provider's `claims` replace the kind's places; `sub` there changes what people read, and the stable subject
 *         only if the kind's own is not there.
 * Units:  `expiresAt` in seconds since the epoch.
 * Errors: `Refusal('token_rejected')` with reason `no-subject`, `too-large` or, for an `act` we can't read, `malformed`.
 */
export const principalOf = (provider: CompiledIdentityProvider, claims: Claims, expiresAt: number): Principal => {
  const places = PLACES[provider.kind];
  const own = provider.claims;
  const at = (path: string | undefined, otherwise: readonly string[]) => (path === undefined ? otherwise : [path]);
  const sub = firstString(claims, at(own.sub, places.sub));
  const subId = provider.kind === 'gatehouse' ? readSubId(claims) : stableSubjectOf(provider, claims, sub);
  if (sub === undefined || subId === undefined) throw tokenRejected('no-subject', { provider: provider.name });
  const clientId = firstString(claims, at(own.clientId, places.clientId)) ?? '';
  const actor = readActor(claims.act);
  if ([sub, subId.iss, subId.sub, clientId, actor?.sub ?? '', actor?.issuer ?? ''].some(isTooLong))
    throw tokenRejected('too-large', { provider: provider.name });
  // Frozen: the token cache gives one principal to many calls.
  return freezeDeep({
    id: principalId(subId.iss, subId.sub),
    issuer: provider.issuer,
    sub,
    clientId,
    scopes: allStrings(claims, at(own.scopes, places.scopes), (text) => text.split(' ')),
    roles: allStrings(claims, at(own.roles, places.roles)),
    groups: allStrings(claims, at(own.groups, places.groups)),
    claims,
    expiresAt,
    subId,
    ...(actor === undefined ? {} : { actor }),
  });
};

const isString = (value: unknown): value is string => typeof value === 'string' && value !== '';

const stableSubjectOf = (
  { kind, issuer }: CompiledIdentityProvider,
  claims: Claims,
  sub: string | undefined,
): Principal['subId'] => {
  const found = PLACES[kind].stableSubject.map((group) => wholeGroup(claims, group)).find(isString) ?? sub;
  return found === undefined ? undefined : { iss: issuer, sub: found };
};

/** RFC 9493 §3.2.4. The gateway says for which person of which identity provider it made the token, so that limits stay theirs. */
const readSubId = ({ sub_id }: Claims): Principal['subId'] => {
  const { format, iss, sub } = (sub_id ?? {}) as { format?: unknown; iss?: unknown; sub?: unknown };
  return format === 'iss_sub' && isString(iss) && isString(sub) ? { iss, sub } : undefined;
};

const isTooLong = (text: string): boolean => Buffer.byteLength(text) > MAX_SUBJECT_BYTES;

const firstString = (claims: Claims, paths: readonly string[]): string | undefined =>
  paths.flatMap((path) => readPath(claims, path)).find(isString);

const wholeGroup = (claims: Claims, group: readonly string[]): string | undefined => {
  const found = group.map((path) => firstString(claims, [path]));
  return found.every(isString) ? found.join('|') : undefined;
};

const allStrings = (
  claims: Claims,
  paths: readonly string[],
  split: (text: string) => readonly string[] = (text) => [text],
): readonly string[] => {
  const values = paths.flatMap((path) => readPath(claims, path));
  const strings = values.flatMap((value) =>
    typeof value === 'string' ? split(value) : Array.isArray(value) ? value : [],
  );
  return [...new Set(strings.filter(isString))];
};

// RFC 8693 §4.1. A token that says somebody acts for the subject must not pass as the subject's own because we can't read who.
const readActor = (act: unknown): Principal['actor'] => {
  if (act === undefined) return undefined;
  const { sub, iss } = (act ?? {}) as { sub?: unknown; iss?: unknown };
  if (!isString(sub) || !(iss === undefined || isString(iss))) throw tokenRejected('malformed');
  return iss === undefined ? { sub } : { sub, issuer: iss };
};
