import type Provider from 'oidc-provider';
import type { InteractionResults, KoaContextWithOIDC } from 'oidc-provider';
import type { DemoUser } from '../demo-users.ts';
import { allow, type FindUser } from './consent.ts';
import { consentPage, loginPage, messagePage, PAGE_HEADERS } from './pages.ts';
import { readForm } from './read-form.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

export const SIGN_IN_PATH = '/signin';

/** The pages between `/v1/authorize` and the client's redirect: who are you, and do you allow this. */
export const signIn = (provider: Provider, users: readonly DemoUser[], findUser: FindUser) => {
  const show = async (ctx: KoaContextWithOIDC, { params, prompt, session }: Interaction): Promise<void> => {
    const client = await provider.Client.find(String(params.client_id));
    const name = client?.clientName ?? String(params.client_id);
    const user = findUser(session?.accountId);
    ctx.set({ ...PAGE_HEADERS });
    ctx.body =
      prompt.name === 'consent' && user !== undefined
        ? consentPage(name, user, asked(prompt.details))
        : loginPage(name, users);
  };

  const resultOf = async (interaction: Interaction, form: URLSearchParams): Promise<InteractionResults | undefined> => {
    if (interaction.prompt.name === 'login') {
      const user = users.find(({ name }) => name === form.get('user'));
      return user === undefined ? undefined : { login: { accountId: user.uid, amr: ['pwd'] } };
    }
    if (form.get('answer') === 'deny') return DENIED;
    return form.get('answer') === 'allow' ? { consent: { grantId: await consented(interaction) } } : undefined;
  };

  const consented = async ({ grantId, params, prompt, session }: Interaction): Promise<string> => {
    const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    const { accountId } = session ?? {};
    if (accountId === undefined) throw new Error('consent without anybody signed in');
    const grant = known ?? new provider.Grant({ accountId, clientId: String(params.client_id) });
    allow(grant, asked(prompt.details));
    return grant.save();
  };

  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (!ctx.path.startsWith(`${SIGN_IN_PATH}/`)) return next();
    const interaction = await provider.interactionDetails(ctx.req, ctx.res).catch(() => undefined);
    if (interaction === undefined || ctx.path !== `${SIGN_IN_PATH}/${interaction.uid}`) return stop(ctx, 400, EXPIRED);
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return show(ctx, interaction);
    if (ctx.method !== 'POST') return stop(ctx, 405, 'Only the form on this page can be sent.');
    const form = await readForm(ctx.req);
    const result = form === undefined ? undefined : await resultOf(interaction, form);
    if (result === undefined) return stop(ctx, 400, 'That was none of the choices. Go back and choose again.');
    // A login starts over; consent adds to the login before it.
    const mergeWithLastSubmission = interaction.prompt.name === 'consent';
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission }));
    ctx.status = 303;
  };
};

const DENIED: InteractionResults = {
  error: 'access_denied',
  error_description: 'The resource owner or authorization server denied the request.',
};

const EXPIRED = 'This sign-in is over or was started in another browser. Go back to the application and start again.';

const asked = (details: Readonly<Record<string, unknown>>): string[] => details.scopes as string[];

const stop = (ctx: KoaContextWithOIDC, status: number, message: string): void => {
  ctx.status = status;
  ctx.set({ ...PAGE_HEADERS });
  ctx.body = messagePage('Sign in', message);
};
