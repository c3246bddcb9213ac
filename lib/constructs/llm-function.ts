import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import type { EnvOf, llmEnv } from '../../config/env.ts';
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
    this.function = new GatewayFunction(this, 'Handler', {
      entry: 'lambda/llm/handler.ts',
      description: 'Gatehouse: chat requests to model providers',
      policy,
      environment: {
        LIMITS_TABLE: limits.table.tableName,
        CREDENTIAL_ARNS: credentials.arns,
      } satisfies EnvOf<typeof llmEnv>,
      memoryMb: 1024,
      timeout: Duration.minutes(15),
    }).function;
    limits.grantCounting(this.function);
    credentials.grantRead(this.function);
  }
}
