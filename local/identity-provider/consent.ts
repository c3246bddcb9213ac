import { type Configuration, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { DemoUser } from '../demo-users.ts';
import { TRUSTED_CLIENTS } from './clients.ts';
import { OPENID_SCOPES, SCOPES } from './scopes.ts';

/** The one thing that tokens are for, whatever their audience is called: the library wants its identifier to be a URI. */
export const API = 'urn:gatehouse:api';

export type FindUser = (uid: string | undefined) => DemoUser | undefined;

/** Who is asked for consent, and for what: Okta's rules instead of the library's. */
export const consentRules = (findUser: FindUser) => {
  /** Narrowed to the person's own scopes rather than refused, so that one sign-in button serves every demo user. */
  const ownScopes = (ctx: KoaContextWithOIDC): string[] => {
    const own = new Set([...(findUser(ctx.oidc.account?.accountId)?.scopes ?? []), ...OPENID_SCOPES]);
    return [...ctx.oidc.requestParamScopes].filter((scope) => own.has(scope));
  };

  const mayAsk = (ctx: KoaContextWithOIDC, scope: string): boolean =>
    !TRUSTED_CLIENTS.has(ctx.oidc.client?.clientId ?? '') && SCOPES.get(scope)?.consent !== 'IMPLICIT';

  const unanswered = (ctx: KoaContextWithOIDC): string[] => {
    const granted = new Set(ctx.oidc.grant?.getResourceScope(API).split(' '));
    return ownScopes(ctx).filter((scope) => mayAsk(ctx, scope) && !granted.has(scope));
  };

  const policy = interactionPolicy.base();
  policy.remove('consent');
  policy.add(
    new interactionPolicy.Prompt(
      { name: 'consent', requestable: true },
      (ctx) => ({ scopes: ctx.oidc.prompts.has('consent') ? ownScopes(ctx) : unanswered(ctx) }),
      new interactionPolicy.Check(
        'consent_missing',
        'the user has not consented to these scopes',
        (ctx) => unanswered(ctx).length > 0,
      ),
    ),
  );

  /** The grant of this person to this client, with what needs no question already in it. */
  const loadExistingGrant: NonNullable<Configuration['loadExistingGrant']> = async (ctx) => {
    const { account, client, provider, result, session } = ctx.oidc;
    if (account === undefined || client === undefined) return undefined;
    const id = result?.consent?.grantId ?? session?.grantIdFor(client.clientId);
    const known = id === undefined ? undefined : await provider.Grant.find(id);
    const grant =
      known?.accountId === account.accountId
        ? known
        : new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    allow(
      grant,
      ownScopes(ctx).filter((scope) => !mayAsk(ctx, scope)),
    );
    await grant.save();
    return grant;
  };

  return { policy, loadExistingGrant };
};

interface Grant {
  addOIDCScope(scope: string): void;
  addResourceScope(resource: string, scope: string): void;
}

/** Puts scopes into a grant: every scope is one of the API, and the library reads those of OpenID Connect elsewhere too. */
export const allow = (grant: Grant, scopes: readonly string[]): void => {
  if (scopes.length === 0) return;
  grant.addOIDCScope(scopes.join(' '));
  grant.addResourceScope(API, scopes.join(' '));
};
