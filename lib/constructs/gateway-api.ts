import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  AccessLogField,
  AccessLogFormat,
  AuthorizationType,
  EndpointType,
  type IAuthorizer,
  IdentitySource,
  LambdaIntegration,
  LogGroupLogDestination,
  type Method,
  MethodLoggingLevel,
  ResponseTransferMode,
  RestApi,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import type { CompiledLlm, CompiledLlmRoute, CompiledPolicy, CompiledRoute } from '../../config/compiled.ts';
import { agentPaths, tokenPaths } from '../agent-paths.ts';
import { METADATA, type OpenPath, openPaths, protectedPaths } from '../mcp-paths.ts';
import { STAGE } from '../stage.ts';
import { addGatewayResponses } from './gateway-responses.ts';

export interface GatewayApiProps {
  readonly policy: CompiledPolicy;
  readonly authorizer: IFunction;
  readonly llm: IFunction;
  readonly mcp: IFunction;
  /** Absent where the policy has no tokens of its own. */
  readonly token?: IFunction | undefined;
  /** Absent where the policy has no agents. */
  readonly agents?: IFunction | undefined;
}

/** A ceiling for all callers together, so that a flood can't use up the account; each caller's own limits are in gateway.yaml. */
const CALLS_PER_SECOND = { rate: 200, burst: 400 };

/** Facts of the call, never its headers: one is a credential, and API Gateway puts the others into the JSON as they came. */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    extendedRequestId: AccessLogField.contextExtendedRequestId(),
    time: AccessLogField.contextRequestTimeEpoch(),
    ip: AccessLogField.contextIdentitySourceIp(),
    method: AccessLogField.contextHttpMethod(),
    path: AccessLogField.contextPath(),
    resource: AccessLogField.contextResourcePath(),
    status: AccessLogField.contextStatus(),
    responseBytes: AccessLogField.contextResponseLength(),
    latencyMs: AccessLogField.contextResponseLatency(),
    principal: AccessLogField.contextAuthorizerPrincipalId(),
    authorizerError: AccessLogField.contextAuthorizerError(),
    integrationStatus: AccessLogField.contextIntegrationStatus(),
    integrationError: AccessLogField.contextIntegrationErrorMessage(),
    error: AccessLogField.contextErrorResponseType(),
    xrayTraceId: AccessLogField.contextXrayTraceId(),
  }),
);

/**
 * The door: a regional REST API (the only kind that streams answers), its methods taken from the policy one by one. No proxy
 * resources: CDK's come with an `ANY /` of type MOCK that asks for no token.
 */
export class GatewayApi extends Construct {
  readonly api: RestApi;

  constructor(scope: Construct, id: string, { policy, authorizer, llm, mcp, token, agents }: GatewayApiProps) {
    super(scope, id);
    this.api = this.#restApi(policy);
    addGatewayResponses(this.api, this.#challenge(policy));
    // Made for the first method that needs it: CDK takes no authorizer that no method uses.
    let made: IAuthorizer | undefined;
    const tokens = (): IAuthorizer => {
      made ??= this.#tokenAuthorizer(authorizer);
      return made;
    };
    // The function answers in the streaming format, whether or not the caller asked for a stream: no method may be BUFFERED.
    const streamed = (handler: IFunction): LambdaIntegration =>
      new LambdaIntegration(handler, {
        responseTransferMode: ResponseTransferMode.STREAM,
        timeout: Duration.minutes(15),
        scopePermissionToMethod: false,
      });
    const [models, tools] = [streamed(llm), streamed(mcp)];
    for (const route of policy.llm.routes) this.#addLlmRoute(route, policy.llm.endpoints, models, tokens);
    for (const { path, auth } of policy.mcp.routes) this.#addGuarded(path, 'POST', auth, tools, tokens);
    for (const open of openPaths(policy)) this.#addOpen(open, tools);
    if (token !== undefined) {
      const issuing = streamed(token);
      for (const open of tokenPaths(policy)) this.#addOpen(open, issuing);
    }
    if (agents !== undefined) {
      const calling = streamed(agents);
      for (const { path, method, auth } of agentPaths(policy)) this.#addGuarded(path, method, auth, calling, tokens);
    }
  }

  /** All that has to be there before it answers: the stage, and the permissions to call its functions. */
  get answering(): readonly IDependable[] {
    return [this.api.deploymentStage, ...this.api.node.findAll().filter((child) => child instanceof CfnPermission)];
  }

  /** `https://….amazonaws.com/prod`. Not `api.url`: that waits for the deployment. */
  get url(): string {
    const { region, urlSuffix } = Stack.of(this);
    return `https://${this.api.restApiId}.execute-api.${region}.${urlSuffix}/${STAGE}`;
  }

  /**
   * RFC 6750 §3, and for MCP RFC 9728 §5.1. API Gateway puts no variables into a header that is more than one, so that every
   * 401 names the same document: that of the one route there is, or, where there are several, the one that stands for all.
   */
  #challenge(policy: CompiledPolicy): string {
    const [path, ...others] = protectedPaths(policy);
    const challenge = `Bearer realm="${policy.name}"`;
    if (path === undefined) return challenge;
    return `${challenge}, resource_metadata="${this.url}${METADATA}${others.length === 0 ? path : ''}"`;
  }

