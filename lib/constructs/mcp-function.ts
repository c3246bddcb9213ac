import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import type { EnvOf, mcpEnv } from '../../config/env.ts';
import { mcpCredentials } from '../credentials-used.ts';
import { STAGE } from '../stage.ts';
import { GatewayFunction } from './gateway-function.ts';
import type { LimitsTable } from './limits-table.ts';
import type { OwnClient } from './own-client.ts';
import { SigningKey } from './signing-key.ts';
import type { UpstreamCredentials } from './upstream-credentials.ts';

export interface McpFunctionProps {
  readonly policy: CompiledPolicy;
  readonly limits: LimitsTable;
  readonly credentials: UpstreamCredentials;
  /** Absent: no server gets tokens of the gateway's own. */
  readonly ownClient?: OwnClient;
}

/** The Lambda that carries tool calls to MCP servers and APIs: the only one that can read their credentials. */
export class McpFunction extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, { policy, limits, credentials, ownClient }: McpFunctionProps) {
    super(scope, id);
    const signingKey = new SigningKey(this, 'SigningKey', {
      purpose: 'seals what MCP clients carry between calls',
      reason: 'What it seals is good for minutes only. A new value can be put in at any time; lists then start over.',
    });
    const keys = mcpCredentials(policy);
    this.function = new GatewayFunction(this, 'Handler', {
      entry: 'lambda/mcp/handler.ts',
      description: 'Gatehouse: tool calls to MCP servers',
      policy,
      environment: {
        LIMITS_TABLE: limits.table.tableName,
        CREDENTIAL_ARNS: credentials.arnsOf(keys, ownClient?.arns),
        SIGNING_KEY_ARN: signingKey.arn,
        STAGE,
      } satisfies EnvOf<typeof mcpEnv>,
      memoryMb: 1024,
      timeout: Duration.minutes(15),
    }).function;
    limits.grantItems(this.function, ['limits', 'catalogs']);
    credentials.grantRead(this.function, keys);
    ownClient?.grantRead(this.function);
    signingKey.grantRead(this.function);
  }
}
