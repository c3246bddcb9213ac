import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import type { authorizerEnv, EnvOf } from '../../config/env.ts';
import { GatewayFunction } from './gateway-function.ts';

export interface AuthorizerFunctionProps {
  readonly policy: CompiledPolicy;
}

/** The Lambda that says whose token this is. It reaches the identity provider's public keys and nothing in the account. */
export class AuthorizerFunction extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, { policy }: AuthorizerFunctionProps) {
    super(scope, id);
    this.function = new GatewayFunction(this, 'Handler', {
      entry: 'lambda/authorizer/handler.ts',
      description: 'Gatehouse: verifies bearer tokens',
      policy,
      environment: {} satisfies EnvOf<typeof authorizerEnv>,
      // Lambda gives processor by memory: at 256 MB an RSA check and a TLS handshake to the issuer take noticeably longer.
      memoryMb: 512,
      timeout: Duration.seconds(10),
    }).function;
  }
}
