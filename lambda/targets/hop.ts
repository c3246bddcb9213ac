import type { Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import { unhide } from '../policy/hidden-text.ts';
import { isRaw } from './raw.ts';
import type { Id, Outcome } from './read-answer.ts';
import { type TargetContext, TargetError } from './target.ts';

/** A request on its way to a server of one era. */
export interface HopRequest {
  readonly method: string;
  readonly params: Raw;
  /** Asking twice does nothing that asking once would not do. */
  readonly repeatable: boolean;
}

/** Speaks to a server in the words of one era. Errors: `Refusal`, `TargetError`, `WrongEra`. */
export type Hop = (request: HopRequest, context: TargetContext) => Promise<Hopped>;

export interface Hopped {
  readonly result: Raw;
  readonly bytes: number;
  /** What the server said about its use when the session was opened that this was asked in. */
  readonly instructions?: string;
}

/** The server showed that it is of the other era, and that it did nothing. */
export class WrongEra extends Error {
  override readonly name = 'WrongEra';
}

/** How every server is told who calls (MCP `clientInfo`). */
export const CLIENT_INFO = { name: 'gatehouse', version: '0.1.0' };

const RESERVED = 'io.modelcontextprotocol/';

/**
 * The `_meta` of a request for this hop: what clients put there for servers stays, what belongs to the other hop does not
 * (G26, G36).
 */
export const hopMeta = (params: Raw, id: Id, { trace, progress }: TargetContext): Record<string, unknown> => {
  const given = isRaw(params._meta) ? Object.entries(params._meta) : [];
  return {
    ...Object.fromEntries(given.filter(([name]) => name !== 'progressToken' && !name.startsWith(RESERVED))),
    ...trace,
    ...(progress === undefined ? {} : { progressToken: id }),
  };
};

const MAX_WORDS = 1_000;

/**
 * Passes on the progress of request `id`, never backwards (G26): its numbers, and a short message of which nothing is hidden.
 * Nothing else of it passes, because no guard sees what goes by before there is a result.
 */
export const progressOf = (id: Id, { progress }: TargetContext): ((message: Raw) => void) => {
  let reached = Number.NEGATIVE_INFINITY;
  return ({ method, params }) => {
    if (progress === undefined || method !== 'notifications/progress' || !isRaw(params)) return;
    const { progressToken, progress: at, total, message } = params;
    if (progressToken !== id || typeof at !== 'number' || at <= reached) return;
    reached = at;
    progress({
      progress: at,
      ...(typeof total === 'number' ? { total } : {}),
      ...(typeof message === 'string' ? { message: visibleWords(message) } : {}),
    });
  };
};

/** Cut before too: a normal form can be longer than what was written. */
const visibleWords = (written: string): string =>
  unhide(written.slice(0, MAX_WORDS))
    .text.slice(0, MAX_WORDS)
    .replace(/[\ud800-\udbff]$/, '');

/** The result, or the error that stands for what came instead. */
export const resultOf = (outcome: Outcome, target: string): { readonly result: Raw; readonly bytes: number } => {
  if (outcome.type === 'result') return outcome;
  if (outcome.type === 'error') throw new TargetError(target, outcome.code, outcome.says, outcome.data);
  if (outcome.type === 'cut') throw new Refusal('upstream_truncated', { target });
  const { status, reason = 'not MCP' } = outcome;
  throw new Refusal('upstream_failed', { target, status, reason });
};
