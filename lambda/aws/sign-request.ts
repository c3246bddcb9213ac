import { AwsV4Signer } from 'aws4fetch';
import type { Clock } from '../core/clock.ts';
import { Refusal } from '../core/refusal.ts';
import type { SignRequest } from '../providers/sign-request.ts';
import type { AwsCredentials } from './json-client.ts';

export interface SignRequestOptions {
  /** This process's own. */
  readonly region: string;
  /** Asked for every request, because a role's credentials change while the process lives. */
  readonly credentials: () => AwsCredentials;
  readonly clock: Clock;
}

/** Signs with Signature Version 4, every header included. Keys derived for a day, a Region and a service are kept. */
export const createSignRequest = ({ region: ownRegion, credentials, clock }: SignRequestOptions): SignRequest => {
  const signingKeys = new Map<string, ArrayBuffer>();
  return async (request, service, region = ownRegion) => {
    if (signingKeys.size > 8) signingKeys.clear();
    const { method, headers, body } = request;
    const signer = new AwsV4Signer({
      method,
      url: request.url.replace('{region}', region),
      headers: { ...headers },
      ...(body === undefined ? {} : { body }),
      service,
      region,
      ...identity(credentials),
      datetime: new Date(clock()).toISOString().replace(/[:-]|\.\d{3}/g, ''),
      cache: signingKeys,
      allHeaders: true,
    });
    const signed = await signer.sign();
    return { ...request, url: signed.url.href, headers: Object.fromEntries(signed.headers) };
  };
};

const identity = (credentials: () => AwsCredentials): AwsCredentials => {
  try {
    return credentials();
  } catch (cause) {
    throw new Refusal('credential_unavailable', { reason: 'aws' }, { cause });
  }
};
