import { randomUUID } from 'node:crypto';
import { type AdmitOptions, createAdmit } from './admit.ts';
import { AwsError, type AwsErrorName } from './aws-error.ts';
import { callOf, type RuntimeCall } from './call-of.ts';
import type { Credential } from './check-signature.ts';
import { forwardedHeaders, readAllowlist } from './forwarded-headers.ts';
import type { Runtime } from './runtime.ts';

export interface AgentCoreOptions extends Omit<AdmitOptions, 'credentials'> {
  readonly runtimes: readonly Runtime[];
  /** By access key id. */
  readonly credentials: Readonly<Record<string, Credential>>;
  /** What AgentCore itself answers instead of passing the call on: for tests of those who try again. */
  readonly failures?: (call: { readonly arn: string; readonly session: string }) => AwsErrorName | undefined;
  /** Default: AgentCore's 100 MB. */
  readonly maxPayloadBytes?: number;
}

const SESSION = 'x-amzn-bedrock-agentcore-runtime-session-id';
const MAX_PAYLOAD_BYTES = 100 * 1024 * 1024;

/**
 * AgentCore's data plane, as far as it decides about calls: which runtime, who may call it and how, which headers reach the
 * container, and what becomes of the answer. Callers meet AWS's own errors.
 *
 * Errors: an `Error` at the start for a runtime that CloudFormation would not take.
 * Source: AgentCore API reference, InvokeAgentRuntime; AgentCore developer guide, "AgentCore Runtime".
 */
export const createAgentCore = (options: AgentCoreOptions): ((request: Request) => Promise<Response>) => {
  const { runtimes, endpoint, failures = () => undefined, maxPayloadBytes = MAX_PAYLOAD_BYTES } = options;
  const credentials = new Map(Object.entries(options.credentials));
  const doors = new Map(
    runtimes.map((runtime) => [
      runtime,
      { admit: createAdmit(runtime, { ...options, credentials }), allowlist: readAllowlist(runtime.properties) },
    ]),
  );

  const serve = async (request: Request): Promise<Response> => {
    const call = callOf(request, runtimes);
    if (call.action === undefined) return protectedResource(call, endpoint());
    const body = await readBody(request, maxPayloadBytes);
    const door = doors.get(call.runtime);
    await door?.admit(request, body, call);
    const session = sessionOf(request.headers);
    const headers = forwardedHeaders(request.headers, door?.allowlist ?? []);
    const failure = failures({ arn: call.runtime.arn, session });
    if (failure !== undefined) throw new AwsError(failure, SAYS.get(failure) ?? 'The request failed');
    headers.set(SESSION, session);
    // The agent's own identity in AgentCore. It is worth nothing here.
    headers.set('workloadaccesstoken', `local-${randomUUID()}`);
    return answerOf(await ask(call, request, headers, body), session);
  };

  return async (request) => {
    const id = randomUUID();
    const response = await serve(request).catch((thrown: unknown) => {
      if (thrown instanceof AwsError) return thrown.toResponse();
      // Also a policy that is not understood here: nobody passes.
      return new AwsError('InternalServerException', 'Internal server error').toResponse();
    });
    response.headers.set('x-amzn-requestid', id);
    return response;
  };
};

const SAYS: ReadonlyMap<AwsErrorName, string> = new Map([
  ['RetryableConflictException', 'Session operation in progress, please retry'],
  ['ThrottlingException', 'Rate exceeded'],
  ['ServiceQuotaExceededException', 'The number of active sessions exceeds the quota'],
]);

/** Errors: `AwsError('ValidationException')`. */
const sessionOf = (headers: Headers): string => {
  const session = headers.get(SESSION) ?? randomUUID();
  if (session.length < 33 || session.length > 256)
    throw new AwsError('ValidationException', 'runtimeSessionId must have between 33 and 256 characters');
  return session;
};

const readBody = async ({ body }: Request, maxBytes: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new AwsError('ValidationException', 'The payload is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const ask = async (
  { runtime, containerPath }: RuntimeCall,
  { method, signal }: Request,
  headers: Headers,
  body: Uint8Array,
): Promise<Response> => {
  const hasBody = method !== 'GET';
  const request = new Request(`http://127.0.0.1:8080${containerPath}`, {
    method,
    headers,
    signal,
    ...(hasBody ? { body: Uint8Array.from(body) } : {}),
  });
  return runtime.container(request).catch(() => new Response(null, { status: 500 }));
};

/** What a container says with any other status than a good one, nobody gets to read. */
const answerOf = ({ ok, status, headers, body }: Response, session: string): Response => {
  if (!ok)
    throw new AwsError(
      'RuntimeClientError',
      `Received error (${status}) from runtime. Please check your CloudWatch logs for more information.`,
      { [SESSION]: session },
    );
  const type = headers.get('content-type') ?? 'application/json';
  return new Response(body, { headers: { 'content-type': type, [SESSION]: session } });
};

/** RFC 9728 §3.2. */
const protectedResource = ({ runtime }: RuntimeCall, endpoint: string): Response => {
  const { DiscoveryUrl: url = '' } = runtime.properties.AuthorizerConfiguration?.CustomJWTAuthorizer ?? {};
  return Response.json({
    resource: `${endpoint}/runtimes/${encodeURIComponent(runtime.arn)}/invocations`,
    authorization_servers: [url.replace(/\/\.well-known\/openid-configuration$/, '')],
  });
};
