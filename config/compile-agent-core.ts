import type { CompiledAgentCore } from './compiled-agent-core.ts';
import type { GatewayConfig } from './schema.ts';
import { exchangeGrant } from './token-endpoint.ts';

/** Takes a policy in which every name is declared. */
export const compileAgentCore = ({ deployment, identity }: GatewayConfig): CompiledAgentCore | undefined => {
  const { credentialProvider, gateway } = deployment?.agentCore ?? {};
  if (credentialProvider === undefined) return undefined;
  const { exchange, clientId, agents = [] } = credentialProvider;
  const provider = identity?.providers?.[exchange];
  if (provider === undefined) throw new Error(`no identity provider ${exchange}`);
  const { issuer, audiences } = provider;
  const [first = ''] = audiences;
  return {
    credentialProvider: {
      issuer: issuer.replace(/\/+$/, ''),
      grant: exchangeGrant(provider),
      clientId,
      agents,
    },
    ...(gateway === undefined
      ? {}
      : { gateway: { route: gateway.route, audiences, audience: gateway.audience ?? first, scopes: gateway.scopes } }),
  };
};
