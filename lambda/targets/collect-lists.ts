import type { CompiledMcp } from '../../config/compiled-mcp.ts';
import { Refusal } from '../core/refusal.ts';
import type { KeptList, KeptLists } from './kept-lists.ts';
import type { ListMethod, McpTarget, TargetContext } from './target.ts';

/** A server that is missing from a list, or is in it with less than it should (G33). */
export interface Degraded {
  readonly target: string;
  /** A refusal's code, `stale: <code>`, or what is wrong with the list. Our own words. */
  readonly reason: string;
}

/** What one server lists. */
export interface Part {
  readonly target: McpTarget;
  readonly list: KeptList;
}

export interface Collected {
  readonly parts: readonly Part[];
  readonly degraded: readonly Degraded[];
  readonly ttlMs: number;
}

/** A list that lacks something is asked for again soon. */
const DEGRADED_TTL_MS = 5_000;
const MAX_TTL_MS = 3_600_000;

const leftMs = ({ list }: Part): number => list.leftMs;

/** Asks all servers of a route at once, and makes one of their answers, in the order of the policy. */
export const createCollect =
  (mine: readonly McpTarget[], lists: KeptLists, servers: CompiledMcp['servers']) =>
  async (method: ListMethod, context: TargetContext, use: 'list' | 'call'): Promise<Collected> => {
    const asked = await Promise.allSettled(mine.map((target) => lists.list(target, method, context, use)));
    context.signal.throwIfAborted();
    const parts: Part[] = [];
    const degraded: Degraded[] = [];
    let refusal: Refusal | undefined;
    for (const [index, target] of mine.entries()) {
      const outcome = asked[index];
      if (outcome?.status === 'fulfilled') {
        const { stale, partial } = outcome.value;
        parts.push({ target, list: outcome.value });
        if (stale !== undefined) degraded.push({ target: target.name, reason: `stale: ${stale}` });
        if (partial !== undefined) degraded.push({ target: target.name, reason: `partial: ${partial}` });
        continue;
      }
      const { reason } = outcome ?? {};
      if (!(reason instanceof Refusal)) throw reason;
      if (servers[target.name]?.onFailure === 'fail') throw reason;
      refusal ??= reason;
      degraded.push({ target: target.name, reason: reason.code });
    }
    if (parts.length === 0 && refusal !== undefined) throw refusal; // Nothing is not the same as an empty list.
    return {
      parts,
      degraded,
      ttlMs: Math.min(degraded.length > 0 ? DEGRADED_TTL_MS : MAX_TTL_MS, ...parts.map(leftMs)),
    };
  };
