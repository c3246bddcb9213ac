import type { CustomClaim, CustomJwtAuthorizer } from './runtime.ts';

type Claims = Readonly<Record<string, unknown>>;

const listOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
};

/** `aud` may be a string or a list (RFC 7519 §4.1.3): one of the allowed has to be there. */
export const hasAudience = ({ aud }: Claims, { AllowedAudience: allowed }: CustomJwtAuthorizer): boolean =>
  allowed === undefined || listOf(aud).some((one) => allowed.includes(String(one)));

/** `client_id` only: Okta calls its clients `cid`, so that it never fits there. */
export const hasClient = (claims: Claims, { AllowedClients: allowed }: CustomJwtAuthorizer): boolean =>
  allowed === undefined || (typeof claims.client_id === 'string' && allowed.includes(claims.client_id));

/** Whether one or all have to be there is not documented: all, which is the stricter. */
export const hasScopes = ({ scope, scp }: Claims, { AllowedScopes: wanted = [] }: CustomJwtAuthorizer): boolean => {
  const has = [scope, scp].flatMap(listOf).flatMap((one) => String(one).split(' '));
  return wanted.every((one) => has.includes(one));
};

export const hasClaims = (claims: Claims, { CustomClaims: rules = [] }: CustomJwtAuthorizer): boolean =>
  rules.every((rule) => fits(claims[rule.InboundTokenClaimName], rule));

const fits = (
  value: unknown,
  { InboundTokenClaimValueType: type, AuthorizingClaimMatchValue: wanted }: CustomClaim,
) => {
  const { MatchValueString: one, MatchValueStringList: list = [] } = wanted.ClaimMatchValue;
  if (type === 'STRING') return wanted.ClaimMatchOperator === 'EQUALS' && one !== undefined && value === one;
  if (!Array.isArray(value)) return false;
  if (wanted.ClaimMatchOperator === 'CONTAINS') return one !== undefined && value.includes(one);
  return wanted.ClaimMatchOperator === 'CONTAINS_ANY' && list.some((each) => value.includes(each));
};
