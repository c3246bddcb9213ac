import type { CompiledMcpCredential } from '../../config/compiled-mcp.ts';
import { askToken } from './ask-token.ts';
import { checkToken } from './check-token.ts';
import { createKeptTokens } from './kept-tokens.ts';
import type { OutboundAuth } from './outbound-auth.ts';
import type { OutboundAuthPorts } from './ports.ts';
import { checkTokenUrl } from './token-url.ts';

/** A token of the gateway's own, for every caller alike. Source: RFC 6749 §4.4. */
export const clientCredentials = (
  credential: Extract<CompiledMcpCredential, { type: 'client-credentials' }>,
  ports: OutboundAuthPorts,
): OutboundAuth => {
  const { tokenUrl, audience, scopes, client } = credential;
  checkTokenUrl(tokenUrl);
  const kept = createKeptTokens(ports.clock);
  const params = {
    grant_type: 'client_credentials',
    ...(audience !== undefined && { audience }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  };
  const obtain = async () => {
    const granted = await askToken({ tokenUrl, client, params }, ports);
    return checkToken(granted, { credential: client, ...(audience !== undefined && { audience }) }, ports.clock());
  };
  return {
    perUser: false,
    headers: async (_call, options = {}) => ({
      authorization: `Bearer ${(await kept.get([], options, obtain)).open()}`,
    }),
  };
};
