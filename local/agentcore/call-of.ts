import { AwsError } from './aws-error.ts';
import type { Runtime } from './runtime.ts';

/** What the path of a request asks for, and where in the container that is. */
export interface RuntimeCall {
  readonly runtime: Runtime;
  readonly qualifier: string;
  /** The IAM action; none for what anybody may read. */
  readonly action: 'bedrock-agentcore:InvokeAgentRuntime' | 'bedrock-agentcore:GetAgentCard' | undefined;
  readonly containerPath: string;
}

const PATH = /^\/runtimes\/([^/]+)\/invocations(\/.*)?$/;
const INVOKE = 'bedrock-agentcore:InvokeAgentRuntime';
const CARD = '/.well-known/agent-card.json';
const METADATA = '/.well-known/oauth-protected-resource';

/** Method and the end of the path → action and path in the container. Source: AgentCore developer guide, protocol contracts. */
const HTTP = new Map([['POST ', [INVOKE, '/invocations'] as const]]);
const A2A = new Map([
  ['POST ', [INVOKE, '/'] as const],
  ['POST /', [INVOKE, '/'] as const],
  [`GET ${CARD}`, ['bedrock-agentcore:GetAgentCard', CARD] as const],
]);

/**
 * The call that a request is.
 *
 * Shape:  `POST /runtimes/<ARN, encoded>/invocations?qualifier=<endpoint>`; for A2A `/invocations/` and the agent card below it.
 * Errors: `AwsError('ResourceNotFoundException')`.
 */
export const callOf = (request: Request, runtimes: readonly Runtime[]): RuntimeCall => {
  const { pathname, searchParams } = new URL(request.url);
  const [, name = '', rest = ''] = PATH.exec(pathname) ?? [];
  const arn = decode(name);
  const qualifier = searchParams.get('qualifier') ?? 'DEFAULT';
  const runtime = runtimes.find((one) => one.arn === arn);
  if (runtime === undefined) throw new AwsError('ResourceNotFoundException', 'No agent runtime is found there');
  if (!(runtime.qualifiers ?? ['DEFAULT']).includes(qualifier))
    throw new AwsError('ResourceNotFoundException', 'No endpoint of the agent runtime has this qualifier');
  const { AuthorizerConfiguration: authorizer, ProtocolConfiguration: protocol } = runtime.properties;
  if (request.method === 'GET' && rest === METADATA && authorizer !== undefined)
    return { runtime, qualifier, action: undefined, containerPath: METADATA };
  const [action, containerPath] = (protocol === 'A2A' ? A2A : HTTP).get(`${request.method} ${rest}`) ?? [];
  if (action === undefined || containerPath === undefined)
    throw new AwsError('ResourceNotFoundException', 'There is no such operation');
  return { runtime, qualifier, action, containerPath };
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
};
