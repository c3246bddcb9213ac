/** An issuer of tokens of people, as the policy trusts it; `gatehouse` is the kind of the gateway's own, which name who acts for them. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksUri?: string;
  readonly kind: string;
}

/**
 * Shape:  JSON, a list with at least one issuer; each with at least one audience, and addresses of https or of this machine.
 * Errors: an `Error` that says so.
 */
export const readTrustedIssuers = (json: string): readonly TrustedIssuer[] => {
  try {
    const value: unknown = JSON.parse(json);
    if (Array.isArray(value) && value.length > 0 && value.every(isTrustedIssuer)) return value;
  } catch {
    // Refused below, without the value.
  }
  throw new Error('TRUSTED_ISSUERS is not a JSON list of issuers with audiences');
};

const isTrustedIssuer = (value: unknown): value is TrustedIssuer => {
  const { issuer, audiences, jwksUri, kind } = (value ?? {}) as Partial<Record<keyof TrustedIssuer, unknown>>;
  return (
    isSafeUrl(issuer) &&
    (jwksUri === undefined || isSafeUrl(jwksUri)) &&
    typeof kind === 'string' &&
    Array.isArray(audiences) &&
    audiences.length > 0 &&
    audiences.every((audience) => typeof audience === 'string' && audience !== '')
  );
};

/** Keys that come over plain http could be anybody's, except on this machine. */
export const isSafeUrl = (url: unknown): url is string => {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && (hostname === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(hostname)))
  );
};
