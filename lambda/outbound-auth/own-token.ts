import type { CompiledMcpCredential } from '../../config/compiled-mcp.ts';
import { OWN_CLIENT } from '../../config/compiled-tokens.ts';
import { credentialRefusal } from './credential-refusal.ts';
import { exchange, narrowed } from './exchange.ts';
import type { OutboundAuth } from './outbound-auth.ts';
import type { OutboundAuthPorts } from './ports.ts';

/**
 * A token of this gateway's own that says who the user is, and which agent acts for them. It is asked for over HTTPS like any
 * other exchange: only the token service may sign. Its scopes are the caller's own, so they are asked for only as far as the
 * caller holds them: the token service refuses what goes beyond.
 *
 * Errors: an `Error` where nobody has said where this gateway itself is.
 */
export const ownToken = (
  { audience, scopes }: Extract<CompiledMcpCredential, { type: 'own-token' }>,
  ports: OutboundAuthPorts,
): OutboundAuth => {
  if (ports.ownIssuer === undefined) throw new Error("the gateway's own tokens need its own URL");
  return exchange(
    {
      type: 'exchange',
      tokenUrl: `${ports.ownIssuer}/oauth2/token`,
      audience,
      scopes,
      client: OWN_CLIENT,
      grant: 'token-exchange',
    },
    ports,
    ({ principal: { scopes: held } }, needed) => {
      if (scopes.length === 0) return held.filter((scope) => needed.includes(scope));
      const both = scopes.filter((scope) => held.includes(scope));
      if (both.length === 0) throw credentialRefusal('no-scope-left');
      return narrowed(both, needed);
    },
  );
};
