import { OWN_FOLDER } from './check-agents.ts';
import type { Finding } from './problem.ts';
import type { GatewayConfig } from './schema.ts';

/** What is allowed under `agents` and probably not meant. */
export const agentWarnings = ({ agents }: GatewayConfig): readonly Finding[] =>
  Object.entries(agents ?? {}).flatMap(([name, { runtime, inbound, obo }]): Finding[] => {
    const isOwn = 'source' in runtime && OWN_FOLDER.test(runtime.source);
    if (!isOwn || inbound !== 'claims-as-headers' || obo !== undefined) return [];
    return [
      {
        path: ['agents', name],
        at: 'key',
        message: `agents.${name}: the agent in this folder asks models and tools as the caller, and headers are no token for that: without obo it answers every call with no_token`,
      },
    ];
  });
