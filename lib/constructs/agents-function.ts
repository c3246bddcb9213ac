import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import type { agentsEnv, EnvOf } from '../../config/env.ts';
import { agentCredentials } from '../credentials-used.ts';
import { STAGE } from '../stage.ts';
import { GatewayFunction } from './gateway-function.ts';
import type { LimitsTable } from './limits-table.ts';
import { SigningKey } from './signing-key.ts';
import type { TokenKeys } from './token-keys.ts';
import type { UpstreamCredentials } from './upstream-credentials.ts';

export interface AgentsFunctionProps {
  readonly policy: CompiledPolicy;
  /** Absent: the policy has no tokens of the gateway's own. */
  readonly keys?: TokenKeys;
  readonly limits: LimitsTable;
  readonly credentials: UpstreamCredentials;
}

/**
 * The Lambda that calls agents, the only one that may. Which runtimes those are it learns from a parameter whose name is known
 * before them: they are made after the API, whose discovery document AgentCore may read, and the API after this function.
 */
export class AgentsFunction extends Construct {
  readonly function: IFunction;
  readonly role: IRole;
  /** The name of the parameter. */
  readonly runtimesParameter: string;

  constructor(scope: Construct, id: string, { policy, keys, limits, credentials }: AgentsFunctionProps) {
    super(scope, id);
    const sessionKey = new SigningKey(this, 'SessionKey', {
      purpose: 'derives the ids of sessions with agents',
      reason: 'A new value can be put in at any time; every conversation with an agent then starts over.',
    });
    this.runtimesParameter = `/gatehouse/${Stack.of(this).stackName}/runtimes`;
    const secrets = agentCredentials(policy);
    const made = new GatewayFunction(this, 'Handler', {
      entry: 'lambda/agents/handler.ts',
      description: 'Gatehouse: calls to agents',
      policy,
      environment: {
        LIMITS_TABLE: limits.table.tableName,
        CREDENTIAL_ARNS: credentials.arnsOf(secrets),
        SIGNING_KEY_IDS: keys?.ids ?? '[]',
        SESSION_KEY_ARN: sessionKey.arn,
        RUNTIMES_PARAMETER: this.runtimesParameter,
        STAGE,
      } satisfies EnvOf<typeof agentsEnv>,
      memoryMb: 1024,
      timeout: Duration.minutes(15),
    });
    this.function = made.function;
    this.role = made.role;
    limits.grantItems(this.function, ['limits']);
    credentials.grantRead(this.function, secrets);
    sessionKey.grantRead(this.function);
    this.#allowParameter();
    if (policy.agents.some(({ obo }) => obo?.issuer === 'gatehouse')) {
      keys?.grantRead(this.function);
      keys?.grantSign(this.function);
    }
  }

  #allowParameter(): void {
    const arn = Stack.of(this).formatArn({
      service: 'ssm',
      resource: 'parameter',
      resourceName: this.runtimesParameter.slice(1),
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    this.function.addToRolePolicy(new PolicyStatement({ actions: ['ssm:GetParameter'], resources: [arn] }));
  }
}
