import { createHash, timingSafeEqual } from 'node:crypto';
import type { CompiledApiKey } from '../../config/compiled.ts';
import type { Principal } from '../core/principal.ts';
import { freezeDeep } from './freeze-deep.ts';
import { principalId } from './principal-id.ts';
import { tokenRejected } from './token-rejected.ts';

/** `Principal.issuer` of callers with an API key. No identity provider can have it: it is no URL. */
export const API_KEY_ISSUER = 'gatehouse:api-key';

/**
 * Finds who an API key belongs to.
 *
 * Every configured hash is compared, in constant time and to the end, so that an answer's delay tells nothing about any key.
 *
 * Errors: `Refusal('token_rejected')` with reason `unknown-api-key`; at the start an `Error` for a hash that is none.
 */
export const createApiKeys = (apiKeys: readonly CompiledApiKey[]): ((presented: string) => Principal) => {
  const entries = apiKeys.map((apiKey) => ({ sha256: readHash(apiKey), principal: principalOfKey(apiKey) }));
  return (presented) => {
    const sha256 = createHash('sha256').update(presented).digest();
    let found: Principal | undefined;
    for (const entry of entries) if (timingSafeEqual(sha256, entry.sha256)) found = entry.principal;
    if (found === undefined) throw tokenRejected('unknown-api-key');
    return found;
  };
};

const readHash = ({ name, sha256 }: CompiledApiKey): Buffer => {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`API key ${name}: sha256 must be 64 lower-case hex digits`);
  return Buffer.from(sha256, 'hex');
};

const principalOfKey = ({ name, scopes, roles, groups, claims }: CompiledApiKey): Principal =>
  freezeDeep({
    id: principalId(API_KEY_ISSUER, name),
    issuer: API_KEY_ISSUER,
    sub: name,
    clientId: name,
    scopes: [...scopes],
    roles: [...roles],
    groups: [...groups],
    claims: structuredClone(claims),
  });
