import type { CompiledTokenClient, CompiledTokens } from '../../config/compiled-tokens.ts';
import { Refusal } from '../core/refusal.ts';
import { checkSecret } from './check-secret.ts';
import { claimedClient, createVerifyAssertion } from './client-assertion.ts';
import { tokenRefusal } from './oauth-error.ts';
import type { TokenPorts } from './ports.ts';
import { readBasic } from './read-basic.ts';
import type { Form } from './read-form.ts';
import { ASSERTION_TYPE } from './token-types.ts';
import type { VerifiedActor } from './verifiers.ts';

/** Who asks: by a secret, by an assertion, or else by the actor token, which `actor` verifies. */
export type AuthenticateClient = (
  request: Request,
  form: Form,
  actor: () => Promise<VerifiedActor | undefined>,
) => Promise<CompiledTokenClient>;

/**
 * Errors: `invalid_client`; `invalid_request` for more than one way at once (RFC 6749 §2.3), or where the actor token is no good.
 * Source: RFC 6749 §2.3 and §3.2.1, RFC 7521 §4.2.
 */
export const createAuthenticateClient = (tokens: CompiledTokens, ports: TokenPorts): AuthenticateClient => {
  const clients = new Map(tokens.clients.map((client) => [client.name, client]));
  const assertions = new Map(tokens.clients.map((client) => [client.name, createVerifyAssertion(client, ports)]));

  const bySecret = async (id: string, secret: string): Promise<CompiledTokenClient> => {
    const client = clients.get(id);
    if (client?.authentication.type !== 'secret') throw tokenRefusal('client', { reason: 'unknown-client' });
    const { credential } = client.authentication;
    const judge = async (fresh: boolean) =>
      checkSecret(secret, (await ports.credentials.read(credential, { fresh })).open());
    // Read once more: the secret may have been rotated.
    const verdict = (await judge(false)) === 'right' ? 'right' : await judge(true);
    if (verdict === 'right') return client;
    const reason = verdict === 'too-short' ? 'secret-too-short' : 'secret';
    throw tokenRefusal('client', { client: client.name, reason });
  };

  const byAssertion = async (assertion: string): Promise<CompiledTokenClient> => {
    try {
      const name = claimedClient(assertion) ?? '';
      const client = clients.get(name);
      const verify = assertions.get(name);
      if (client === undefined || verify === undefined) throw tokenRefusal('client', { reason: 'unknown-client' });
      await verify(assertion);
      return client;
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.code === 'token_rejected' && !('oauth' in thrown.detail))
        throw tokenRefusal('client', { reason: `assertion-${thrown.detail.reason}` });
      throw thrown;
    }
  };

  const byActor = ({ principal, issuerName }: VerifiedActor): CompiledTokenClient => {
    const [first, ...others] = tokens.clients.filter(
      ({ authentication: one }) =>
        one.type === 'actor-token' && one.issuer === issuerName && one.subject === principal.claims.sub,
    );
    if (first === undefined || others.length > 0)
      throw tokenRefusal('client', { reason: first === undefined ? 'unknown-client' : 'ambiguous-client' });
    return first;
  };

  return async (request, form, actor) => {
    const basic = readBasic(request.headers.get('authorization'));
    const assertion = form.one('client_assertion');
    const type = form.one('client_assertion_type');
    const id = form.one('client_id');
    const isPosted = form.one('client_secret') !== undefined;
    const ways = [basic !== undefined, (assertion ?? type) !== undefined, isPosted].filter((used) => used);
    if (ways.length > 1) throw tokenRefusal('several-authentications');
    // client_secret_post is not taken: RFC 6749 §2.3.1 does not recommend it.
    if (isPosted) throw tokenRefusal('client', { reason: 'secret-in-body' });
    const client = await (async () => {
      if (basic !== undefined) return bySecret(basic.id, basic.secret);
      if (assertion !== undefined && type === ASSERTION_TYPE) return byAssertion(assertion);
      if (assertion !== undefined || type !== undefined) throw tokenRefusal('client', { reason: 'assertion-type' });
      const acting = await actor();
      if (acting === undefined) throw tokenRefusal('client', { reason: 'no-authentication' });
      return byActor(acting);
    })();
    if (id !== undefined && id !== client.name) throw tokenRefusal('client', { reason: 'another-client-id' });
    return client;
  };
};
