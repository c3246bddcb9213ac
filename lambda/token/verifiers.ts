import type { CompiledIdentityProvider, CompiledPolicy } from '../../config/compiled.ts';
import type { CompiledActorIssuer } from '../../config/compiled-tokens.ts';
import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import type { FetchJson } from '../identity/fetch-json.ts';
import { withOwnTokens } from '../identity/own-provider.ts';
import { createVerifyJwt } from '../identity/verify-jwt.ts';
import { tokenRefusal } from './oauth-error.ts';

/** An actor whose token is verified. */
export interface VerifiedActor {
  readonly principal: Principal;
  /** Its issuer by its name in the policy. */
  readonly issuerName: string | undefined;
}

export interface Verifiers {
  /** Errors: those of `verifyJwt`. */
  subject(token: string): Promise<Principal>;
  actor(token: string): Promise<VerifiedActor>;
}

/** Workloads' issuers are read as any OpenID provider: who they are is in `sub`. */
const asProvider = ({ kind: _, jwksUri, ...issuer }: CompiledActorIssuer): CompiledIdentityProvider => ({
  ...issuer,
  kind: 'oidc',
  ...(jwksUri === undefined ? {} : { jwksUri }),
  clockSkewSeconds: 30,
  claims: {},
});

const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/[\w.-]+)+$/;

/** An issuer that is a trust domain speaks of its own alone. */
const isOf = (issuer: string, sub: string): boolean =>
  SPIFFE_ID.test(sub) && (!issuer.startsWith('spiffe://') || sub.startsWith(`${issuer}/`));

/** Whose tokens say for whom, and whose who acts. Make them once: they hold the issuers' keys. */
export const createVerifiers = (
  { identity, tokens }: Pick<CompiledPolicy, 'identity' | 'tokens'>,
  issuer: string,
  ports: { readonly fetchJson: FetchJson; readonly clock: Clock },
): Verifiers => {
  const workloads = tokens?.actorIssuers ?? [];
  const named = new Set(workloads.map((one) => one.issuer));
  const verifySubject = createVerifyJwt(withOwnTokens(identity, issuer).providers, ports);
  const others = identity.providers.filter((one) => !named.has(one.issuer));
  const verifyActor = createVerifyJwt([...workloads.map(asProvider), ...others], ports);
  return {
    subject: verifySubject,
    async actor(token) {
      const principal = await verifyActor(token);
      const workload = workloads.find((one) => one.issuer === principal.issuer);
      const provider = identity.providers.find((one) => one.issuer === principal.issuer);
      if (workload?.kind === 'spiffe' && !isOf(workload.issuer, principal.sub))
        throw tokenRefusal('actor-rejected', { reason: 'spiffe-id' });
      // A person's own token must not become a workload: what acts is an application.
      if (workload === undefined && provider !== undefined && !isApplication(principal))
        throw tokenRefusal('actor-rejected', { reason: 'not-app-only' });
      return { principal, issuerName: workload?.name ?? provider?.name };
    },
  };
};

/**
 * A token that speaks of its client alone. Sources: RFC 9068 §2.2 (sub is the client); Microsoft, "Access token claims
 * reference" (`idtyp`); Auth0 (`gty`, sub `<client>@clients`). The token's own `sub`: what a policy puts in its place may be a
 * name that people choose, and that of a client among them.
 */
const isApplication = ({ clientId, claims, claims: { sub } }: Principal): boolean =>
  claims.idtyp === 'app' ||
  claims.gty === 'client-credentials' ||
  (clientId !== '' && claims.uid === undefined && (sub === clientId || sub === `${clientId}@clients`));
