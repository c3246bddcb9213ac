/** What a JWT says, for tokens that somebody else has verified or that came straight from their issuer. */
export type Claims = Readonly<Record<string, unknown>>;

const MAX_CHARACTERS = 64 * 1024;

/** The claims of a token in compact form (RFC 7515 §7.1); undefined for a token that is no such thing. */
export const readClaims = (token: string): Claims | undefined => {
  const parts = token.split('.');
  if (parts.length !== 3 || token.length > MAX_CHARACTERS) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString('utf8'));
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
    return isObject(header) && isObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const CLIENT_CLAIMS = ['cid', 'client_id', 'azp', 'appid'] as const;

/** Microsoft's clouds: only there does a user's token always have `scp`. */
const ENTRA =
  /^https:\/\/(?:sts\.windows\.net|login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn)\//;

/**
 * Whether a token speaks of a program alone, with no user behind it.
 *
 * Sources: RFC 9068 §2.2 (`sub` is the client), which Okta's tokens follow; Auth0, "Access token profiles" (`gty`,
 * `@clients`); Keycloak's service accounts; Microsoft, "Access token claims reference" (`idtyp`; without it, no `scp`).
 */
export const isAppOnly = (claims: Claims): boolean => {
  const { sub, iss, scp, idtyp, gty, preferred_username: username } = claims;
  const clients = CLIENT_CLAIMS.map((name) => claims[name]).filter((client) => typeof client === 'string');
  return (
    idtyp === 'app' ||
    gty === 'client-credentials' ||
    clients.some((client) => client === sub || username === `service-account-${client}`) ||
    (typeof sub === 'string' && sub.endsWith('@clients')) ||
    (typeof iss === 'string' && ENTRA.test(iss) && scp === undefined)
  );
};

/** RFC 7519 §4.1.3: one audience, or a list of them. */
export const isFor = ({ aud }: Claims, audience: string): boolean =>
  (Array.isArray(aud) ? aud : [aud]).some((one) => typeof one === 'string' && plain(one) === plain(audience));

const GUID_URI = /^api:\/\/(?=[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$)/i;

/** A slash at the end says nothing, and Entra's applications are `api://<id>` where they are asked for and `<id>` in tokens. */
const plain = (audience: string): string => audience.replace(/\/$/, '').replace(GUID_URI, '');
