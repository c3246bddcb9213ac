import { type Loopback, serveLoopback } from '../serve-loopback.ts';
import { type AgentCoreOptions, createAgentCore } from './create-agentcore.ts';

export interface RunningAgentCore extends Loopback {
  /** Stands for `https://bedrock-agentcore.<region>.amazonaws.com`. */
  readonly endpoint: string;
}

/** Twenty headers of 4 KB, and those of the signature. */
const MAX_HEADER_BYTES = 128 * 1024;

/** Opens AgentCore on this machine. A port of 0 takes any free one. */
export const startAgentCore = async ({
  port,
  ...options
}: Omit<AgentCoreOptions, 'endpoint'> & { readonly port: number }): Promise<RunningAgentCore> => {
  let endpoint = '';
  const answer = createAgentCore({ ...options, endpoint: () => endpoint });
  const loopback = await serveLoopback(answer, port, options.clock, MAX_HEADER_BYTES);
  endpoint = `http://127.0.0.1:${loopback.port}`;
  return { ...loopback, endpoint };
};
