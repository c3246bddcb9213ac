import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Refusal, type RefusalCode } from '../../lambda/core/refusal.ts';
import { writeOpenAiRefusal } from '../../lambda/core/write-refusal.ts';
import { type Synthesized, synthesize } from '../support/synth.ts';

let stack: Synthesized;
beforeAll(() => {
  stack = synthesize('test/cdk/policy.yaml');
}, 60_000);
afterAll(() => stack.remove());

/** The path of a method's resource, from the root. */
const pathOf = (resourceId: { Ref?: string }): string => {
  const resource = resourceId.Ref === undefined ? undefined : stack.template.Resources[resourceId.Ref];
  return resource === undefined ? '' : `${pathOf(resource.Properties.ParentId)}/${resource.Properties.PathPart}`;
};

const methods = () =>
  stack.ofType('AWS::ApiGateway::Method').map(([, { Properties }]) => ({
    ...Properties,
    name: `${Properties.HttpMethod} ${pathOf(Properties.ResourceId) || '/'}`,
  }));

/** Below every route to models. */
const ENDPOINTS = [
  'POST /chat/completions',
  'POST /messages',
  'POST /messages/count_tokens',
  'POST /responses',
  'POST /embeddings',
  'GET /models',
];

/** The first that fits. */
const SERVED_BY = [
  [/ \/(agents|a2a|invoke)\b/, 'Agents'],
  [/ \/(oauth2\/|\.well-known\/(openid-|oauth-authorization-|jwks))/, 'Token'],
  [/mcp|well-known/, 'Mcp'],
  [/\/v1\//, 'Llm'],
] as const;

describe('the methods', () => {
  test('are those of the policy, and those of strict routes ask the authorizer', () => {
    const of = (base: string, authorization: string): [string, string][] =>
      ENDPOINTS.map((endpoint) => [endpoint.replace('/', `${base}/`), authorization]);
    expect(Object.fromEntries(methods().map(({ name, AuthorizationType }) => [name, AuthorizationType]))).toEqual({
      ...Object.fromEntries([...of('/v1', 'CUSTOM'), ...of('/openai/v1', 'NONE'), ...of('/public/v1', 'NONE')]),
      'POST /mcp': 'CUSTOM',
      'POST /open/mcp': 'NONE',
      // 405 for everybody.
      'GET /mcp': 'NONE',
      'DELETE /mcp': 'NONE',
      'GET /open/mcp': 'NONE',
      'DELETE /open/mcp': 'NONE',
      // For whoever has no token yet. The open route needs none.
      'GET /.well-known/oauth-protected-resource': 'NONE',
      'OPTIONS /.well-known/oauth-protected-resource': 'NONE',
      'GET /.well-known/oauth-protected-resource/mcp': 'NONE',
      'OPTIONS /.well-known/oauth-protected-resource/mcp': 'NONE',
      // Clients say who they are in the request; everybody may verify.
      'POST /oauth2/token': 'NONE',
      'GET /.well-known/openid-configuration': 'NONE',
      'GET /.well-known/oauth-authorization-server': 'NONE',
      'GET /.well-known/jwks.json': 'NONE',
      'POST /agents/copilot/invocations': 'CUSTOM',
      'POST /agents/analyst/invocations': 'CUSTOM',
      'POST /agents/auditor/invocations': 'CUSTOM',
      'POST /agents/believer/invocations': 'CUSTOM',
      'POST /agents/elsewhere/invocations': 'CUSTOM',
      'POST /invoke': 'CUSTOM',
      'POST /a2a/clerk': 'CUSTOM',
      'GET /a2a/clerk/.well-known/agent-card.json': 'CUSTOM',
      'GET /a2a/clerk/.well-known/agent.json': 'CUSTOM',
    });
    const [[authorizerId] = []] = stack.ofType('AWS::ApiGateway::Authorizer');
    for (const { AuthorizationType, AuthorizerId } of methods()) {
      expect(AuthorizerId).toEqual(AuthorizationType === 'CUSTOM' ? { Ref: authorizerId } : undefined);
    }
  });

  test('all stream, for up to 15 minutes, from the function: none is a mock, none takes any method', () => {
    for (const { HttpMethod, Integration, name } of methods()) {
      expect(HttpMethod).not.toBe('ANY');
      expect(Integration).toMatchObject({
        Type: 'AWS_PROXY',
        ResponseTransferMode: 'STREAM',
        TimeoutInMillis: 900_000,
      });
      const [, served] =
        /:lambda:path\/2021-11-15\/functions\/.*Gatehouse(Llm|Mcp|Token|Agents)Function.*\/response-streaming-invocations/.exec(
          JSON.stringify(Integration.Uri),
        ) ?? [];
      const [, serving] = SERVED_BY.find(([path]) => path.test(name)) ?? [];
      expect([name, served]).toEqual([name, serving]);
    }
  });
});

describe('the authorizer', () => {
  test('is asked about the authorization header, and its answer is kept for a minute', () => {
    const [[, authorizer] = []] = stack.ofType('AWS::ApiGateway::Authorizer');
    expect(authorizer?.Properties).toMatchObject({
      Type: 'TOKEN',
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerResultTtlInSeconds: 60,
    });
  });

  test.each([
    ['Bearer eyJhbGciOi.J9_-.x', true],
    ['bearer key~+/==', true],
    ['Bearer', false],
    ['Bearer  two-spaces', false],
    ['Bearer a, Bearer b', false],
    ['Basic dXNlcjpwYXNz', false],
    ['Bearer a\r\nx: y', false],
  ])('and is not even asked about what can not be a token: %j', (header, asked) => {
    const [[, authorizer] = []] = stack.ofType('AWS::ApiGateway::Authorizer');
    expect(new RegExp(authorizer?.Properties.IdentityValidationExpression).test(header)).toBe(asked);
  });
});

describe('the stage', () => {
  test('is regional, throttled, traced, and logs no execution', () => {
    const [[, api] = []] = stack.ofType('AWS::ApiGateway::RestApi');
    const [[, stage] = []] = stack.ofType('AWS::ApiGateway::Stage');
    expect(api?.Properties.EndpointConfiguration.Types).toEqual(['REGIONAL']);
    expect(stage?.Properties.TracingEnabled).toBe(true);
    expect(stage?.Properties.MethodSettings).toEqual([
      {
        HttpMethod: '*',
        ResourcePath: '/*',
        ThrottlingRateLimit: 200,
        ThrottlingBurstLimit: 400,
        LoggingLevel: 'OFF',
        DataTraceEnabled: false,
        MetricsEnabled: true,
      },
    ]);
  });

  test('has an access log of JSON, without any header of the caller', () => {
    const [[, stage] = []] = stack.ofType('AWS::ApiGateway::Stage');
    const format = JSON.parse(stage?.Properties.AccessLogSetting.Format);
    expect(format).toMatchObject({
      requestId: '$context.requestId',
      status: '$context.status',
      ip: '$context.identity.sourceIp',
    });
    expect(Object.values(format).filter((value) => !/^\$context\.[\w.]+$/.test(String(value)))).toEqual([]);
    expect(JSON.stringify(format)).not.toMatch(/header|authorizer\.(?!principalId|error)|userAgent/i);
  });
});

describe("API Gateway's own answers", () => {
  const answers = () =>
    new Map(
      stack
        .ofType('AWS::ApiGateway::GatewayResponse')
        .map(([, { Properties }]) => [Properties.ResponseType, Properties]),
    );

  /** What CloudFormation makes of a header, with names of ours. */
  const filledIn = (value: { 'Fn::Join': [string, (string | { Ref: string })[]] }): string =>
    value['Fn::Join'][1]
      .map((part) => (typeof part === 'string' ? part : part.Ref.replace(/^GatehouseApi[0-9A-F]{8}$/, 'API')))
      .join('');

  const bodyOf = (type: string) => JSON.parse(answers().get(type)?.ResponseTemplates['application/json']);

  test('a call without a good token is told so as OpenAI would, with the challenge', () => {
    expect(bodyOf('UNAUTHORIZED')).toEqual({
      message: 'Unauthorized',
      error: {
        message: 'send a valid bearer token in the authorization header',
        type: 'authentication_error',
        param: null,
        code: 'token_rejected',
      },
    });
    const { ResponseParameters } = answers().get('UNAUTHORIZED');
    const url = 'https://API.execute-api.AWS::Region.AWS::URLSuffix/prod';
    expect(filledIn(ResponseParameters['gatewayresponse.header.WWW-Authenticate'])).toBe(
      `'Bearer realm="test-gateway", resource_metadata="${url}/.well-known/oauth-protected-resource/mcp"'`,
    );
    expect(ResponseParameters).toMatchObject({
      'gatewayresponse.header.Access-Control-Allow-Origin': "'*'",
      'gatewayresponse.header.Access-Control-Expose-Headers': "'WWW-Authenticate'",
    });
  });

  test.each<[string, RefusalCode]>([
    ['ACCESS_DENIED', 'not_allowed'],
    ['AUTHORIZER_FAILURE', 'identity_unavailable'],
    ['MISSING_AUTHENTICATION_TOKEN', 'route_not_found'],
  ])('%s says what the apps say of %s', (type, code) => {
    const refusal = new Refusal(code);
    expect(bodyOf(type)).toEqual({ message: refusal.say, ...writeOpenAiRefusal(refusal) });
    // 403 is API Gateway's own status for a denied call.
    expect(answers().get(type)?.StatusCode ?? '403').toBe(String(refusal.status));
  });

  test.each<[string, RefusalCode]>([
    ['THROTTLED', 'rate_limited'],
    ['REQUEST_TOO_LARGE', 'body_too_large'],
  ])('%s has the code and type of %s', (type, code) => {
    const { error } = writeOpenAiRefusal(new Refusal(code)) as { error: { type: string; code: string } };
    expect(bodyOf(type).error).toMatchObject({ type: error.type, code: error.code });
  });

  test.each(['DEFAULT_4XX', 'DEFAULT_5XX'])('%s is JSON once API Gateway has put its words in', (type) => {
    const template: string = answers().get(type)?.ResponseTemplates['application/json'];
    const filled = template
      .replaceAll('$context.error.messageString', JSON.stringify('a "quoted" word'))
      .replaceAll('$context.error.responseType', 'BAD_REQUEST_BODY');
    expect(JSON.parse(filled)).toMatchObject({
      message: 'a "quoted" word',
      error: { message: 'a "quoted" word', code: 'BAD_REQUEST_BODY' },
    });
  });
});
