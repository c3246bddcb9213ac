import type { OutgoingRequest } from './send.ts';

/** A service of AWS whose requests are signed instead of carrying a key. */
export type SignedService = 'bedrock' | 'bedrock-agentcore';

/**
 * Signs a request with the identity that this process has in AWS. Signed last: nothing of the answer may be changed before it
 * is sent, and a request that is sent again is signed again.
 *
 * Shape:  without a Region it is this process's own, and `{region}` in the URL stands for it.
 * Errors: `Refusal('credential_unavailable')` where there is no such identity.
 * Source: IAM User Guide, "Signature Version 4".
 */
export type SignRequest = (
  request: OutgoingRequest,
  service: SignedService,
  region: string | undefined,
) => Promise<OutgoingRequest>;
