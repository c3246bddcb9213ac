import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import type { Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import { type Hop, type HopRequest, hopMeta, progressOf, resultOf } from './hop.ts';
import type { Link } from './link.ts';
import { openSession } from './open-session.ts';
import { discard, type Id, type Outcome, readAnswer } from './read-answer.ts';
import { instructionsIn } from './server-instructions.ts';
import { createSessions, type Session, sessionHeaders } from './sessions.ts';
import type { TargetContext } from './target.ts';
import { within } from './within.ts';

/** For what is only a courtesy to the server. */
const COURTESY_MS = 2_000;

/** How often the rest of a stream is asked for. */
const MAX_RESUMES = 16;

/** What a server may ask of a client within one request; it is told no each time. */
const MAX_ASKED = 32;

/** A list that the server said it does not have is not asked for. */
const CAPABILITY: Readonly<Record<string, string>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resources',
};

const METHOD_NOT_FOUND = -32601;

/** Initialises once for each key, which says who calls, and how, wherever a caller is meant, then asks. Source: MCP 2025-11-25, "Lifecycle" and "Streamable HTTP". */
export const createLegacyHop = (link: Link, clock: Clock, keyOf: (context: TargetContext) => string): Hop => {
  const sessions = createSessions(clock);
  const callsIn = new Map<Session, number>();

  const end = (session: Session, context: TargetContext): void => {
    if (!callsIn.has(session)) void asEnd(link, session, context);
  };

  const sessionFor = (context: TargetContext): Promise<Session> => {
    // Not the caller's signal: others may wait for the same session.
    const open = () =>
      within(link.server.timeouts.totalMs, new AbortController().signal, (signal) =>
        openSession(link, { ...context, signal }),
      );
    // With a credential of ours it can be ended in anybody's call. With a user's it can't: the server forgets it in time.
    return sessions.of(keyOf(context), context.signal, open, (one) => link.perUser || end(one, context));
  };

  const askIn = async (session: Session, method: string, params: Raw, repeatable: boolean, context: TargetContext) => {
    const id = link.nextId();
    const message = { jsonrpc: '2.0', id, method, params: legacyParams(params, id, context) };
    const headers = sessionHeaders(session);
    const aside = asideOf(link, session, id, context);
    const cancel = (): void => void tellCancelled(link, session, id, context);
    context.signal.addEventListener('abort', cancel, { once: true });
    try {
      const answer = await link.post(message, headers, context, { repeatable });
      return await resumed(link, headers, await readAnswer(answer, id, aside), id, aside, context);
    } finally {
      context.signal.removeEventListener('abort', cancel);
    }
  };

  /** A session that no further call will be given, as that of a caller without a token, is ended after the last that is in it. */
  const using = async <Result>(session: Session, context: TargetContext, work: () => Promise<Result>) => {
    callsIn.set(session, (callsIn.get(session) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (callsIn.get(session) ?? 1) - 1;
      if (left > 0) callsIn.set(session, left);
      else callsIn.delete(session);
      if (!sessions.isKept(keyOf(context), session)) end(session, context);
    }
  };

  const askOnce = async ({ method, params, repeatable }: HopRequest, context: TargetContext): Promise<Asked> => {
    const session = await sessionFor(context);
    const capability = CAPABILITY[method];
    if (capability !== undefined && session.capabilities[capability] === undefined) return { session };
    const outcome = await using(session, context, () => askIn(session, method, params, repeatable, context));
    return { session, outcome };
  };

  return async (request, context) => {
    let { session, outcome } = await askOnce(request, context);
    if (outcome !== undefined && isLost(session, outcome)) {
      // The server refused before doing anything: asking once more in a new session repeats nothing.
      sessions.lost(keyOf(context), session);
      ({ session, outcome } = await askOnce(request, context));
    }
    const answered = outcome === undefined ? { result: {}, bytes: 0 } : resultOf(outcome, link.server.name);
    return { ...answered, ...instructionsIn(session.instructions) };
  };
};

/** Without an outcome: the server said before that it has no such thing. */
interface Asked {
  readonly session: Session;
  readonly outcome?: Outcome;
}

/** What only a modern server could read is left out. */
const legacyParams = ({ inputResponses: _, requestState: __, ...params }: Raw, id: Id, context: TargetContext): Raw => {
  const meta = hopMeta(params, id, context);
  const { _meta: ___, ...rest } = params;
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
};

/** 404 by the specification; 400 with -32000 by servers built after its examples. */
const isLost = ({ id }: Session, outcome: Outcome): boolean => {
  if (id === undefined || (outcome.type !== 'error' && outcome.type !== 'status')) return false;
  if (outcome.status === 404) return outcome.type === 'status' || outcome.code !== METHOD_NOT_FOUND;
  return outcome.status === 400 && outcome.type === 'error' && outcome.code === -32000;
};

/** Progress goes to the caller; what the server asks of a client is answered, since it waits for that (G30). */
const asideOf = (link: Link, session: Session, id: Id, context: TargetContext): ((message: Raw) => void) => {
  const passProgress = progressOf(id, context);
  let asked = 0;
  return (message) => {
    passProgress(message);
    if (typeof message.method !== 'string' || message.id === undefined || ++asked > MAX_ASKED) return;
    const reply =
      message.method === 'ping' ? { result: {} } : { error: { code: METHOD_NOT_FOUND, message: 'not supported' } };
    void asCourtesy(link, session, { jsonrpc: '2.0', id: message.id, ...reply }, context);
  };
};

/** G27: to a server of 2025 a closed connection means nothing. */
const tellCancelled = (link: Link, session: Session, requestId: Id, context: TargetContext): Promise<void> =>
  asCourtesy(
    link,
    session,
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason: 'the caller left' } },
    context,
  );

