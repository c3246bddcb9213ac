import type { IncomingHttpHeaders } from 'node:http';
import type { Failure, Trouble } from './failures.ts';

/** What reached a simulated provider. */
export interface SimRequest {
  /** The first segment of the path: what answers call themselves. */
  readonly provider: string;
  readonly method: string;
  /** The path below the provider's mount, without the query: `/v1/messages`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The parsed body; `undefined` when there was none. */
  readonly body: unknown;
  /** Counts requests from 1 within one server: makes ids unique without chance. */
  readonly serial: number;
  readonly nowMs: number;
}

export type Frame = string | Uint8Array;

/** What a simulator wants sent. */
export type Answer = WholeAnswer | StreamedAnswer;

export interface WholeAnswer {
  readonly type: 'whole';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How the sending goes wrong, where the model's name asked for it. */
  readonly failure?: Failure | undefined;
}

export interface StreamedAnswer {
  readonly type: 'streamed';
  readonly headers: Readonly<Record<string, string>>;
  readonly frames: readonly Frame[];
  /** How this provider says in the middle of a stream that it failed. */
  readonly errorFrame: Frame;
  readonly failure?: Failure | undefined;
}

/** One provider's wire format. Must not touch the socket: the server sends, and fails on request. */
export interface Simulator {
  /** Errors: `Rejection`, in the provider's own words, for what the provider itself would refuse. */
  answer(request: SimRequest): Answer;
  /** The provider's own words for a trouble that is not about a field of the request. */
  reject(trouble: Trouble, request: Pick<SimRequest, 'provider' | 'serial'>): Rejection;
}

/** A refusal as the real provider would send it. */
export class Rejection extends Error {
  override readonly name = 'Rejection';

  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`simulated ${status}`);
  }
}

/** A whole JSON answer. */
export const wholeJson = (
  body: unknown,
  headers: Readonly<Record<string, string>>,
  failure?: Failure,
): WholeAnswer => ({ type: 'whole', status: 200, headers, body: JSON.stringify(body), failure });
