import path from 'node:path';
import { AssetHashType, DockerImage, type Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { CompiledPolicy } from '../../config/compiled.ts';
import { bundle } from '../bundle.ts';

export interface GatewayFunctionProps {
  /** From the root of the repository: `lambda/llm/handler.ts`. */
  readonly entry: string;
  readonly description: string;
  readonly policy: CompiledPolicy;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly timeout: Duration;
}

const codeOf = ({ entry, policy }: GatewayFunctionProps): Code =>
  Code.fromAsset(path.resolve(import.meta.dirname, '../..', path.dirname(entry)), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      // Never run. CDK takes two bundlings of one folder for the same, whatever their functions do: this tells them apart.
      command: [entry, policy.version],
      local: {
        tryBundle: (directory) => {
          bundle(entry, policy, directory);
          return true;
        },
      },
    },
  });

/** Our one Lambda: bundled code with the policy inside, a log group of its own, and a role that may write there and to X-Ray. */
export class GatewayFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: GatewayFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.role = role;
    logGroup.grantWrite(role);
    Validations.of(role).acknowledge({
      id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray has no resources: its two write actions can only be allowed on *.',
    });
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: codeOf(props),
      environment: { ...props.environment },
      memorySize: props.memoryMb,
      timeout: props.timeout,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
    });
  }
}