/** G35: a session that nobody will use again is ended, where the server keeps one. A server may refuse: then it forgets it in time. */
const asEnd = async (link: Link, session: Session, context: TargetContext): Promise<void> => {
  if (session.id === undefined) return;
  try {
    await within(COURTESY_MS, new AbortController().signal, async (signal) => {
      discard(await link.end(sessionHeaders(session), { ...context, signal }));
    });
  } catch {}
};

/** Sends what nobody waits for. What goes wrong with it changes nothing. */
const asCourtesy = async (link: Link, session: Session, message: Raw, context: TargetContext): Promise<void> => {
  try {
    await within(COURTESY_MS, new AbortController().signal, async (signal) => {
      discard(await link.post(message, sessionHeaders(session), { ...context, signal }, { repeatable: false }));
    });
  } catch {}
};

/** A server may close a stream and keep the rest until it is asked for: the call goes on, it is not made again. */
const resumed = async (
  link: Link,
  headers: Readonly<Record<string, string>>,
  first: Outcome,
  id: Id,
  aside: (message: Raw) => void,
  context: TargetContext,
): Promise<Outcome> => {
  let outcome = first;
  for (let resumes = 0; outcome.type === 'cut' && resumes < MAX_RESUMES; resumes++) {
    const { place } = outcome;
    if (place.lastEventId === undefined || !/^[\x20-\x7e]{1,1024}$/.test(place.lastEventId)) break;
    await pause(Math.min(5_000, place.retryMs ?? 100), context.signal);
    const answer = await link.get({ ...headers, 'last-event-id': place.lastEventId }, context);
    if (!isEventStream(answer.headers)) {
      answer.body.destroy();
      break;
    }
    outcome = await readAnswer(answer, id, aside, place);
  }
  return outcome;
};

const isEventStream = (headers: Readonly<Record<string, string>>): boolean =>
  (headers['content-type'] ?? '').startsWith('text/event-stream');

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await sleep(ms, undefined, { signal }).catch(() => {});
  if (signal.aborted) throw signal.reason instanceof Refusal ? signal.reason : new Refusal('upstream_timeout');
};
