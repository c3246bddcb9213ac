import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import type { EnvOf, tokenEnv } from '../../config/env.ts';
import { tokenCredentials } from '../credentials-used.ts';
import { STAGE } from '../stage.ts';
import { GatewayFunction } from './gateway-function.ts';
import type { LimitsTable } from './limits-table.ts';
import type { OwnClient } from './own-client.ts';
import type { TokenKeys } from './token-keys.ts';
import type { UpstreamCredentials } from './upstream-credentials.ts';

export interface TokenFunctionProps {
  readonly policy: CompiledPolicy;
  readonly keys: TokenKeys;
  readonly limits: LimitsTable;
  readonly credentials: UpstreamCredentials;
  /** Absent: no server gets tokens of the gateway's own. */
  readonly ownClient?: OwnClient;
}

/** The Lambda behind the token endpoint, with discovery and public keys. It reads the secrets of its clients and no other. */
export class TokenFunction extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, { policy, keys, limits, credentials, ownClient }: TokenFunctionProps) {
    super(scope, id);
    const secrets = tokenCredentials(policy);
    this.function = new GatewayFunction(this, 'Handler', {
      entry: 'lambda/token/handler.ts',
      description: 'Gatehouse: tokens of its own',
      policy,
      environment: {
        LIMITS_TABLE: limits.table.tableName,
        CREDENTIAL_ARNS: credentials.arnsOf(secrets, ownClient?.arns),
        SIGNING_KEY_IDS: keys.ids,
        STAGE,
      } satisfies EnvOf<typeof tokenEnv>,
      memoryMb: 512,
      timeout: Duration.seconds(29),
    }).function;
    limits.grantUsedTokens(this.function);
    credentials.grantRead(this.function, secrets);
    ownClient?.grantRead(this.function);
    keys.grantRead(this.function);
    keys.grantSign(this.function);
  }
}
