import type { Hidden } from './hidden.ts';
import type { Principal } from './principal.ts';

/** The caller's request as policy may see it. Header names are lower case; `authorization` and cookies are never among them. */
export interface CallRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ip: string;
  /** Apart from the headers, because every record has it and most policies read no header at all. */
  readonly userAgent?: string;
}

/** What every call carries, whichever app it came through. */
export interface Call {
  readonly id: string;
  readonly principal: Principal;
  /** The caller's bearer token; absent for anonymous callers. Opened only in outbound-auth/. */
  readonly token: Hidden | undefined;
  readonly request: CallRequest;
  /** The route of the policy that serves the call, as written there: `/anthropic`. */
  readonly route: string;
  /** Aborted when the caller leaves or time is up. Its reason is a `Refusal`. */
  readonly signal: AbortSignal;
  /** What the stages learn, for the record. */
  readonly facts: CallFacts;
}

/** One policy decision, as the record keeps it. */
export interface Decision {
  readonly stage: string;
  readonly result: 'allow' | 'deny' | 'skip' | 'failed-open' | 'failed-closed';
  /** Which rule decided, as written in the policy or as its name. */
  readonly rule?: string;
}

/** One try at one upstream. */
export interface Attempt {
  readonly provider: string;
  readonly model: string;
  readonly outcome: string;
  readonly status?: number;
  readonly ms: number;
  readonly upstreamRequestId?: string;
}

/** The notebook of one call. Stages add to it; only the record and the response headers read it. */
export interface CallFacts {
  readonly decisions: Decision[];
  readonly attempts: Attempt[];
  /** Headers for the answer, refusals included: rate limits, who answered. Lower case. */
  readonly responseHeaders: Record<string, string>;
  /** Request parameters that the provider can't take and that were left out or changed. */
  readonly dropped: string[];
}

export const noFacts = (): CallFacts => ({ decisions: [], attempts: [], responseHeaders: {}, dropped: [] });
