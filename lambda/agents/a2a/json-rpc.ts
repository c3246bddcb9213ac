import { Refusal, type RefusalCode } from '../../core/refusal.ts';

export type JsonObject = Readonly<Record<string, unknown>>;
type RpcId = string | number | null;

export interface RpcRequest {
  readonly id: RpcId;
  readonly method: string;
  readonly params: JsonObject;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What can be answered to, whatever else is wrong with the message. */
export const rpcId = (json: unknown): RpcId => {
  const id = isObject(json) ? json.id : undefined;
  return typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id)) ? id : null;
};

/**
 * One message of JSON-RPC 2.0 §4, whatever its method. Batches and notifications are not of A2A.
 *
 * Errors: `Refusal('invalid_request')`.
 */
export const readRpc = (json: unknown): RpcRequest => {
  if (!isObject(json)) throw invalid('', 'one JSON-RPC request');
  const { jsonrpc, id, method, params = {} } = json;
  if (jsonrpc !== '2.0') throw invalid('jsonrpc', '2.0');
  if (typeof method !== 'string' || method === '' || method.length > 128) throw invalid('method', 'its name');
  if (rpcId(json) === null || (typeof id === 'string' && id.length > 256)) throw invalid('id', 'a string or a number');
  if (!isObject(params)) throw invalid('params', 'an object');
  return { id: rpcId(json), method, params };
};

const invalid = (param: string, expected: string): Refusal =>
  new Refusal('invalid_request', { param }, param === '' ? {} : { param, expected });

/** JSON-RPC 2.0 §5.1; what is no fault of the message has the code that servers may give a meaning of their own. */
const CODES: ReadonlyMap<RefusalCode, number> = new Map([
  ['malformed_json', -32_700],
  ['invalid_encoding', -32_700],
  ['too_deep', -32_600],
  ['invalid_request', -32_600],
  ['invalid_session', -32_600],
  ['internal', -32_603],
]);

/** A refusal as JSON-RPC says it, with our own code in `data`. A 401 also has API Gateway's `message`. */
export const writeRpcRefusal = (refusal: Refusal, id: RpcId): JsonObject => ({
  ...(refusal.status === 401 ? { message: 'Unauthorized' } : {}),
  jsonrpc: '2.0',
  id,
  error: {
    code: CODES.get(refusal.code) ?? -32_000,
    message: refusal.say,
    data: { code: refusal.code, param: refusal.param ?? null },
  },
});
