import { Stack, Token } from 'aws-cdk-lib';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-bedrockagentcore';
import { AnyPrincipal, Effect, type IRole, Policy, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct, type IDependable } from 'constructs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import type { CompiledAgent } from '../../config/compiled-agents.ts';
import { AgentRuntime } from './agent-runtime.ts';
import type { CredentialProvider } from './credential-provider.ts';

export interface AgentRuntimesProps {
  readonly policy: CompiledPolicy;
  /** Of the agents function: the only one that may call. */
  readonly caller: IRole;
  /** The parameter that gets the ARNs, as JSON from the names of agents. */
  readonly parameterName: string;
  readonly issuer: string;
  readonly gatewayUrl: string;
  /** What has to be there before AgentCore reads the discovery document of the gateway's own tokens. */
  readonly after: readonly IDependable[];
  readonly credentialProvider: CredentialProvider | undefined;
}

/** Source: Systems Manager user guide, "Managing parameter tiers". */
const PARAMETER_CHARACTERS = 4_096;
/** An ARN with a runtime's name, as it is in the longest Region, and the quotes and colons of JSON. */
const ARN_CHARACTERS = 140;

/** What can be done with a running agent. Source: service authorization reference, "Amazon Bedrock AgentCore". */
const CALLS = [
  'InvokeAgentRuntime',
  'InvokeAgentRuntimeForUser',
  'InvokeAgentRuntimeCommand',
  'InvokeAgentRuntimeWithWebSocketStream',
  'GetAgentCard',
  'StopRuntimeSession',
].map((action) => `bedrock-agentcore:${action}`);

/**
 * The agents in AgentCore, made after the API. A runtime in IAM mode takes the agents function and nobody else, whatever other
 * policies of the account say; one that ran before gets the same policy where it is to believe headers. One in JWT mode has no policy: its callers are no principals of IAM, and a denial of all but
 * one principal would be one of them; a token made for that agent is what lets them in.
 */
export class AgentRuntimes extends Construct {
  readonly #endpoints: IDependable[] = [];

  constructor(scope: Construct, id: string, props: AgentRuntimesProps) {
    super(scope, id);
    const { agents } = props.policy;
    checkSize(agents);
    const made = agents.map((agent) => [agent, this.#arnOf(agent, props)] as const);
    this.#protectBelievers(agents, props.caller);
    const parameter = new StringParameter(this, 'Parameter', {
      parameterName: props.parameterName,
      description: 'Gatehouse: the runtimes of agents, by name',
      stringValue: Stack.of(this).toJsonString(Object.fromEntries(made.map(([{ name }, arn]) => [name, arn]))),
      tier: ParameterTier.STANDARD,
    });
    // Whoever reads it calls.
    parameter.node.addDependency(...this.#endpoints);
    this.#allowCalls(
      made.filter(([{ inbound }]) => inbound.type !== 'obo'),
      props.caller,
    );
  }

  #arnOf(agent: CompiledAgent, { policy, caller, after, credentialProvider, ...place }: AgentRuntimesProps): string {
    if (agent.runtime.type === 'arn') return agent.runtime.arn;
    const { folder, qualifier } = agent.runtime;
    const mayUse = policy.agentCore?.credentialProvider.agents.includes(agent.name) === true;
    const { runtime, resource, endpoint } = new AgentRuntime(this, agent.name, {
      agent,
      folder,
      qualifier,
      identity: policy.identity,
      hasTokens: policy.tokens !== undefined,
      issuer: place.issuer,
      gatewayUrl: place.gatewayUrl,
      credentialProvider: mayUse ? credentialProvider : undefined,
    });
    resource.node.addDependency(...after);
    this.#endpoints.push(endpoint);
    if (agent.inbound.type !== 'obo') onlyFor(caller, agent, runtime.agentRuntimeArn, runtime);
    return runtime.agentRuntimeArn;
  }

  /** Whoever may call a runtime that believes headers may say that they are anybody: one policy for each, since it has one only. */
  #protectBelievers(agents: readonly CompiledAgent[], caller: IRole): void {
    const arns = new Set<string>();
    for (const agent of agents) {
      if (agent.runtime.type !== 'arn' || agent.inbound.type !== 'claims-as-headers' || arns.has(agent.runtime.arn))
        continue;
      const { arn } = agent.runtime;
      arns.add(arn);
      checkPlace(agent, arn, caller, this);
      onlyFor(caller, agent, arn, new Construct(this, agent.name));
    }
  }

  /** A policy of its own, not the function's: that would have to wait for the runtimes, which wait for it. */
  #allowCalls(made: readonly (readonly [CompiledAgent, string])[], caller: IRole): void {
    if (made.length === 0) return;
    const policy = new Policy(this, 'Invoke', { roles: [caller] });
    for (const [agent, arn] of made) {
      // A call is one of the runtime and of its endpoint.
      const endpoint = `${arn}/runtime-endpoint/${agent.runtime.qualifier}`;
      policy.addStatements(new PolicyStatement({ actions: callsOf(agent), resources: [arn, endpoint] }));
    }
  }
}

const callsOf = ({ protocol }: CompiledAgent): string[] => [
  'bedrock-agentcore:InvokeAgentRuntime',
  ...(protocol === 'a2a' ? ['bedrock-agentcore:GetAgentCard'] : []),
];

const onlyFor = (caller: IRole, agent: CompiledAgent, arn: string, scope: Construct): void => {
  new CfnResourcePolicy(scope, 'OnlyGatehouse', {
    resourceArn: arn,
    policy: Stack.of(scope).toJsonString(policyFor(caller, agent, arn)),
  });
};

const policyFor = (caller: IRole, agent: CompiledAgent, arn: string): PolicyDocument =>
  new PolicyDocument({
    statements: [
      new PolicyStatement({ principals: [caller], actions: callsOf(agent), resources: [arn] }),
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: CALLS,
        resources: [arn],
        conditions: { ArnNotEquals: { 'aws:PrincipalArn': caller.roleArn } },
      }),
    ],
  });

/** CloudFormation attaches policies in its own account and Region; where it does not know them, it fails when it tries. */
const checkPlace = (agent: CompiledAgent, arn: string, caller: IRole, scope: Construct): void => {
  const { account, region } = Stack.of(scope);
  const [, , , itsRegion, itsAccount] = arn.split(':');
  const differs = (ours: string, its: string | undefined): boolean => !Token.isUnresolved(ours) && ours !== its;
  if (!differs(account, itsAccount) && !differs(region, itsRegion)) return;
  const policy = Stack.of(scope).resolve(policyFor(caller, agent, arn));
  throw new Error(
    `agents.${agent.name}: its runtime is in account ${itsAccount}, ${itsRegion}, this stack in ${account}, ${region}: the policy without which headers can't be believed can't be attached from here. Deploy a gateway there, which attaches it, or use inbound: obo or jwt-passthrough. The policy: ${JSON.stringify(policy)}`,
  );
};

const checkSize = (agents: readonly CompiledAgent[]): void => {
  const characters = agents.reduce((sum, { name }) => sum + name.length + ARN_CHARACTERS, 2);
  if (characters <= PARAMETER_CHARACTERS) return;
  throw new Error(
    `agents: ${agents.length} runtimes take some ${characters} characters of a parameter, which holds ${PARAMETER_CHARACTERS}: use fewer, or a second gateway`,
  );
};
