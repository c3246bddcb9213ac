import type { Raw } from '../../core/mcp.ts';
import { isRaw } from '../../targets/raw.ts';
import { type Era, SERVER_INFO } from './versions.ts';

const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';
const RESERVED = 'io.modelcontextprotocol/';

/** These say how long they may be kept (MCP 2026-07-28, "Caching"). */
const CACHEABLE: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** A result in the words of the client's era, whichever era it came from. What is of no era stays as it is. */
export const writeResult = (method: string, result: Raw, era: Era): Raw =>
  era === 'modern' ? toModern(method, result) : toLegacy(method, result);

const toModern = (method: string, result: Raw): Raw => {
  const isComplete = result.resultType !== 'input_required';
  return {
    ...result,
    resultType: isComplete ? 'complete' : 'input_required',
    ...(CACHEABLE.has(method) && isComplete ? { ttlMs: ttlOf(result), cacheScope: 'private' } : {}),
    _meta: { ...(isRaw(result._meta) ? result._meta : {}), [SERVER_INFO_KEY]: SERVER_INFO },
  };
};

const ttlOf = ({ ttlMs }: Raw): number => (typeof ttlMs === 'number' && ttlMs > 0 ? Math.floor(ttlMs) : 0);

const toLegacy = (method: string, result: Raw): Raw => {
  const { resultType: _, ttlMs: __, cacheScope: ___, _meta: meta, ...rest } = result;
  const kept = isRaw(meta) ? Object.entries(meta).filter(([name]) => !name.startsWith(RESERVED)) : [];
  const own = kept.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(kept) };
  return method === 'tools/call' ? structuredForLegacy(own) : own;
};

/** Until 2025-11-25 structured content is an object; what is none is still there as text. */
const structuredForLegacy = (result: Raw): Raw => {
  if (result.structuredContent === undefined || isRaw(result.structuredContent)) return result;
  const { structuredContent: _, ...rest } = result;
  return rest;
};
