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

/** Below every route. */
const ENDPOINTS = [
  'POST /chat/completions',
  'POST /messages',
  'POST /messages/count_tokens',
  'POST /responses',
  'POST /embeddings',
  'GET /models',
];

describe('the methods', () => {
  test('are those of the policy, and those of strict routes ask the authorizer', () => {
    const of = (base: string, authorization: string): [string, string][] =>
      ENDPOINTS.map((endpoint) => [endpoint.replace('/', `${base}/`), authorization]);
    expect(Object.fromEntries(methods().map(({ name, AuthorizationType }) => [name, AuthorizationType]))).toEqual(
      Object.fromEntries([...of('/v1', 'CUSTOM'), ...of('/openai/v1', 'NONE'), ...of('/public/v1', 'NONE')]),
    );
    const [[authorizerId] = []] = stack.ofType('AWS::ApiGateway::Authorizer');
    for (const { AuthorizationType, AuthorizerId } of methods()) {
      expect(AuthorizerId).toEqual(AuthorizationType === 'CUSTOM' ? { Ref: authorizerId } : undefined);
    }
  });

  test('all stream, for up to 15 minutes, from the function: none is a mock, none takes any method', () => {
    for (const { HttpMethod, Integration } of methods()) {
      expect(HttpMethod).not.toBe('ANY');
      expect(Integration).toMatchObject({
        Type: 'AWS_PROXY',
        ResponseTransferMode: 'STREAM',
        TimeoutInMillis: 900_000,
      });
      expect(JSON.stringify(Integration.Uri)).toMatch(
        /:lambda:path\/2021-11-15\/functions\/.*GatehouseLlmFunction.*\/response-streaming-invocations/,
      );
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
    expect(answers().get('UNAUTHORIZED')).toMatchObject({
      ResponseParameters: { 'gatewayresponse.header.WWW-Authenticate': `'Bearer realm="test-gateway"'` },
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
