import type { IdentityKind } from './compiled.ts';

/** Tokens of Entra's version 1 have an issuer of their own host, and name their client otherwise. */
const entra = (issuer: string): string => (new URL(issuer).host === 'sts.windows.net' ? 'appid' : 'azp');

const CLAIMS: Readonly<Record<IdentityKind, (issuer: string) => string>> = {
  okta: () => 'cid',
  auth0: () => 'azp',
  entra,
  keycloak: () => 'azp',
  oidc: () => 'client_id',
  gatehouse: () => 'client_id',
};

/** The claim in which a provider's tokens name the client that they were given to: one only, as AgentCore compares claims. */
export const clientClaimOf = (provider: {
  readonly kind: IdentityKind;
  readonly issuer: string;
  readonly claims?: { readonly clientId?: string | undefined } | undefined;
}): string => provider.claims?.clientId ?? CLAIMS[provider.kind](provider.issuer);
