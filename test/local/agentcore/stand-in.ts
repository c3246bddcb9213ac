import { SignatureV4 } from '@smithy/signature-v4';
import type { AgentCoreOptions } from '../../../local/agentcore/create-agentcore.ts';
import { createAgentCore } from '../../../local/agentcore/create-agentcore.ts';
import type { Runtime, RuntimeProperties } from '../../../local/agentcore/runtime.ts';
import { NOW_MS } from '../../lambda/identity/issuer.ts';
import { Sha256 } from '../../support/sha256.ts';

export const ACCOUNT = '123456789012';
export const ARN = `arn:aws:bedrock-agentcore:eu-central-1:${ACCOUNT}:runtime/copilot-abc`;
export const ENDPOINT = 'http://127.0.0.1:3006';
export const GATEWAY_ROLE = `arn:aws:iam::${ACCOUNT}:role/agents`;
export const OTHER_ROLE = `arn:aws:iam::${ACCOUNT}:role/other`;
export const CUSTOM = 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-';
export const SESSION = 'X-Amzn-Bedrock-AgentCore-Runtime-Session-Id';

export const KEYS = {
  gateway: { accessKeyId: 'AKIAGATEWAY', secretAccessKey: 'gateway-secret' },
  other: { accessKeyId: 'AKIAOTHER', secretAccessKey: 'other-secret' },
  session: { accessKeyId: 'ASIASESSION', secretAccessKey: 'session-secret', sessionToken: 'token==' },
} as const;

/** AgentCore with one runtime, and what reached its container. */
export const agentCoreWith = (
  properties: RuntimeProperties = {},
  more: Partial<Runtime> & Partial<Pick<AgentCoreOptions, 'failures' | 'maxPayloadBytes' | 'clock'>> = {},
) => {
  const seen: { method: string; path: string; headers: Record<string, string>; body: string }[] = [];
  const { failures, maxPayloadBytes, clock = () => NOW_MS, container, ...runtime } = more;
  const call = createAgentCore({
    runtimes: [
      {
        arn: ARN,
        properties,
        ...runtime,
        container: async (request) => {
          seen.push({
            method: request.method,
            path: new URL(request.url).pathname,
            headers: Object.fromEntries(request.headers),
            body: await request.clone().text(),
          });
          return container?.(request) ?? Response.json({ output: 'hello' });
        },
      },
    ],
    credentials: {
      AKIAGATEWAY: { secretAccessKey: 'gateway-secret', principalArn: GATEWAY_ROLE },
      ASIASESSION: { ...KEYS.session, principalArn: GATEWAY_ROLE },
      AKIAOTHER: { secretAccessKey: 'other-secret', principalArn: OTHER_ROLE },
    },
    clock,
    endpoint: () => ENDPOINT,
    ...(failures === undefined ? {} : { failures }),
    ...(maxPayloadBytes === undefined ? {} : { maxPayloadBytes }),
  });
  return { call, seen };
};

export interface CallOptions {
  readonly arn?: string;
  readonly rest?: string;
  readonly qualifier?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly endpoint?: string;
}

export const unsignedCall = ({
  arn = ARN,
  rest = '',
  qualifier = 'DEFAULT',
  method = 'POST',
  headers = {},
  body = '{"prompt":"hello"}',
  endpoint = ENDPOINT,
}: CallOptions = {}): Request =>
  new Request(`${endpoint}/runtimes/${encodeURIComponent(arn)}/invocations${rest}?qualifier=${qualifier}`, {
    method,
    headers,
    ...(method === 'GET' ? {} : { body }),
  });

const keysOf = (as: keyof typeof KEYS, sessionToken?: string) => {
  const { accessKeyId, secretAccessKey } = KEYS[as];
  const own = as === 'session' ? KEYS.session.sessionToken : '';
  const token = sessionToken ?? own;
  return { accessKeyId, secretAccessKey, ...(token === '' ? {} : { sessionToken: token }) };
};

/** Signed by the AWS SDK's own implementation. */
export const signedCall = async (
  options: CallOptions & {
    readonly as?: keyof typeof KEYS;
    readonly service?: string;
    readonly region?: string;
    readonly atMs?: number;
    /** In place of the key's own; an empty one is none. */
    readonly sessionToken?: string;
    /** Put in after signing. */
    readonly smuggled?: Readonly<Record<string, string>>;
  } = {},
): Promise<Request> => {
  const { as = 'gateway', service = 'bedrock-agentcore', region = 'eu-central-1', atMs = NOW_MS, smuggled } = options;
  const plain = unsignedCall(options);
  const { pathname, searchParams, host } = new URL(plain.url);
  const signer = new SignatureV4({ credentials: keysOf(as, options.sessionToken), service, region, sha256: Sha256 });
  const { headers } = await signer.sign(
    {
      method: plain.method,
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { ...Object.fromEntries(plain.headers), host },
      ...(plain.method === 'GET' ? {} : { body: await plain.clone().text() }),
    },
    { signingDate: new Date(atMs) },
  );
  return new Request(plain, { headers: { ...headers, ...smuggled } });
};

/** Status, name of the error and message. */
export const outcomeOf = async (response: Response): Promise<readonly [number, string | null, string]> => [
  response.status,
  response.headers.get('x-amzn-errortype'),
  response.ok ? '' : ((await response.json()) as { message: string }).message,
];
