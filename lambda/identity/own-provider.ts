import type { CompiledIdentity, CompiledIdentityProvider } from '../../config/compiled.ts';

/** The audience of an agent's runtime in the gateway's own tokens. */
export const agentAudience = (issuer: string, agent: string): string => `${issuer}/agents/${agent}`;

const NAME = 'gatehouse';

/** The gateway as an issuer of tokens for itself. Its clock is its own, but another function's may differ a little. */
const ownProvider = (issuer: string): CompiledIdentityProvider => ({
  name: NAME,
  kind: 'gatehouse',
  issuer,
  audiences: [issuer],
  algorithms: ['RS256'],
  clockSkewSeconds: 5,
  claims: {},
});

/**
 * An identity that takes the gateway's own tokens too.
 *
 * Shape:  issuers have no trailing slash. Absent: this gateway makes none. One that an identity provider has stays that
 *         provider's.
 */
export const withOwnTokens = (
  identity: CompiledIdentity,
  ...issuers: readonly (string | undefined)[]
): CompiledIdentity => {
  const taken = new Set(identity.providers.map(({ issuer }) => issuer));
  const own = [...new Set(issuers)].filter((issuer) => issuer !== undefined && !taken.has(issuer)) as string[];
  return { ...identity, providers: [...identity.providers, ...own.map(ownProvider)] };
};
