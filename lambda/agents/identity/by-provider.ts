import type { CompiledObo } from '../../../config/compiled-agents.ts';
import { Hidden } from '../../core/hidden.ts';
import { Refusal } from '../../core/refusal.ts';
import { createOutboundAuth } from '../../outbound-auth/create-outbound-auth.ts';
import type { CredentialFault } from '../../outbound-auth/credential-refusal.ts';
import type { AgentPorts } from '../ports.ts';
import type { OnBehalf } from './on-behalf.ts';

type ByProvider = Extract<CompiledObo, { issuer: 'provider' }>;

/** A token that the identity provider gives for the caller's own. */
export const byProvider = (obo: ByProvider, { outbound }: AgentPorts): OnBehalf => {
  const { tokenUrl, audience, scopes, client, grant } = obo;
  const auth = createOutboundAuth({ type: 'exchange', tokenUrl, audience, scopes, client, grant }, outbound);
  return async (call) => {
    try {
      const { authorization = '' } = await auth.headers(call, { signal: call.signal });
      return new Hidden(authorization.replace(/^Bearer /, ''));
    } catch (thrown) {
      throw isAboutCaller(thrown) ? new Refusal('identity_not_exchanged', thrown.detail, { cause: thrown }) : thrown;
    }
  };
};

/** There is no such token for this caller, and asking again makes none. Everything else may pass. */
const ABOUT_CALLER: ReadonlySet<unknown> = new Set<CredentialFault>([
  'no-subject-token',
  'subject-unreadable',
  'subject-mismatch',
  'subject-expired',
  'app-only-subject',
  'token-endpoint-refused',
  'token-audience',
  'token-subject',
]);

/** RFC 6749 §5.2: these are about this gateway, whoever calls. */
const ABOUT_US: ReadonlySet<unknown> = new Set(['invalid_client', 'unauthorized_client', 'unsupported_grant_type']);

const isAboutCaller = (thrown: unknown): thrown is Refusal =>
  thrown instanceof Refusal &&
  thrown.code === 'credential_unavailable' &&
  ABOUT_CALLER.has(thrown.detail.reason) &&
  !ABOUT_US.has(thrown.detail.error);
