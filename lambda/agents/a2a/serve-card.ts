import type { CompiledPolicy } from '../../../config/compiled.ts';
import type { CompiledAgent } from '../../../config/compiled-agents.ts';
import { pipeline } from '../../core/pipeline.ts';
import { Refusal } from '../../core/refusal.ts';
import { observed, type Serve } from '../../http/observed.ts';
import type { InvokeRuntime } from '../invoke-runtime.ts';
import type { AgentPorts } from '../ports.ts';
import { readAgentCall } from '../read-call.ts';
import { readText } from '../read-text.ts';
import { agentStages } from '../stages.ts';
import { agentSurface } from '../surface.ts';
import { rewriteCard } from './agent-card.ts';
import { isObject, type JsonObject } from './json-rpc.ts';

const MAX_CARD_BYTES = 1024 * 1024;

/** One session serves the cards of one caller: `:` is in no name that callers give. */
const CARD_SESSION = 'card:';

/** `GET /a2a/<name>/.well-known/agent-card.json`: the agent's own card, asked for as the caller, with this gateway's URLs. */
export const serveCard = (
  policy: Pick<CompiledPolicy, 'name' | 'version'>,
  agent: CompiledAgent,
  invoke: InvokeRuntime,
  ports: AgentPorts,
): Serve => {
  const target = { method: 'GET', path: '/.well-known/agent-card.json', accept: 'json' } as const;
  const handle = pipeline(agentStages(agent, ports), invoke(target));
  return observed(policy, { ...agent, auth: 'strict' }, agentSurface, ports, async (request, call, exchange) => {
    const start = readAgentCall(agent, request, call, exchange, ports.newId, CARD_SESSION);
    const reply = await handle({ ...start, body: '' });
    const card = parse(await readText(reply.body, MAX_CARD_BYTES));
    return { body: rewriteCard(card, { url: `${ports.issuer}${agent.path}`, issuer: ports.issuer }) };
  });
};

const parse = (text: string): JsonObject => {
  try {
    const card: unknown = JSON.parse(text);
    if (isObject(card)) return card;
  } catch {
    // As below.
  }
  throw new Refusal('upstream_failed', { reason: 'the card is no JSON object' });
};
