import { Refusal } from '../core/refusal.ts';
import { CLIENT_INFO, type Hop, hopMeta, progressOf, resultOf, WrongEra } from './hop.ts';
import type { Link } from './link.ts';
import { isRaw } from './raw.ts';
import { type Outcome, readAnswer } from './read-answer.ts';
import { modernHeaders } from './rpc-headers.ts';

export const MODERN = '2026-07-28';

const UNSUPPORTED_VERSION = -32022;

/** Only these may ask back (MCP 2026-07-28, "Multi round-trip requests"). */
const MAY_ASK_BACK: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** One request is one POST: nothing is kept between two. Source: MCP 2026-07-28, "Streamable HTTP". */
export const createModernHop =
  (link: Link): Hop =>
  async ({ method, params, repeatable }, context) => {
    const id = link.nextId();
    const meta = {
      ...hopMeta(params, id, context),
      'io.modelcontextprotocol/protocolVersion': MODERN,
      'io.modelcontextprotocol/clientCapabilities': context.capabilities,
      'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
    };
    const message = { jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } };
    const headers = modernHeaders(MODERN, method, params, context.definition);
    const answer = await link.post(message, headers, context, { repeatable });
    const outcome = await readAnswer(answer, id, progressOf(id, context));
    if (isOfLegacyServer(outcome)) throw new WrongEra();
    const answered = resultOf(outcome, link.server.name);
    if (answered.result.resultType === 'input_required' && !MAY_ASK_BACK.has(method))
      throw new Refusal('upstream_failed', { target: link.server.name, reason: 'asks back where it must not' });
    return answered;
  };

/** How servers of 2025 refuse what they do not understand, before they do anything. */
const isOfLegacyServer = (outcome: Outcome): boolean => {
  if (outcome.type === 'status') return outcome.status === 400 || outcome.status === 404 || outcome.status === 405;
  if (outcome.type !== 'error') return false;
  if (outcome.code !== UNSUPPORTED_VERSION) return outcome.status === 400 && LEGACY_REFUSALS.has(outcome.code);
  const supported = isRaw(outcome.data) ? outcome.data.supported : undefined;
  return !Array.isArray(supported) || !supported.includes(MODERN);
};

/** "Bad request" of the reference implementations: no session, not initialised, unknown version. */
const LEGACY_REFUSALS: ReadonlySet<number> = new Set([-32000, -32600]);
