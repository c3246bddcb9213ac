import type { CompiledPolicy } from '../config/compiled.ts';
import type { CompiledAgent } from '../config/compiled-agents.ts';
import type { AwsCredentials } from '../lambda/aws/json-client.ts';
import { SESSION_HEADER } from '../lambda/core/agent.ts';
import type { Clock } from '../lambda/core/clock.ts';
import { createAgentCore } from './agentcore/create-agentcore.ts';
import type { PolicyDocument } from './agentcore/resource-policy.ts';
import { runAgent } from './agentcore/run-agent.ts';
import type { Runtime } from './agentcore/runtime.ts';
import { runtimeProperties } from './agentcore/runtime-properties.ts';
import { serveLoopback } from './serve-loopback.ts';

/** An invocation as it came to a container. */
export interface ContainerCall {
  readonly agent: string;
  readonly session: string;
  readonly traceparent?: string;
}

/** Runtimes of AgentCore on this machine, with the agent of this repository in each. */
export interface AgentRuntimes {
  /** Stands for `https://bedrock-agentcore.<region>.amazonaws.com`. */
  readonly endpoint: string;
  /** With what the gateway signs: worth nothing anywhere else. */
  readonly credentials: AwsCredentials;
  /** Replaces what runs by the agents of a policy. Errors: an `Error` for an agent that can't run. */
  deploy(policy: CompiledPolicy): void;
  /** The last invocations, oldest first. */
  calls(): readonly ContainerCall[];
  close(): Promise<void>;
}

export interface AgentRuntimesOptions {
  readonly port: number;
  readonly gatewayUrl: string;
  readonly clock: Clock;
  /** Takes one line of JSON. */
  readonly print: (line: string) => void;
  readonly flushTraces?: () => Promise<void>;
}

export const LOCAL_REGION = 'us-east-1';

const ROLE = 'arn:aws:iam::000000000000:role/gatehouse-agents';
const KEPT_CALLS = 1_000;

/** What the stand-in calls the runtime of an agent. */
export const localArn = (agent: string): string =>
  `arn:aws:bedrock-agentcore:${LOCAL_REGION}:000000000000:runtime/${agent.replaceAll('-', '_')}-local00000`;

/** As the deployment writes it for runtimes that take signatures: nobody but the gateway. */
const onlyTheGateway = (arn: string): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: ROLE }, Action: 'bedrock-agentcore:InvokeAgentRuntime', Resource: arn },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 'bedrock-agentcore:InvokeAgentRuntime*',
      Resource: arn,
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': ROLE } },
    },
  ],
});

export const startAgentRuntimes = async (options: AgentRuntimesOptions): Promise<AgentRuntimes> => {
  const { port, gatewayUrl, clock, print, flushTraces } = options;
  const credentials = { accessKeyId: 'AKIALOCALGATEHOUSE00', secretAccessKey: 'local' };
  const calls: ContainerCall[] = [];
  let answer: (request: Request) => Promise<Response> = async () => new Response(null, { status: 404 });

  const runtimeOf = (agent: CompiledAgent, { identity, tokens }: CompiledPolicy): Runtime => {
    const properties = runtimeProperties(agent, {
      issuer: tokens?.issuer ?? gatewayUrl,
      hasTokens: tokens !== undefined,
      gatewayUrl,
      identity,
    });
    const container = runAgent({
      environment: properties.EnvironmentVariables ?? {},
      clock,
      log: (entry) => print(JSON.stringify({ kind: 'agent', ...entry })),
      ...(flushTraces === undefined ? {} : { flushTraces }),
    });
    const arn = localArn(agent.name);
    return {
      arn,
      properties,
      qualifiers: ['DEFAULT', agent.runtime.qualifier],
      ...(agent.inbound.type === 'obo' ? {} : { resourcePolicy: onlyTheGateway(arn) }),
      container: (request) => {
        calls.splice(0, Math.max(0, calls.length + 1 - KEPT_CALLS));
        const traceparent = request.headers.get('traceparent');
        calls.push({
          agent: agent.name,
          session: request.headers.get(SESSION_HEADER) ?? '',
          ...(traceparent === null ? {} : { traceparent }),
        });
        return container(request);
      },
    };
  };

  const loopback = await serveLoopback((request) => answer(request), port, clock, MAX_HEADER_BYTES);
  const endpoint = `http://127.0.0.1:${loopback.port}`;
  return {
    endpoint,
    credentials,
    deploy: (policy) => {
      const here = policy.agents.filter(({ runtime }) => runtime.type === 'source');
      answer = createAgentCore({
        runtimes: here.map((agent) => runtimeOf(agent, policy)),
        credentials: {
          [credentials.accessKeyId]: { secretAccessKey: credentials.secretAccessKey, principalArn: ROLE },
        },
        endpoint: () => endpoint,
        clock,
      });
    },
    calls: () => calls,
    close: () => loopback.close(),
  };
};

/** Twenty headers of 4 KB, and those of the signature. */
const MAX_HEADER_BYTES = 128 * 1024;
