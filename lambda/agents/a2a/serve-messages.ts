import type { CompiledPolicy } from '../../../config/compiled.ts';
import type { CompiledAgent } from '../../../config/compiled-agents.ts';
import type { AgentCall } from '../../core/agent.ts';
import { pipeline } from '../../core/pipeline.ts';
import { type Refusal, toRefusal } from '../../core/refusal.ts';
import { type Answer, observed, refusalHeaders, type Serve, type Surface } from '../../http/observed.ts';
import type { InvokeRuntime, RuntimeReply } from '../invoke-runtime.ts';
import { answerText, isEventStream, MAX_ANSWER_BYTES, type Passing, passStream } from '../pass-reply.ts';
import type { AgentPorts } from '../ports.ts';
import { readBody } from '../read-body.ts';
import { readAgentCall } from '../read-call.ts';
import { readText } from '../read-text.ts';
import { agentStages } from '../stages.ts';
import { rewriteCard } from './agent-card.ts';
import { isObject, type JsonObject, type RpcRequest, readRpc, rpcId, writeRpcRefusal } from './json-rpc.ts';
import { taskAsked, taskIn, taskInEvents } from './task.ts';

const surface: Surface = { name: 'a2a', writeRefusal: (refusal) => writeRpcRefusal(refusal, null) };

/** Methods whose answer is the agent's card, in 0.3 and in 1.0. */
const GIVES_CARD = new Set(['agent/getAuthenticatedExtendedCard', 'GetExtendedAgentCard']);

/** `POST /a2a/<name>`: one JSON-RPC message, of any method, to the agent and its answer back, whole or as events. */
export const serveMessages = (
  policy: Pick<CompiledPolicy, 'name' | 'version'>,
  agent: CompiledAgent,
  invoke: InvokeRuntime,
  ports: AgentPorts,
): Serve => {
  const handle = pipeline(agentStages(agent, ports), invoke({ method: 'POST', path: '/', accept: 'as-called' }));
  const place = { url: `${ports.issuer}${agent.path}`, issuer: ports.issuer };
  return observed(policy, { ...agent, auth: 'strict' }, surface, ports, async (request, call, exchange, abort) => {
    const { text: body, json } = await readBody(request);
    const id = rpcId(json);
    const passing = { exchange, abort, ports, writeError: (refusal: Refusal) => errorEvent(refusal, id) };
    try {
      const rpc = readRpc(json);
      const start = readAgentCall(agent, request, call, exchange, ports.newId, ONE_SESSION);
      const taskId = taskAsked(rpc.params);
      const about = { method: rpc.method, ...(taskId === undefined ? {} : { taskId }) };
      exchange.noteAgent(about);
      const a2aCall: AgentCall = { ...start, body, a2a: about };
      return await passAnswer(await handle(a2aCall), rpc, passing, place);
    } catch (thrown) {
      const refusal = abort.signal.aborted ? toRefusal(abort.signal.reason) : toRefusal(thrown);
      // What asks for a token, and what is a bug, is answered where every surface answers it.
      if (refusal.status === 401 || refusal.code === 'internal') throw thrown;
      const headers = refusalHeaders(refusal, () => '');
      return { body: writeRpcRefusal(refusal, id), status: refusal.status, refusal, headers };
    }
  });
};

/** A2A has no event for errors: its clients read data only, and know an error by its member. */
const errorEvent = (refusal: Refusal, id: RpcRequest['id']): string =>
  `data: ${JSON.stringify(writeRpcRefusal(refusal, id))}\n\n`;

/**
 * What a task is, and which context it is of, the agent alone knows: a first message names neither, and what asks for a task or
 * ends it names no context. So all that one caller says to an agent reaches one runtime, unless a header names another session.
 */
const ONE_SESSION = 'a2a';

const passAnswer = async (
  reply: RuntimeReply,
  { method }: RpcRequest,
  passing: Passing,
  place: Parameters<typeof rewriteCard>[1],
): Promise<Answer> => {
  const { exchange } = passing;
  if (isEventStream(reply))
    return passStream(reply, { ...passing, seen: (events) => exchange.noteAgent(taskInEvents(events)) });
  const text = await readText(reply.body, MAX_ANSWER_BYTES);
  const answer = parse(text);
  exchange.noteAgent(taskIn(answer));
  if (GIVES_CARD.has(method) && isObject(answer?.result))
    return { body: { ...answer, result: rewriteCard(answer.result, place) } };
  return answerText(text, reply, exchange);
};

const parse = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
