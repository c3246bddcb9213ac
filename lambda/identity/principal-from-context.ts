import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import { API_KEY_ISSUER } from './api-keys.ts';
import { tokenRejected } from './token-rejected.ts';

/**
 * The principal that our authorizer established, from `requestContext.authorizer` of a REST event.
 *
 * Shape:  `undefined` means that the authorizer left it to the function (or that there was none): verify the token.
 * Errors: `Refusal('token_rejected')` with reason `expired`, because API Gateway keeps the authorizer's answer for longer
 *         than the token may live, or `authorizer-context` for anything that our authorizer would not write.
 * Source: lambda/authorizer/app.ts writes it. Only API Gateway may be trusted to hand it over.
 */
export const principalFromContext = (context: unknown, clock: Clock): Principal | undefined => {
  if (context === undefined || context === null) return undefined;
  if (!isMap(context)) throw tokenRejected('authorizer-context');
  if (context.principal === undefined) return undefined;
  const principal = readPrincipal(context.principal);
  // API Gateway gives the authorizer's values to a Lambda as strings.
  const expiresAt = context.expiresAt === undefined ? principal.expiresAt : Number(context.expiresAt);
  if (expiresAt !== principal.expiresAt) throw tokenRejected('authorizer-context');
  if (expiresAt === undefined && principal.issuer !== API_KEY_ISSUER) throw tokenRejected('authorizer-context');
  if (expiresAt !== undefined && clock() >= expiresAt * 1000) throw tokenRejected('expired');
  return principal;
};

const readPrincipal = (text: unknown): Principal => {
  const value = typeof text === 'string' ? parse(text) : undefined;
  if (!isPrincipal(value)) throw tokenRejected('authorizer-context');
  return value;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isName = (value: unknown): value is string => isText(value) && value !== '';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isSubId = (value: unknown): boolean =>
  isMap(value) && isName(value.iss) && isName(value.sub) && hasOnly(value, SUB_ID);
const isActor = (value: unknown): boolean =>
  isMap(value) && isName(value.sub) && (value.issuer === undefined || isText(value.issuer)) && hasOnly(value, ACTOR);

/** Every member of a principal and what it has to be: nothing else may be in it. */
const MEMBERS: { readonly [Member in keyof Required<Principal>]: (value: unknown) => boolean } = {
  id: isName,
  issuer: isName,
  sub: isName,
  clientId: isText,
  scopes: isTexts,
  roles: isTexts,
  groups: isTexts,
  claims: isMap,
  expiresAt: (value) => value === undefined || Number.isFinite(value),
  subId: (value) => value === undefined || isSubId(value),
  actor: (value) => value === undefined || isActor(value),
};

const SUB_ID = new Set(['iss', 'sub']);
const ACTOR = new Set(['sub', 'issuer']);
const KNOWN = new Set(Object.keys(MEMBERS));

const hasOnly = (value: Record<string, unknown>, known: ReadonlySet<string>): boolean =>
  Object.keys(value).every((member) => known.has(member));

const isPrincipal = (value: unknown): value is Principal =>
  isMap(value) && hasOnly(value, KNOWN) && Object.entries(MEMBERS).every(([member, holds]) => holds(value[member]));