  #tokenAuthorizer(handler: IFunction): IAuthorizer {
    return new TokenAuthorizer(this, 'Authorizer', {
      handler,
      identitySource: IdentitySource.header('Authorization'),
      // RFC 6750 §2.1. What can't be a token is turned away without asking the function.
      validationRegex: '^[Bb][Ee][Aa][Rr][Ee][Rr] [A-Za-z0-9._~+/-]+=*$',
      // How long a token that was revoked, or that has expired, may still pass; the functions check its expiry again.
      resultsCacheTtl: Duration.seconds(60),
    });
  }

  #restApi(policy: CompiledPolicy): RestApi {
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const api = new RestApi(this, 'Api', {
      restApiName: policy.name,
      description: `Gatehouse: ${policy.name}`,
      endpointTypes: [EndpointType.REGIONAL],
      // Account-wide, and needed once per account and Region for any access log: left in place when the stack goes.
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: CALLS_PER_SECOND.rate,
        throttlingBurstLimit: CALLS_PER_SECOND.burst,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: ACCESS_LOG,
        loggingLevel: MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
        metricsEnabled: true,
        tracingEnabled: true,
      },
    });
    // The URL is an output of the stack, under a name of ours.
    api.node.tryRemoveChild('Endpoint');
    Validations.of(api).acknowledge(
      {
        id: 'AwsSolutions::AwsSolutions-APIG2',
        reason:
          "Bodies are checked in the function, which answers in the caller's dialect and keeps unknown fields for the provider.",
      },
      {
        id: 'AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
        reason: 'API Gateway accepts no narrower role for its logs: it checks for the actions of this managed policy.',
      },
    );
    Validations.of(api.deploymentStage).acknowledge(
      {
        id: 'AwsSolutions::AwsSolutions-APIG3',
        reason:
          'Every route is authenticated, throttled and limited per caller; a web ACL costs a fixed sum each month and is not for everyone.',
      },
      {
        id: 'AwsSolutions::AwsSolutions-APIG6',
        reason:
          'Execution logs add headers and bodies of calls to what the access log and the record of each call say.',
      },
    );
    return api;
  }

  #addLlmRoute(
    route: CompiledLlmRoute,
    endpoints: CompiledLlm['endpoints'],
    integration: LambdaIntegration,
    tokens: () => IAuthorizer,
  ): void {
    for (const { method, path } of endpoints) {
      this.#addGuarded(`${route.basePath}/${path}`, method, route.auth, integration, tokens);
    }
  }

  #addGuarded(
    path: string,
    method: string,
    auth: CompiledRoute['auth'],
    integration: LambdaIntegration,
    tokens: () => IAuthorizer,
  ): void {
    if (auth === 'strict') {
      const added = this.api.root
        .resourceForPath(path)
        .addMethod(method, integration, { authorizer: tokens(), authorizationType: AuthorizationType.CUSTOM });
      acknowledgeAuthorizer(added);
    } else {
      const reason = {
        optional: 'gateway.yaml says auth: optional for this route; the function verifies a token that it is given.',
        none: 'gateway.yaml says auth: none for this route: it is public, and its rules and limits still hold.',
      }[auth];
      this.#addOpen({ path, methods: [method], reason }, integration);
    }
  }

  #addOpen({ path, methods, reason }: OpenPath, integration: LambdaIntegration): void {
    const resource = this.api.root.resourceForPath(path);
    for (const method of methods) {
      const added = resource.addMethod(method, integration, { authorizationType: AuthorizationType.NONE });
      Validations.of(added).acknowledge(
        { id: 'AwsSolutions::AwsSolutions-APIG4', reason },
        { id: 'AwsSolutions::AwsSolutions-COG4', reason },
      );
    }
  }
}

const acknowledgeAuthorizer = (method: Method): void =>
  Validations.of(method).acknowledge({
    id: 'AwsSolutions::AwsSolutions-COG4',
    reason:
      'The identity provider is the one gateway.yaml names, not Cognito: a Lambda authorizer verifies its tokens.',
  });
