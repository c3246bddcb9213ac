import { OWN_ISSUER } from './check-agents.ts';
import type { CompiledMcpCredential } from './compiled-mcp.ts';
import type { GatewayConfig } from './schema.ts';
import { exchangeGrant, tokenEndpoint } from './token-endpoint.ts';

type Servers = NonNullable<NonNullable<GatewayConfig['mcp']>['servers']>;
export type CredentialConfig = Servers[string]['credential'];
type Providers = NonNullable<NonNullable<GatewayConfig['identity']>['providers']>;

/** How a provider of identities is asked for a token, and as whom. */
const compileClient = (providers: Providers, name: string, client: string | undefined) => {
  const provider = providers[name];
  const tokenUrl = provider === undefined ? undefined : tokenEndpoint(provider);
  if (provider === undefined || tokenUrl === undefined)
    throw new Error(`the identity provider ${name} has no token endpoint`);
  return { kind: provider.kind, tokenUrl, client: client ?? `${name}-client` };
};

/** `bearer`: how a secret is sent of which the policy gives only the name. */
export const compileMcpCredential = (
  credential: CredentialConfig,
  bearer: { readonly header: string; readonly scheme: string },
  providers: Providers,
): CompiledMcpCredential => {
  if (credential === undefined) return { type: 'none' };
  if (typeof credential === 'string') return { type: 'static', credential, ...bearer };
  if ('secret' in credential) {
    const { secret } = credential;
    const header = credential.header?.toLowerCase() ?? bearer.header;
    const usual = header === 'authorization' ? 'Bearer' : '';
    return {
      type: 'static',
      credential: secret,
      header,
      scheme: credential.scheme ?? (header === bearer.header ? bearer.scheme : usual),
    };
  }
  const { audience, scopes = [] } = credential;
  if ('exchange' in credential) {
    if (credential.exchange === OWN_ISSUER) return { type: 'own-token', audience: credential.audience, scopes };
    const { kind, tokenUrl, client } = compileClient(providers, credential.exchange, credential.client);
    const grant = exchangeGrant({ kind });
    return { type: 'exchange', tokenUrl, audience: credential.audience, scopes, client, grant };
  }
  const { tokenUrl, client } = compileClient(providers, credential.clientCredentials, credential.client);
  return {
    type: 'client-credentials',
    tokenUrl,
    ...(audience === undefined ? {} : { audience }),
    scopes,
    client,
  };
};
