import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { canonicalJson } from '../../config/canonical-json.ts';
import type { Clock } from '../core/clock.ts';
import { Refusal } from '../core/refusal.ts';
import type { UpstreamCall } from './upstream-call.ts';

/** A person may need a while to answer. */
const VALID_MS = 900_000;
const [NONCE_BYTES, TAG_BYTES] = [12, 16];
const CIPHER = 'aes-256-gcm';

/**
 * A server's `requestState` on its way through the client (G28). Sealed, so that a client can neither read nor change it, and
 * can't take it to another tool, other arguments, another server or another user.
 *
 * Source: MCP 2026-07-28, "Multi round-trip requests", security considerations.
 */
export interface RequestStates {
  seal(state: string, call: UpstreamCall): string;
  /** Errors: `Refusal('state_rejected')` for everything but what was sealed for this very request, less than 15 minutes ago. */
  open(sealed: unknown, call: UpstreamCall): string;
}

export const createRequestStates = (
  secret: Uint8Array,
  { clock, randomBytes }: { readonly clock: Clock; readonly randomBytes: (size: number) => Uint8Array },
): RequestStates => {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', 'gatehouse request state', 32));

  return {
    seal(state, call) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(about(call));
      const text = JSON.stringify([clock() + VALID_MS, state]);
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      );
    },
    open(sealed, call) {
      const [expiresMs, state] = parse(opened(sealed, key, call));
      if (expiresMs < clock()) throw rejected('expired');
      return state;
    },
  };
};

const opened = (sealed: unknown, key: Uint8Array, call: UpstreamCall): string => {
  const bytes = Buffer.from(typeof sealed === 'string' ? sealed : '', 'base64url');
  if (bytes.length <= NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== sealed) throw rejected('form');
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(about(call))
    .setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]).toString('utf8');
  } catch {
    throw rejected('seal');
  }
};

const parse = (text: string): readonly [number, string] => JSON.parse(text);

/** All that a retry must have in common with the request that it repeats. */
const about = ({ route, principal, target, method, params, arguments: given = {} }: UpstreamCall): Buffer => {
  const { name, uri } = params;
  return createHash('sha256')
    .update(canonicalJson([route, principal.id, target, method, name ?? null, uri ?? null, given]))
    .digest();
};

const rejected = (reason: string): Refusal => new Refusal('state_rejected', { reason }, { param: 'requestState' });
