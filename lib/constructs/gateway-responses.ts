import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';

interface GatewayAnswer {
  readonly type: ResponseType;
  readonly status?: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** API Gateway's own `message`, and OpenAI's error body, which is where SDKs look. */
const body = (code: string, type: string, say: string, message = say) => ({
  message,
  error: { message: say, type, param: null, code },
});

/** For what has no sentence of ours: API Gateway puts its own in. Both variables stand without quotes or within, as JSON needs. */
const PASSED_ON =
  '{"message":$context.error.messageString,"error":{"message":$context.error.messageString,"type":"TYPE","param":null,"code":"$context.error.responseType"}}';

/**
 * What API Gateway answers when a call does not get as far as a function. The sentences are those of lambda/core/refusal.ts.
 * The 401 has to be made here: API Gateway renames the challenge of a function.
 */
const answersOf = (challenge: string): readonly GatewayAnswer[] => [
  {
    type: ResponseType.UNAUTHORIZED,
    // One answer for no token and for a bad one: RFC 6750 §3.1 leaves `error` out when there was no token.
    body: body(
      'token_rejected',
      'authentication_error',
      'send a valid bearer token in the authorization header',
      'Unauthorized',
    ),
    // Clients in a browser see neither without being let: the MCP authorization specification needs the challenge there.
    headers: {
      'WWW-Authenticate': `'${challenge}'`,
      'Access-Control-Allow-Origin': "'*'",
      'Access-Control-Expose-Headers': "'WWW-Authenticate'",
    },
  },
  {
    type: ResponseType.ACCESS_DENIED,
    body: body('not_allowed', 'permission_error', 'no authorization rule of this route allows the call'),
  },
  {
    type: ResponseType.AUTHORIZER_FAILURE,
    status: '503',
    body: body('identity_unavailable', 'server_error', 'the identity provider cannot be reached to check the token'),
    headers: { 'Retry-After': "'5'" },
  },
  {
    // What API Gateway calls a missing token is a path or method that does not exist.
    type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
    status: '404',
    body: body(
      'route_not_found',
      'not_found_error',
      'there is no such route: see the paths that this gateway serves in its gateway.yaml',
    ),
  },
  {
    type: ResponseType.THROTTLED,
    body: body('rate_limited', 'rate_limit_error', 'the gateway takes no more calls just now: try again later'),
    headers: { 'Retry-After': "'1'" },
  },
  {
    type: ResponseType.REQUEST_TOO_LARGE,
    body: body('body_too_large', 'invalid_request_error', 'the body is larger than the gateway takes'),
  },
];

/** Makes every answer of API Gateway's own one that OpenAI clients understand. `challenge` is what a 401 asks for. */
export const addGatewayResponses = (api: RestApi, challenge: string): void => {
  for (const { type, status, body: answer, headers } of answersOf(challenge)) {
    api.addGatewayResponse(type.responseType, {
      type,
      ...(status === undefined ? {} : { statusCode: status }),
      templates: { 'application/json': JSON.stringify(answer) },
      ...(headers === undefined ? {} : { responseHeaders: { ...headers } }),
    });
  }
  for (const [type, errorType] of [
    [ResponseType.DEFAULT_4XX, 'invalid_request_error'],
    [ResponseType.DEFAULT_5XX, 'server_error'],
  ] as const) {
    api.addGatewayResponse(type.responseType, {
      type,
      templates: { 'application/json': PASSED_ON.replace('TYPE', errorType) },
    });
  }
};
