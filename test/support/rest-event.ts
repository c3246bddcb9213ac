import type { APIGatewayProxyEvent } from 'aws-lambda';

export interface RestCall {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly query?: Readonly<Record<string, readonly string[]>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly authorizer?: Readonly<Record<string, unknown>>;
  readonly ip?: string;
}

/**
 * The event API Gateway makes of a call to a REST API with proxy integration.
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export const restEvent = (call: RestCall): APIGatewayProxyEvent => {
  const all = Object.entries(call.headers ?? {}).map(([name, value]) => [name, [value].flat()] as const);
  const query = Object.entries(call.query ?? {});
  return {
    resource: call.path,
    path: call.path,
    httpMethod: call.method ?? 'POST',
    headers: Object.fromEntries(all.map(([name, values]) => [name, values.at(-1)])),
    multiValueHeaders: Object.fromEntries(all.map(([name, values]) => [name, [...values]])),
    queryStringParameters:
      query.length === 0 ? null : Object.fromEntries(query.map(([name, values]) => [name, values.at(-1)])),
    multiValueQueryStringParameters:
      query.length === 0 ? null : Object.fromEntries(query.map(([name, values]) => [name, [...values]])),
    pathParameters: null,
    stageVariables: null,
    body: call.body ?? null,
    isBase64Encoded: call.isBase64Encoded ?? false,
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      authorizer: call.authorizer ?? null,
      domainName: 'a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com',
      httpMethod: call.method ?? 'POST',
      identity: { sourceIp: call.ip ?? '203.0.113.9' } as APIGatewayProxyEvent['requestContext']['identity'],
      path: `/prod${call.path}`,
      protocol: 'HTTP/1.1',
      requestId: 'e1f2a3b4-0000-4000-8000-000000000000',
      requestTimeEpoch: 1_793_000_000_000,
      resourceId: 'r1',
      resourcePath: call.path,
      stage: 'prod',
    },
  };
};
