import type { KoaContextWithOIDC } from 'oidc-provider';

/** Answers as Okta does, which neither sends `iss` with a code (RFC 9207) nor says that it would. */
export const withoutIssuer =
  (issuer: string) =>
  async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    const location = ctx.response.get('location');
    if (location !== '' && URL.canParse(location)) {
      const url = new URL(location);
      if (url.searchParams.get('iss') === issuer) {
        url.searchParams.delete('iss');
        ctx.set('location', url.href);
      }
    }
    const { body } = ctx as { body?: unknown };
    if (ctx.path.includes('/.well-known/') && typeof body === 'object' && body !== null)
      Object.assign(body, { authorization_response_iss_parameter_supported: undefined });
  };
