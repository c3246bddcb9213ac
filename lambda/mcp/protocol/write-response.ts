import { JsonText, jsonOf } from '../../core/json-text.ts';
import type { Raw } from '../../core/mcp.ts';
import type { Id } from './read-message.ts';

/** A response of JSON-RPC. Members of its result may be `JsonText`: then it is one as a whole. */
export const writeResponse = (id: Id, result: Raw): Raw | JsonText => {
  const members = Object.entries(result);
  if (!members.some(([, value]) => value instanceof JsonText)) return { jsonrpc: '2.0', id, result };
  const written = members
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`);
  return new JsonText(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{${written.join(',')}}}`);
};
