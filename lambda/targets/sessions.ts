import type { Clock } from '../core/clock.ts';
import type { Raw } from '../core/mcp.ts';
import { ANONYMOUS } from '../core/principal.ts';
import { createSingleFlight } from './single-flight.ts';
import { waitFor } from './within.ts';

/** What a server of 2025 agreed on with one client. */
export interface Session {
  /** Absent: the server keeps none. */
  readonly id?: string;
  readonly version: string;
  readonly capabilities: Raw;
  /** Outside text. */
  readonly instructions?: string;
}

/** A server forgets sessions too, and a principal that has gone must not stay known here. */
const IDLE_MS = 300_000;

const MAX_SESSIONS = 1_000;

/** Told of each session that no further call will be given: servers keep them for days otherwise. */
type Dropped = (session: Session) => void;

/**
 * The sessions of one server, one for each principal (G35). Must not give one principal's session to another: a server may keep
 * in it what it knows of the user.
 */
export const createSessions = (clock: Clock) => {
  const sessions = new Map<string, { readonly session: Session; usedMs: number }>();
  const opening = createSingleFlight<Session>();

  const known = (key: string): Session | undefined => {
    const kept = sessions.get(key);
    if (kept === undefined || clock() - kept.usedMs > IDLE_MS) return undefined;
    kept.usedMs = clock();
    sessions.delete(key);
    sessions.set(key, kept); // A Map keeps the order of insertion: the first is the one not used for longest.
    return kept.session;
  };

  /** The first is the one not used for longest: once one is in time, so are the rest. */
  const sweep = (dropped: Dropped): void => {
    for (const [key, { session, usedMs }] of sessions) {
      if (sessions.size < MAX_SESSIONS && clock() - usedMs <= IDLE_MS) return;
      sessions.delete(key);
      dropped(session);
    }
  };

  const keep = (key: string, session: Session, dropped: Dropped): Session => {
    sweep(dropped);
    sessions.set(key, { session, usedMs: clock() });
    return session;
  };

  return {
    /** The session of who has this key, a principal's id; `open` bounds itself, since others may wait for it too. */
    async of(key: string, signal: AbortSignal, open: () => Promise<Session>, dropped: Dropped): Promise<Session> {
      const session = known(key);
      if (session !== undefined) return session;
      if (key !== ANONYMOUS.id) return opening(key, signal, async () => keep(key, await open(), dropped));
      // All who call without a token have this one id: only where the server keeps nothing may they share it.
      const own = await waitFor(open(), signal);
      return own.id === undefined ? keep(key, own, dropped) : own;
    },
    /** Whether the next call of who has this key will use it. */
    isKept: (key: string, session: Session): boolean => sessions.get(key)?.session === session,
    /** The server no longer knows it. Another that was opened meanwhile stays. */
    lost(key: string, session: Session): void {
      if (sessions.get(key)?.session === session) sessions.delete(key);
    },
  };
};

export type Sessions = ReturnType<typeof createSessions>;

export const sessionHeaders = ({ id, version }: Session): Record<string, string> => ({
  ...(version >= '2025-06-18' ? { 'mcp-protocol-version': version } : {}),
  ...(id === undefined ? {} : { 'mcp-session-id': id }),
});
