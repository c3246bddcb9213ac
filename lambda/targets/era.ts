import { createHash } from 'node:crypto';
import type { CompiledHttpServer } from '../../config/compiled-mcp.ts';
import type { Clock } from '../core/clock.ts';
import type { CatalogStore } from './catalog-store.ts';
import { type Hop, WrongEra } from './hop.ts';
import { MODERN } from './modern-hop.ts';
import { type TargetContext, TargetError } from './target.ts';

export type Era = 'modern' | 'legacy';

interface Verdict {
  readonly era: Era;
  readonly atMs: number;
}

/** A verdict older than this is asked for again: a server that was upgraded must not stay pinned to the old era (K11). */
const KEEP_MS = 24 * 3_600_000;

/**
 * Which era a server is of: as the policy says, or as it answers `server/discover`. What was found is remembered, with its date,
 * here and for other processes.
 *
 * Source: MCP 2026-07-28, "Backward compatibility".
 */
export const createEra = (server: CompiledHttpServer, store: CatalogStore, clock: Clock) => {
  const key = `era#${createHash('sha256').update(server.url).digest('hex')}`;
  let known: Verdict | undefined;

  const isFresh = (verdict: Verdict | undefined): verdict is Verdict =>
    verdict !== undefined && Math.abs(clock() - verdict.atMs) < KEEP_MS;

  const stored = async (): Promise<Verdict | undefined> => {
    const { text, storedAtMs } = (await store.read(key)) ?? {};
    return storedAtMs !== undefined && (text === 'modern' || text === 'legacy')
      ? { era: text, atMs: storedAtMs }
      : undefined;
  };

  const findOut = async (modern: Hop, context: TargetContext): Promise<Era> => {
    const era = await discover(modern, context);
    known = { era, atMs: clock() };
    await store.write(key, () => era, KEEP_MS / 1000);
    return era;
  };

  return {
    /** `isNew`: found out just now, so that asking again would say the same. */
    async of(modern: Hop, context: TargetContext): Promise<{ readonly era: Era; readonly isNew: boolean }> {
      if (server.era !== 'auto') return { era: server.era, isNew: true };
      if (!isFresh(known)) known = await stored();
      return isFresh(known) ? { era: known.era, isNew: false } : { era: await findOut(modern, context), isNew: true };
    },
    /** Asks again after what was remembered proved wrong. */
    findOut,
  };
};

/** Only an answer of the server decides: one that can't be reached, or refuses us, is of no era. */
const discover = async (modern: Hop, context: TargetContext): Promise<Era> => {
  try {
    const { result } = await modern({ method: 'server/discover', params: {}, repeatable: true }, context);
    return Array.isArray(result.supportedVersions) && result.supportedVersions.includes(MODERN) ? 'modern' : 'legacy';
  } catch (thrown) {
    if (thrown instanceof WrongEra || thrown instanceof TargetError) return 'legacy';
    throw thrown;
  }
};
