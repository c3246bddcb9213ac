import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import { Refusal } from '../core/refusal.ts';

/** What API Gateway knows about a call besides the request itself. */
export interface RestEnv {
  /** Whom the authorizer established. Absent: the app has to verify the token itself. */
  readonly principal?: Principal;
  readonly ip: string;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** How many `authorization` headers came in: more than one is refused, or two readers could each trust another. */
  readonly rawAuthorizationCount: number;
}

/** What is left for the answer when the app has to give up, in milliseconds: Lambda ends a late call without a word. */
const GRACE_MS = 2_000;

/** Set by Gatehouse, by AWS or by proxies. A caller that sends one of these wants to be taken for them. */
const NOT_THE_CALLERS = ['x-gatehouse-', 'x-amzn-', 'x-amz-', 'x-forwarded-', 'cloudfront-'];

/** RFC 9110 §7.6.1: about a connection that ended at API Gateway. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What looks like ours and is the caller's to say: its name for a session with an agent. It is never sent on as it is. */
const THE_CALLERS = new Set(['x-gatehouse-session', 'x-amzn-bedrock-agentcore-runtime-session-id']);

const isTheCallers = (name: string): boolean =>
  THE_CALLERS.has(name) || (!HOP_BY_HOP.has(name) && !NOT_THE_CALLERS.some((prefix) => name.startsWith(prefix)));

const headersOf = (event: APIGatewayProxyEvent): Headers => {
  const headers = new Headers();
  try {
    for (const [name, values] of Object.entries(event.multiValueHeaders ?? {})) {
      if (isTheCallers(name.toLowerCase())) for (const value of values ?? []) headers.append(name, value);
    }
  } catch (cause) {
    throw new Refusal('invalid_header', {}, { cause });
  }
  return headers;
};

const urlOf = (event: APIGatewayProxyEvent): URL => {
  const url = new URL(`https://${event.requestContext.domainName ?? 'gateway.invalid'}`);
  // `path` has no stage in it, `requestContext.path` has. Assigned, not parsed: `//host` must stay a path.
  url.pathname = event.path;
  for (const [name, values] of Object.entries(event.multiValueQueryStringParameters ?? {})) {
    for (const value of values ?? []) url.searchParams.append(name, value);
  }
  return url;
};

const bodyOf = (event: APIGatewayProxyEvent): Uint8Array<ArrayBuffer> | string | null => {
  if (event.body === null || event.httpMethod === 'GET' || event.httpMethod === 'HEAD') return null;
  return event.isBase64Encoded ? new Uint8Array(Buffer.from(event.body, 'base64')) : event.body;
};

/**
 * One event as a `Request`, without the headers that only Gatehouse and AWS may set.
 *
 * Errors: `Refusal('invalid_header')` for header names or values that HTTP does not allow.
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html (input format).
 */
export const toRequest = (event: APIGatewayProxyEvent, signal: AbortSignal): Request =>
  new Request(urlOf(event), { method: event.httpMethod, headers: headersOf(event), body: bodyOf(event), signal });

const authorizationCount = (event: APIGatewayProxyEvent): number =>
  Object.entries(event.multiValueHeaders ?? {})
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .reduce((count, [, values]) => count + (values?.length ?? 0), 0);

/** Gives the principal in the authorizer's context, if it still holds. */
export type PrincipalOf = (context: Readonly<Record<string, unknown>>) => Principal | undefined;

const establishedPrincipal = (event: APIGatewayProxyEvent, principalOf: PrincipalOf): Principal | undefined => {
  try {
    return principalOf(event.requestContext.authorizer ?? {});
  } catch (thrown) {
    // Expired since it was cached. The app then verifies the token itself, and refuses it in its own words and record.
    if (thrown instanceof Refusal) return undefined;
    throw thrown;
  }
};

export const toEnv = (
  event: APIGatewayProxyEvent,
  context: Context,
  principalOf: PrincipalOf,
  clock: Clock,
): RestEnv => {
  const principal = establishedPrincipal(event, principalOf);
  return {
    ...(principal === undefined ? {} : { principal }),
    ip: event.requestContext.identity.sourceIp,
    deadlineMs: clock() + context.getRemainingTimeInMillis() - GRACE_MS,
    rawAuthorizationCount: authorizationCount(event),
  };
};
