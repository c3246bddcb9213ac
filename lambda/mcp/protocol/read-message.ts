import type { Raw } from '../../core/mcp.ts';
import { Refusal } from '../../core/refusal.ts';
import { readJsonText } from '../../http/read-body.ts';
import { isRaw } from '../../targets/raw.ts';
import { readJson } from '../../targets/read-json.ts';
import { repeatsName } from './repeats-name.ts';

export type Id = string | number;

/** One JSON-RPC message (https://www.jsonrpc.org/specification). */
export type Message =
  | { readonly type: 'request'; readonly id: Id; readonly method: string; readonly params: Raw }
  | { readonly type: 'notification'; readonly method: string; readonly params: Raw }
  | { readonly type: 'response' };

/**
 * What a client posted: a message, or the array of them that 2025-03-26 allows. Numbers keep all their digits (G19).
 *
 * Errors: those of `readJsonText`; `Refusal` with `unsupported_media_type`, `malformed_json` or `repeated_name`.
 */
export const readPosted = async (request: Request, maxBytes: number): Promise<unknown> => {
  if (!request.headers.has('content-type')) throw new Refusal('unsupported_media_type');
  const text = await readJsonText(request, maxBytes);
  const json = parse(text);
  if (repeatsName(text)) throw new Refusal('repeated_name');
  return json;
};

const parse = (text: string): unknown => {
  try {
    return readJson(text);
  } catch {
    throw new Refusal('malformed_json');
  }
};

/** The id to answer with, as far as there is one: an error about a request should find its way to whoever waits. */
export const idOf = (json: unknown): Id | null => (isRaw(json) && isId(json.id) ? json.id : null);

const isId = (id: unknown): id is Id => typeof id === 'string' || Number.isSafeInteger(id);

/** Errors: `Refusal('invalid_request')`. */
export const toMessage = (json: unknown): Message => {
  if (!isRaw(json) || json.jsonrpc !== '2.0') throw invalid('jsonrpc');
  const { id, method, params = {} } = json;
  if (method === undefined && (json.result !== undefined || json.error !== undefined)) return { type: 'response' };
  if (typeof method !== 'string' || method === '') throw invalid('method');
  if (!isRaw(params)) throw invalid('params');
  if (params._meta !== undefined && !isRaw(params._meta)) throw invalid('params._meta');
  if (id === undefined) return { type: 'notification', method, params };
  if (!isId(id)) throw invalid('id');
  return { type: 'request', id, method, params };
};

const invalid = (param: string): Refusal => new Refusal('invalid_request', { param }, { param });
