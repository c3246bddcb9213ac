import type { CompiledMcpCredential } from '../../config/compiled-mcp.ts';
import { clientCredentials } from './client-credentials.ts';
import { exchange } from './exchange.ts';
import { noAuth } from './no-auth.ts';
import type { OutboundAuth } from './outbound-auth.ts';
import { ownToken } from './own-token.ts';
import type { OutboundAuthPorts } from './ports.ts';
import { staticSecret } from './static-secret.ts';

type Pattern<Type extends CompiledMcpCredential['type']> = (
  credential: Extract<CompiledMcpCredential, { type: Type }>,
  ports: OutboundAuthPorts,
) => OutboundAuth;

const PATTERNS: { readonly [Type in CompiledMcpCredential['type']]: Pattern<Type> } = {
  none: noAuth,
  static: staticSecret,
  exchange,
  'own-token': ownToken,
  'client-credentials': clientCredentials,
};

/**
 * How one server is told who calls. Make it once for each server: it keeps the tokens that it obtains.
 *
 * Errors: an `Error` for a policy that can't work; per call those of `OutboundAuth`.
 */
export const createOutboundAuth = (credential: CompiledMcpCredential, ports: OutboundAuthPorts): OutboundAuth =>
  (PATTERNS[credential.type] as Pattern<typeof credential.type>)(credential as never, ports);
