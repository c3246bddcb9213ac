import type { Clock } from '../../lambda/core/clock.ts';
import { AwsError } from './aws-error.ts';
import type { RuntimeCall } from './call-of.ts';
import { createCheckJwt } from './check-jwt.ts';
import { type Credential, checkSignature } from './check-signature.ts';
import { decide } from './resource-policy.ts';
import type { Runtime } from './runtime.ts';

/** Lets a call pass, or throws `AwsError`. */
export type Admit = (request: Request, body: Uint8Array, call: RuntimeCall) => Promise<void>;

export interface AdmitOptions {
  readonly credentials: ReadonlyMap<string, Credential>;
  readonly clock: Clock;
  /** This stand-in, as its callers see it. */
  readonly endpoint: () => string;
}

const MISMATCH =
  'Authorization method mismatch. The agent is configured for a different authorization method than what was used in your request.';
const FOR_USER = 'x-amzn-bedrock-agentcore-runtime-user-id';
const ALLOWED = ['bedrock-agentcore:InvokeAgentRuntime', 'bedrock-agentcore:GetAgentCard'];

/** A runtime takes one kind of caller: those with a JWT that its authorizer accepts, or those that sign with IAM's keys. */
export const createAdmit = ({ arn, properties, resourcePolicy }: Runtime, options: AdmitOptions): Admit => {
  const authorizer = properties.AuthorizerConfiguration?.CustomJWTAuthorizer;
  if (authorizer === undefined) return admitSigned(arn, resourcePolicy, options);
  const checkJwt = createCheckJwt(authorizer, options.clock);
  return async ({ headers }, _body, { qualifier }) => {
    const authorization = headers.get('authorization');
    if (authorization?.startsWith('AWS4-')) throw new AwsError('AccessDeniedException', MISMATCH);
    const [, token] = /^Bearer ([^\s,]+)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) {
      const metadata = `${options.endpoint()}/runtimes/${encodeURIComponent(arn)}/invocations/.well-known/oauth-protected-resource?qualifier=${qualifier}`;
      throw new AwsError('UnauthorizedException', 'Missing Authentication Token', {
        'www-authenticate': `Bearer resource_metadata="${metadata}"`,
      });
    }
    await checkJwt(token);
  };
};

const admitSigned =
  (arn: string, policy: Runtime['resourcePolicy'], { credentials, clock }: AdmitOptions): Admit =>
  async (request, body, { action = '' }) => {
    const { headers } = request;
    if (/^Bearer\b/i.test(headers.get('authorization') ?? '')) throw new AwsError('AccessDeniedException', MISMATCH);
    const [, , , region = ''] = arn.split(':');
    const who = checkSignature(request, body, { credentials, region, nowMs: clock() });
    // Whoever says for which user they call needs a second permission.
    const actions = [action, ...(headers.has(FOR_USER) ? ['bedrock-agentcore:InvokeAgentRuntimeForUser'] : [])];
    for (const one of actions) if (!mayDo(who, one, arn, policy)) throw deniedTo(who.principalArn, one, arn);
  };

/** In one account either policy may allow; a deny of the resource's wins over both. */
const mayDo = (who: Credential, action: string, arn: string, policy: Runtime['resourcePolicy']): boolean => {
  const decision = decide(policy, { principalArn: who.principalArn, action, resource: arn });
  if (decision !== 'silent') return decision === 'allow';
  const isSameAccount = who.principalArn.split(':')[4] === arn.split(':')[4];
  return isSameAccount && (who.allowedActions ?? ALLOWED).includes(action);
};

const deniedTo = (principal: string, action: string, resource: string): AwsError =>
  new AwsError(
    'AccessDeniedException',
    `User: ${principal} is not authorized to perform: ${action} on resource: ${resource}`,
  );
