import type { RuntimeAddress } from '../agents/ports.ts';
import type { Clock } from '../core/clock.ts';
import { Refusal } from '../core/refusal.ts';
import type { AwsJsonClient } from './json-client.ts';

type KnownRuntime =
  | { readonly type: 'source'; readonly qualifier: string }
  | { readonly type: 'arn'; readonly arn: string; readonly qualifier: string };

export interface RuntimeAddressesOptions {
  /** Of the policy. */
  readonly agents: readonly { readonly name: string; readonly runtime: KnownRuntime }[];
  /** Of SSM. */
  readonly client: AwsJsonClient;
  /** Holds JSON: an agent's name → its runtime's ARN, or an object with it under `arn`. */
  readonly parameter: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** In place of the Region's own. */
  readonly endpoint?: string;
}

const KEPT_MS = 60_000;
const REST_MS = 5_000;
const ARN = /^arn:(aws[a-z-]*):bedrock-agentcore:([a-z0-9-]+):\d{12}:runtime\/[A-Za-z0-9_-]+$/;

/**
 * Where the runtimes of a policy are: those it names by their ARN, and those deployed with it, which are written down in a
 * parameter after the gateway itself was deployed.
 *
 * Units:  the parameter is read once a minute at most; when it can't be read, what it said last still holds.
 * Errors: `Refusal('agent_unavailable')`.
 * Source: Systems Manager API reference, GetParameter.
 */
export const runtimeAddresses = (options: RuntimeAddressesOptions): ((agent: string) => Promise<RuntimeAddress>) => {
  const { agents, client, parameter, clock, timeoutMs } = options;
  const runtimes = new Map(agents.map(({ name, runtime }) => [name, runtime]));
  let kept: { readonly arns: Readonly<Record<string, unknown>>; readonly untilMs: number } | undefined;

  const readArns = async (): Promise<Readonly<Record<string, unknown>>> => {
    if (kept !== undefined && clock() < kept.untilMs) return kept.arns;
    try {
      const reply = await client.send('GetParameter', { Name: parameter }, { signal: AbortSignal.timeout(timeoutMs) });
      const { Value } = reply.Parameter as { readonly Value: string };
      const arns: unknown = JSON.parse(Value);
      if (typeof arns !== 'object' || arns === null) throw new Error('the parameter is no JSON object');
      kept = { arns: { ...arns }, untilMs: clock() + KEPT_MS };
      return kept.arns;
    } catch (cause) {
      if (kept !== undefined) {
        kept = { ...kept, untilMs: clock() + REST_MS }; // Not every call has to wait for what does not answer.
        return kept.arns;
      }
      throw new Refusal('agent_unavailable', { reason: 'parameter' }, { cause });
    }
  };

  return async (agent) => {
    const runtime = runtimes.get(agent);
    if (runtime === undefined) throw new Refusal('agent_unavailable', { reason: 'not deployed' });
    if (runtime.type === 'arn') return addressOf(runtime.arn, runtime.qualifier, options.endpoint);
    const arns = await readArns();
    const entry = Object.hasOwn(arns, agent) ? arns[agent] : undefined;
    const arn = typeof entry === 'string' ? entry : (entry as { readonly arn?: unknown } | undefined)?.arn;
    return addressOf(arn, runtime.qualifier, options.endpoint);
  };
};

const addressOf = (arn: unknown, qualifier: string, endpoint: string | undefined): RuntimeAddress => {
  const [, partition, region] = (typeof arn === 'string' && ARN.exec(arn)) || [];
  if (typeof arn !== 'string' || region === undefined)
    throw new Refusal('agent_unavailable', { reason: 'not deployed' });
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return { arn, qualifier, endpoint: endpoint ?? `https://bedrock-agentcore.${region}.${domain}` };
};
