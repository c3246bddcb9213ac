import type { CompiledPolicy } from '../../config/compiled.ts';
import type { CompiledAgent } from '../../config/compiled-agents.ts';
import { pipeline } from '../core/pipeline.ts';
import { observed, type Serve } from '../http/observed.ts';
import type { InvokeRuntime } from './invoke-runtime.ts';
import { isEventStream, passStream, passWhole } from './pass-reply.ts';
import type { AgentPorts } from './ports.ts';
import { readBody } from './read-body.ts';
import { readAgentCall } from './read-call.ts';
import { agentStages } from './stages.ts';
import { agentSurface, writeErrorEvent } from './surface.ts';

/** `POST /agents/<name>/invocations`: JSON in, and out what the agent answers, JSON or events. */
export const serveInvocations = (
  policy: Pick<CompiledPolicy, 'name' | 'version'>,
  agent: CompiledAgent,
  invoke: InvokeRuntime,
  ports: AgentPorts,
): Serve => {
  const handle = pipeline(agentStages(agent, ports), invoke({ method: 'POST', path: '', accept: 'as-called' }));
  return observed(policy, { ...agent, auth: 'strict' }, agentSurface, ports, async (request, call, exchange, abort) => {
    const start = readAgentCall(agent, request, call, exchange, ports.newId);
    const { text: body } = await readBody(request);
    const reply = await handle({ ...start, body });
    if (!isEventStream(reply)) return passWhole(reply, exchange);
    return passStream(reply, { exchange, abort, ports, writeError: writeErrorEvent });
  });
};
