import type { IdentityKind } from './compiled.ts';

const under = (path: string) => (issuer: string) => `${issuer.replace(/\/+$/, '')}${path}`;

/** Entra's issuer is not below its token endpoint, and tokens of version 1 have an issuer at another host. */
const entra = (issuer: string): string | undefined => {
  const { origin, host, pathname } = new URL(issuer);
  const [, tenant] = /^\/([\w.-]+)(\/v2\.0)?\/?$/.exec(pathname) ?? [];
  if (tenant === undefined) return undefined;
  return `${host === 'sts.windows.net' ? 'https://login.microsoftonline.com' : origin}/${tenant}/oauth2/v2.0/token`;
};

const ENDPOINTS: Readonly<Record<IdentityKind, (issuer: string) => string | undefined>> = {
  okta: under('/v1/token'),
  auth0: under('/oauth/token'),
  keycloak: under('/protocol/openid-connect/token'),
  entra,
  oidc: () => undefined,
  gatehouse: under('/oauth2/token'),
};

/** Where a provider gives tokens; `undefined` where only its own metadata would tell. */
export const tokenEndpoint = (provider: {
  readonly kind: IdentityKind;
  readonly issuer: string;
  readonly tokenUrl?: string | undefined;
}): string | undefined => provider.tokenUrl ?? ENDPOINTS[provider.kind](provider.issuer);

/** How a provider exchanges a person's token: by RFC 8693, or by RFC 7523 as Entra has it. */
export const exchangeGrant = ({ kind }: { readonly kind: IdentityKind }): 'token-exchange' | 'jwt-bearer' =>
  kind === 'entra' ? 'jwt-bearer' : 'token-exchange';
