import type { CompiledTokens } from '../../config/compiled-tokens.ts';

const MOST = 8;

/** `iss` of the gateway's own tokens by the URL of a request; `undefined` where the policy has no need of them. */
export const ownIssuer =
  (tokens: CompiledTokens | undefined, baseUrl: (url: string) => string) =>
  (url: string): string | undefined =>
    tokens === undefined ? undefined : (tokens.issuer ?? baseUrl(url));

/**
 * One app for each address under which the gateway is called, because its own tokens name it. Made at the first call.
 *
 * Shape: `issuerOf` gives the gateway's address by the URL of a request: few values, none of which a caller can make up.
 */
export const byIssuer = <Issuer extends string | undefined, App>(
  issuerOf: (url: string) => Issuer,
  make: (issuer: Issuer) => App,
): ((url: string) => App) => {
  const apps = new Map<Issuer, App>();
  return (url) => {
    const issuer = issuerOf(url);
    const known = apps.get(issuer);
    if (known !== undefined) return known;
    const [oldest] = apps.keys();
    if (apps.size >= MOST) apps.delete(oldest as Issuer);
    const made = make(issuer);
    apps.set(issuer, made);
    return made;
  };
};
