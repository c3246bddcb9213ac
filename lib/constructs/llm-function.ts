import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import type { EnvOf, llmEnv } from '../../config/env.ts';
import { BEDROCK_ACTIONS, bedrockGrants } from '../bedrock-resources.ts';
import { llmCredentials } from '../credentials-used.ts';
import { STAGE } from '../stage.ts';
import { GatewayFunction } from './gateway-function.ts';
import type { LimitsTable } from './limits-table.ts';
import type { UpstreamCredentials } from './upstream-credentials.ts';

export interface LlmFunctionProps {
  readonly policy: CompiledPolicy;
  readonly limits: LimitsTable;
  readonly credentials: UpstreamCredentials;
}

/** The Lambda that carries chat requests to model providers: the only one that can read their keys. */
export class LlmFunction extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, { policy, limits, credentials }: LlmFunctionProps) {
    super(scope, id);
    const keys = llmCredentials(policy);
    this.function = new GatewayFunction(this, 'Handler', {
      entry: 'lambda/llm/handler.ts',
      description: 'Gatehouse: chat requests to model providers',
      policy,
      environment: {
        LIMITS_TABLE: limits.table.tableName,
        CREDENTIAL_ARNS: credentials.arnsOf(keys),
        STAGE,
      } satisfies EnvOf<typeof llmEnv>,
      memoryMb: 1024,
      timeout: Duration.minutes(15),
    }).function;
    limits.grantItems(this.function, ['limits', 'health']);
    credentials.grantRead(this.function, keys);
    this.#allowModels(policy);
  }

  #allowModels({ llm }: CompiledPolicy): void {
    const { partition, region, account } = Stack.of(this);
    for (const { resources, through } of bedrockGrants(llm, { partition, region, account })) {
      const conditions = through === undefined ? {} : { StringLike: { 'bedrock:InferenceProfileArn': through } };
      const statement = { actions: [...BEDROCK_ACTIONS], resources: [...resources], conditions };
      this.function.addToRolePolicy(new PolicyStatement(statement));
    }
    const shown = { partition: '<AWS::Partition>', region: '<AWS::Region>', account: '<AWS::AccountId>' };
    const wide = bedrockGrants(llm, shown).flatMap(({ resources }) => resources.filter((arn) => arn.includes('*')));
    for (const arn of new Set(wide)) {
      Validations.of(this).acknowledge({
        id: `AwsSolutions::AwsSolutions-IAM5[Resource::${arn}]`,
        reason: 'An inference profile runs its model in Regions of its own choice; a route may offer any model.',
      });
    }
  }
}
