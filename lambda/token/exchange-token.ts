import { hash } from 'node:crypto';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { type CompiledTokenClient, type CompiledTokens, OWN_CLIENT } from '../../config/compiled-tokens.ts';
import type { Principal } from '../core/principal.ts';
import { Refusal } from '../core/refusal.ts';
import { pickClaims } from '../identity/pick-claims.ts';
import { actFor, readActorChain } from '../issuing/actor-chain.ts';
import type { Actor, IssuedToken } from '../issuing/issue-token.ts';
import { narrowScopes } from '../issuing/narrow-scopes.ts';
import { isAppOnly } from '../outbound-auth/read-claims.ts';
import { createAuthenticateClient } from './authenticate-client.ts';
import { checkMayAct } from './may-act.ts';
import { type TokenReason, tokenRefusal } from './oauth-error.ts';
import type { TokenPorts } from './ports.ts';
import { type ExchangeRequest, readExchange, type TypedToken } from './read-exchange.ts';
import type { Form } from './read-form.ts';
import { contradicts } from './token-types.ts';
import { createVerifiers } from './verifiers.ts';

/** What is known so far, for the record: also of an exchange that is refused. */
export interface ExchangeFacts {
  client?: string;
  audience?: readonly string[];
  subject?: Principal;
  actor?: Principal;
}

export interface Exchanged extends IssuedToken {
  readonly issuedTokenType: string;
  readonly scopes: readonly string[];
  readonly areScopesAsAsked: boolean;
}

export type ExchangeToken = (request: Request, form: Form, facts: ExchangeFacts) => Promise<Exchanged>;

/** One exchange from its parameters to its token. Errors: refusals of `tokenRefusal`, and of what can't be reached. */
export const createExchangeToken = (
  policy: Pick<CompiledPolicy, 'identity'> & { readonly tokens: CompiledTokens },
  ports: TokenPorts,
): ExchangeToken => {
  const verifiers = createVerifiers(policy, ports.issuer, ports);
  const authenticate = createAuthenticateClient(policy.tokens, ports);

  return async (request, form, facts) => {
    const asked = readExchange(form);
    let verifying: ReturnType<typeof verifiers.actor> | undefined;
    const actorOf = async () => {
      if (asked.actor === undefined) return undefined;
      verifying ??= verifyAs('actor-rejected', asked.actor, verifiers.actor);
      const verified = await verifying;
      facts.actor = verified.principal;
      return verified;
    };
    const client = await authenticate(request, form, actorOf);
    facts.client = client.name;
    const audience = targetsOf(asked, client);
    facts.audience = audience;
    const subject = await verifyAs('subject-rejected', asked.subject, verifiers.subject);
    facts.subject = subject;
    const actor = (await actorOf())?.principal;
    if (actor === undefined && !client.impersonation) throw tokenRefusal('actor-needed', { client: client.name });
    // The gateway itself names nobody new: who acted before goes on acting.
    if (actor !== undefined || client.name !== OWN_CLIENT) checkMayAct(subject, actor, client);
    const narrowed = narrowScopes(asked.scopes, subject.scopes, client.scopes);
    if (!narrowed.isAllowed) throw tokenRefusal('scope', { client: client.name });
    const chain = chainOf(subject, actor);
    if (client.oneUse) await useOnce(subject, client, ports);
    const issued = await rejectedAs(
      'subject-rejected',
      ports.issueToken({
        sub: subject.sub,
        subId: subject.subId ?? { iss: subject.issuer, sub: subject.sub },
        audience,
        scopes: narrowed.scopes,
        clientId: client.name,
        ...(chain === undefined ? {} : { actor: chain }),
        ...(isAppOnly(subject.claims) ? { isAppOnly: true } : {}),
        claims: {
          ...(actor === undefined ? {} : pickClaims(actor, client.actorClaims, ports.issuer)),
          ...pickClaims(subject, client.subjectClaims, ports.issuer),
        },
        lifetimeSeconds: client.lifetimeSeconds,
        notAfter: Math.min(endOf(subject), actor === undefined ? Number.MAX_SAFE_INTEGER : endOf(actor)),
      }),
    );
    return {
      ...issued,
      issuedTokenType: asked.issuedTokenType,
      scopes: narrowed.scopes,
      areScopesAsAsked: sameScopes(asked.scopes ?? [], narrowed.scopes),
    };
  };
};

/** RFC 8693 §2.2.2: one target that the client may not have refuses all. */
const targetsOf = ({ targets }: ExchangeRequest, { name, audiences }: CompiledTokenClient): readonly string[] => {
  if (!targets.every((target) => audiences.includes(target))) throw tokenRefusal('target', { client: name });
  if (targets.length > 0) return targets;
  if (audiences.length !== 1) throw tokenRefusal('no-target', { client: name });
  return audiences;
};

/** Who acted before is never lost, with a new actor or without. */
const chainOf = (subject: Principal, actor: Principal | undefined): Actor | undefined => {
  const before = readActorChain(subject.claims.act);
  if (subject.claims.act !== undefined && before === undefined) throw tokenRefusal('actor-chain');
  if (actor === undefined) return before;
  if (actor.actor !== undefined) throw tokenRefusal('actor-rejected', { reason: 'delegated-actor' });
  const chain = actFor({ sub: actor.sub, iss: actor.issuer }, before);
  if (chain === undefined) throw tokenRefusal('actor-chain');
  return chain;
};

const useOnce = async (
  { issuer, claims, expiresAt = 0 }: Principal,
  { name }: CompiledTokenClient,
  ports: TokenPorts,
) => {
  if (typeof claims.jti !== 'string' || claims.jti === '') throw tokenRefusal('subject-without-jti', { client: name });
  const key = hash('sha256', JSON.stringify(['subject', issuer, claims.jti]), 'base64url');
  if (!(await ports.usedTokens.use(key, expiresAt * 1_000))) throw tokenRefusal('subject-used', { client: name });
};

/** Seconds: when the token itself ends, without the skew that its verifier allows. */
const endOf = ({ claims }: Principal): number => (typeof claims.exp === 'number' ? claims.exp : 0);

/** RFC 8693 §2.1: as the type that it was sent with asks. */
const verifyAs = async <Verified>(
  reason: TokenReason,
  { token, type }: TypedToken,
  verify: (token: string) => Promise<Verified>,
): Promise<Verified> => {
  const verified = await rejectedAs(reason, verify(token));
  if (contradicts(token, type)) throw tokenRefusal(reason, { reason: 'token-type' });
  return verified;
};

/** The exact reason why a token is not accepted is for the record. */
const rejectedAs = async <Value>(reason: TokenReason, verifying: Promise<Value>): Promise<Value> => {
  try {
    return await verifying;
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.code === 'token_rejected') throw tokenRefusal(reason, thrown.detail);
    throw thrown;
  }
};

const sameScopes = (asked: readonly string[], given: readonly string[]): boolean =>
  asked.every((scope) => given.includes(scope)) && given.every((scope) => asked.includes(scope));
