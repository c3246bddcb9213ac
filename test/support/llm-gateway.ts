import { compilePolicy } from '../../config/compile.ts';
import { loadGatewayConfig } from '../../config/load.ts';
import { systemClock } from '../../lambda/core/clock.ts';
import { Hidden } from '../../lambda/core/hidden.ts';
import { Refusal } from '../../lambda/core/refusal.ts';
import { createLlmApp } from '../../lambda/llm/app.ts';
import type { LlmPorts } from '../../lambda/llm/ports.ts';
import { createSend } from '../../lambda/providers/send.ts';
import type { UpstreamPorts } from '../../lambda/providers/upstream.ts';
import type { CallRecord } from '../../lambda/telemetry/record.ts';
import { memoryLimitCounter } from '../../local/memory/limit-counter.ts';
import { memoryProviderHealth } from '../../local/memory/provider-health.ts';
import { serveLoopback } from '../../local/serve-loopback.ts';
import { type RecordedCall, type Simulators, startSimulators } from '../../local/simulators/start-simulators.ts';

export interface LlmGateway {
  readonly url: string;
  readonly upstreamCalls: () => readonly RecordedCall[];
  readonly records: () => readonly CallRecord[];
  close(): Promise<void>;
}

/** The simulators look whether there is a signature and what it covers, not whether it is right. */
const SIGNED = `AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;

/**
 * The LLM app over HTTP, before simulated providers, open to everybody.
 *
 * Shape:  `llmYaml` gives what stands under `llm:` for the address of the simulators; providers with a credential get one.
 */
export const startLlmGateway = async (llmYaml: (simulators: string) => string): Promise<LlmGateway> => {
  const simulators = await startSimulators({ port: 0 });
  try {
    return await serve(simulators, llmYaml(simulators.url));
  } catch (error) {
    await simulators.close();
    throw error;
  }
};

const serve = async (simulators: Simulators, llm: string): Promise<LlmGateway> => {
  const yaml = `
name: test
credentials: { key: {} }
defaults: { auth: none, authorization: { default: allow } }
llm:
${llm}`;
  const records: CallRecord[] = [];
  let calls = 0;
  const ports: LlmPorts & Pick<UpstreamPorts, 'sign'> = {
    identify: async () => {
      throw new Refusal('token_rejected');
    },
    counter: memoryLimitCounter(systemClock),
    credentials: { read: async () => new Hidden('simulated') },
    send: createSend(),
    health: memoryProviderHealth(systemClock),
    records: { write: (record) => void records.push(record) },
    clock: systemClock,
    newId: () => `req_${++calls}`,
    random: Math.random,
    logBug: (id, error) => {
      throw new Error(`a bug in ${id}`, { cause: error });
    },
    sign: async (request) => ({ ...request, headers: { ...request.headers, authorization: SIGNED } }),
  };
  const app = createLlmApp(compilePolicy(loadGatewayConfig(yaml, { file: 'gateway.yaml', env: {} }).config), ports);
  const served = await serveLoopback((request, env) => app.fetch(request, env), 0, systemClock);
  return {
    url: `http://127.0.0.1:${served.port}`,
    upstreamCalls: simulators.calls,
    records: () => records,
    close: async () => {
      await served.close();
      await simulators.close();
    },
  };
};
