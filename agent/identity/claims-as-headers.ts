import { AgentError } from '../agent-error.ts';
import { Caller, type ReadIdentity } from '../caller.ts';
import { CUSTOM_HEADER } from '../headers.ts';
import type { AgentPorts } from '../ports.ts';
import { readOboToken } from './obo-token.ts';

/** Place in the principal (`sub`, `scopes`, … or a claim) → the end of the header's name. */
export type ClaimHeaders = Readonly<Record<string, string>>;

/** Errors: an `Error` for what is not JSON from names to ends of header names. */
export const readClaimHeaders = (json: string): ClaimHeaders => {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && Object.values(value).every(isSuffix))
      return value as ClaimHeaders;
  } catch {
    // Refused below, without the value.
  }
  throw new Error('CLAIM_HEADERS is not a JSON object of header names');
};

const isSuffix = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value);

/**
 * Claims that the gateway verified, a header each. They are believed because nobody else may invoke the runtime: its resource
 * policy denies everybody but the gateway.
 */
export const claimsAsHeaders =
  ({ clock }: AgentPorts, claimHeaders: ClaimHeaders): ReadIdentity =>
  async (headers) => {
    const claims = Object.fromEntries(
      Object.entries(claimHeaders).flatMap(([place, suffix]) => {
        const value = headers.get(`${CUSTOM_HEADER}${suffix}`);
        return value === null ? [] : [[place, decode(value)]];
      }),
    );
    const sub = claims.sub ?? claims.id;
    if (!sub) throw new AgentError('identity_rejected');
    const obo = readOboToken(headers, clock());
    return new Caller({ sub, inbound: 'claims-as-headers', ...obo?.actor }, obo?.token, claims);
  };

/** `b64:` and base64url of UTF-8 stand for what is not plain ASCII. */
const decode = (value: string): string => {
  if (!value.startsWith('b64:')) return value;
  const encoded = value.slice(4);
  const bytes = Buffer.from(encoded, 'base64url');
  try {
    if (bytes.toString('base64url') === encoded) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Refused below.
  }
  throw new AgentError('identity_rejected');
};
