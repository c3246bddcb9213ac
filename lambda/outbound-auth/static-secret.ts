import type { CompiledMcpCredential } from '../../config/compiled-mcp.ts';
import { credentialRefusal } from './credential-refusal.ts';
import type { OutboundAuth } from './outbound-auth.ts';
import type { OutboundAuthPorts } from './ports.ts';

/** RFC 9110 §5.5, without the characters that other readers take otherwise. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** What frames a message, or says whom it is for: no place for a secret. */
const NOT_OURS: ReadonlySet<string> = new Set([
  'accept',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * One secret for every caller, in the header of choice; without a scheme, the secret is all of it.
 *
 * Errors: those of `Credentials`; an `Error` at once for a header that can hold no secret.
 */
export const staticSecret = (
  { credential, header, scheme }: Extract<CompiledMcpCredential, { type: 'static' }>,
  { credentials }: Pick<OutboundAuthPorts, 'credentials'>,
): OutboundAuth => {
  const name = header.toLowerCase();
  if (!/^[a-z0-9-]+$/.test(name) || NOT_OURS.has(name))
    throw new Error(`a credential can't go in the header ${header}`);
  return {
    perUser: false,
    async headers(_call, { fresh = false } = {}) {
      const secret = (await credentials.read(credential, { fresh })).open();
      // A line break at the end, as files have it, is told in our own words and not by the client of HTTP, with the value.
      if (!HEADER_VALUE.test(secret)) throw credentialRefusal('secret-malformed', { credential });
      return { [name]: scheme === '' ? secret : `${scheme} ${secret}` };
    },
  };
};
