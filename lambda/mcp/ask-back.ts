import type { CompiledMcp, CompiledMcpRoute } from '../../config/compiled-mcp.ts';
import type { Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import { isRaw } from '../targets/raw.ts';
import type { RequestStates } from './request-state.ts';
import type { UpstreamCall } from './upstream-call.ts';

/** What lets a server ask something of the user or of the user's model. */
const ASKING = ['elicitation', 'sampling', 'roots'];

/** G29, G30: a server that is not trusted is told that the client can't be asked. */
export const capabilitiesFor = (declared: Raw, mayAsk: boolean): Raw =>
  mayAsk ? declared : Object.fromEntries(Object.entries(declared).filter(([name]) => !ASKING.includes(name)));

export const mayAsk = (servers: CompiledMcp['servers'], target: string): boolean => servers[target]?.trusted === true;

const CAPABILITY_OF: ReadonlyMap<unknown, string> = new Map([
  ['elicitation/create', 'elicitation'],
  ['sampling/createMessage', 'sampling'],
  ['roots/list', 'roots'],
]);

/**
 * A result that asks for input, as the client may have it: only what the client said it can give, from a server that may ask,
 * saying which server asks, with the server's state sealed. Every other result stays as it is.
 *
 * Errors: `Refusal('may_not_ask')`.
 */
export const asksBack = (result: Raw, call: UpstreamCall, route: CompiledMcpRoute, states: RequestStates): Raw => {
  if (result.resultType !== 'input_required') return result;
  const { capabilities } = call.context;
  if (call.era === 'legacy') throw refused(call, 'version');
  const { inputRequests = {}, requestState, ...rest } = result;
  if (!isRaw(inputRequests)) throw refused(call, 'form');
  const asked = Object.entries(inputRequests).map(([key, request]) => {
    if (!isRaw(request)) throw refused(call, 'form');
    const capability = CAPABILITY_OF.get(request.method);
    if (capability === undefined || capabilities[capability] === undefined) throw refused(call, 'capability');
    return [key, capability === 'elicitation' ? elicitation(request, call, route) : request];
  });
  return {
    ...rest,
    ...(result.inputRequests === undefined ? {} : { inputRequests: Object.fromEntries(asked) }),
    ...(typeof requestState === 'string' ? { requestState: states.seal(requestState, call) } : {}),
  };
};

const elicitation = (request: Raw, call: UpstreamCall, { servers }: CompiledMcpRoute): Raw => {
  const params = isRaw(request.params) ? request.params : {};
  if (params.mode === 'url' && !String(params.url).startsWith('https://')) throw refused(call, 'url');
  if (servers.length === 1 || typeof params.message !== 'string') return request;
  return { ...request, params: { ...params, message: `${call.target}: ${params.message}` } };
};

const refused = ({ target }: UpstreamCall, reason: string): Refusal => new Refusal('may_not_ask', { target, reason });
