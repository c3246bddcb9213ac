import type { CelVariables } from '../../config/cel.ts';
import type { CompiledAgent } from '../../config/compiled-agents.ts';
import type { AgentCall } from '../core/agent.ts';
import type { Stage } from '../core/pipeline.ts';
import { authorize, createDecide } from '../policy/authorize.ts';
import { prepareLimit, rateLimits } from '../policy/rate-limits.ts';
import { variablesOf } from '../policy/variables.ts';
import type { RuntimeReply } from './invoke-runtime.ts';
import type { AgentPorts } from './ports.ts';

/** What every call goes through on its way to an agent, in this order. Cheap refusals come first. */
export const agentStages = (agent: CompiledAgent, ports: AgentPorts): readonly Stage<AgentCall, RuntimeReply>[] => {
  const variables = (call: AgentCall): CelVariables => variablesOf(call, { agent: { name: agent.name } });
  return [
    authorize(createDecide(agent.authorization), variables),
    rateLimits(ports.counter, agent.rateLimits.map(prepareLimit), agent.limitsFailure, ports.clock, variables),
  ];
};
