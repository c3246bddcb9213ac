import { Refusal } from '../core/refusal.ts';
import { CLIENT_INFO, WrongEra } from './hop.ts';
import type { Link } from './link.ts';
import { isRaw } from './raw.ts';
import { discard, readAnswer } from './read-answer.ts';
import { instructionsIn } from './server-instructions.ts';
import { type Session, sessionHeaders } from './sessions.ts';
import type { TargetContext } from './target.ts';
import { statusRefusal } from './upstream-status.ts';

/** Newest first. Each hop agrees on a version of its own (G16). */
const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** MCP, "Session management": visible ASCII. Anything else must not become a header of ours. */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;

/**
 * initialize, then initialized. No capability is declared: without a stream that stays open nothing that a server would ask
 * back could reach the user (G30).
 */
export const openSession = async (link: Link, context: TargetContext): Promise<Session> => {
  const { name } = link.server;
  const id = link.nextId();
  const params = { protocolVersion: LEGACY_VERSIONS[0], capabilities: {}, clientInfo: CLIENT_INFO };
  const request = { jsonrpc: '2.0', id, method: 'initialize', params };
  const answer = await link.post(request, {}, context, { repeatable: true });
  const outcome = await readAnswer(answer, id, () => {});
  if (outcome.type === 'error' || outcome.type === 'status') throw new WrongEra();
  if (outcome.type === 'cut') throw new Refusal('upstream_truncated', { target: name });
  const { protocolVersion, capabilities, instructions } = outcome.result;
  const version = LEGACY_VERSIONS.find((known) => known === protocolVersion);
  if (version === undefined) throw new Refusal('upstream_failed', { target: name, reason: 'protocol version' });
  const sessionId = answer.headers['mcp-session-id'];
  if (sessionId !== undefined && !SESSION_ID.test(sessionId))
    throw new Refusal('upstream_failed', { target: name, reason: 'session id' });
  const session = {
    version,
    capabilities: isRaw(capabilities) ? capabilities : {},
    ...(sessionId === undefined ? {} : { id: sessionId }),
    ...instructionsIn(instructions),
  };
  const told = { jsonrpc: '2.0', method: 'notifications/initialized' };
  const heard = await link.post(told, sessionHeaders(session), context, { repeatable: true });
  discard(heard);
  if (heard.status >= 300) throw statusRefusal(heard.status, heard.headers);
  return session;
};
