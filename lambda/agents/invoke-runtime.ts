import type { CompiledAgent } from '../../config/compiled-agents.ts';
import type { AgentCall } from '../core/agent.ts';
import { SESSION_HEADER } from '../core/agent.ts';
import type { Handle } from '../core/pipeline.ts';
import { toRefusal } from '../core/refusal.ts';
import type { IncomingAnswer, OutgoingRequest } from '../providers/send.ts';
import type { ToldIdentity } from './identity/agent-identity.ts';
import { createIdentity } from './identity/create-identity.ts';
import type { AgentPorts, RuntimeAddress } from './ports.ts';
import { readText } from './read-text.ts';
import { retryPauseMs } from './retry-pause.ts';
import { type Failure, runtimeFailure } from './runtime-refusal.ts';
import { createSessions } from './sessions.ts';
import { xRayHeader } from './trace-headers.ts';

/** What a runtime answered; the status is a success. */
export type RuntimeReply = IncomingAnswer;

/** What is asked of a runtime: `path` stands behind `/invocations`. */
export interface RuntimeTarget {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly accept: 'as-called' | 'json';
}

/** Made once for each agent: it keeps tokens, and knows which sessions are new. */
export type InvokeRuntime = (target: RuntimeTarget) => Handle<AgentCall, RuntimeReply>;

const MAX_ERROR_BYTES = 16_384;
const MAX_ID_CHARS = 128;

/**
 * Calls the runtime of an agent, as the caller. Its headers are made here from nothing: what a client sends never gets
 * through. What the AWS SDK would try again is tried again, signed anew, until a byte of an answer is there.
 *
 * Errors: those of `AgentIdentity`, `SessionOf`, `Send` and `runtimeFailure`.
 */
export const createInvokeRuntime = (agent: CompiledAgent, ports: AgentPorts): InvokeRuntime => {
  const identity = createIdentity(agent, ports);
  const sessionOf = createSessions(agent, ports);

  const attempt = async (request: OutgoingRequest, call: AgentCall): Promise<RuntimeReply | Failure> => {
    const startedMs = ports.clock();
    const note = (outcome: string, answer?: IncomingAnswer): void => {
      const upstreamRequestId = answer?.headers['x-amzn-requestid']?.slice(0, MAX_ID_CHARS);
      call.facts.attempts.push({
        provider: 'agentcore',
        model: agent.name,
        outcome,
        ...(answer === undefined ? {} : { status: answer.status }),
        ms: ports.clock() - startedMs,
        ...(upstreamRequestId === undefined ? {} : { upstreamRequestId }),
      });
    };
    let answer: IncomingAnswer;
    try {
      answer = await ports.send(request, agent.timeouts, call.signal);
    } catch (thrown) {
      const refusal = toRefusal(thrown);
      note(refusal.code);
      return { refusal, retry: refusal.code === 'upstream_unreachable' ? 'yes' : 'no' };
    }
    if (answer.status >= 200 && answer.status < 300) {
      note('ok', answer);
      return answer;
    }
    const failure = runtimeFailure(answer, await readText(answer.body, MAX_ERROR_BYTES).catch(() => ''));
    note(failure.refusal.code, answer);
    return failure;
  };

  return (target) => async (call) => {
    const address = await ports.runtimeOf(agent.name);
    const session = await sessionOf(call, call.callerSession ?? ports.newId());
    const told = await identity.tell(call);
    let request = toRequest(target, address, call, told, session);
    const startedMs = ports.clock();
    for (let tries = 1; ; tries++) {
      const ready = told.isSigned ? await ports.sign(request, 'bedrock-agentcore', regionOf(address)) : request;
      const headers = { ...ready.headers, ...xRayHeader(call.trace) };
      const answer = await attempt({ ...ready, headers }, call);
      if (!('refusal' in answer)) return answer;
      const pauseMs = retryPauseMs(answer, tries, ports.clock() - startedMs, ports.random());
      if (pauseMs === undefined) throw answer.refusal;
      if (answer.refusal.code === 'upstream_unreachable') request = { ...request, fresh: true };
      await ports.sleep(pauseMs, call.signal);
    }
  };
};

/** Source: AgentCore developer guide, "Invoke an AgentCore Runtime agent"; the ARN is one segment of the path. */
const toRequest = (
  { method, path, accept }: RuntimeTarget,
  { endpoint, arn, qualifier }: RuntimeAddress,
  call: AgentCall,
  told: ToldIdentity,
  session: string,
): OutgoingRequest => ({
  method,
  url: `${endpoint}/runtimes/${encodeURIComponent(arn)}/invocations${path}?qualifier=${encodeURIComponent(qualifier)}`,
  headers: {
    accept: accept === 'as-called' && call.acceptsStream ? 'text/event-stream, application/json' : 'application/json',
    ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    ...call.trace,
    [SESSION_HEADER]: session,
    ...told.headers,
  },
  ...(method === 'POST' ? { body: call.body } : {}),
});

const regionOf = ({ arn }: RuntimeAddress): string | undefined => arn.split(':')[3];
