/**
 * Claims that only the gateway says: those it sets, and those by which others decide what a token is.
 * Sources: RFC 7519 §4.1, RFC 7800 §3, RFC 8693 §4, RFC 9068 §2.2, RFC 9493 §4, OpenID Connect Core 1.0 §2;
 * Microsoft, "Access token claims reference" (`idtyp`).
 */
const RESERVED: ReadonlySet<string> = new Set([
  'iss',
  'sub',
  'sub_id',
  'aud',
  'exp',
  'iat',
  'nbf',
  'jti',
  'client_id',
  'azp',
  'scope',
  'scp',
  'act',
  'may_act',
  'agent_id',
  'idtyp',
  'cnf',
  'nonce',
  'at_hash',
  'c_hash',
  'sid',
  'events',
  '__proto__',
]);

export const isReservedClaim = (name: string): boolean => RESERVED.has(name);
