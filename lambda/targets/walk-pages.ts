import type { Raw } from '../core/mcp.ts';
import { Refusal } from '../core/refusal.ts';
import { isRaw } from './raw.ts';
import type { Listed, ListMethod } from './target.ts';

const MAX_PAGES = 64;
const MAX_ITEMS = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_CURSOR_CHARS = 8_192;

const MEMBER: Readonly<Record<ListMethod, string>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
};

export type AskPage = (params: Raw) => Promise<{ readonly result: Raw; readonly bytes: number }>;

/** Every page of a list, one after the other (G9). What has no end is cut and says so; what was read until then is kept. */
export const walkPages = async (method: ListMethod, askPage: AskPage): Promise<Listed> => {
  const items: Raw[] = [];
  const seen = new Set<string>();
  let ttlMs = Number.POSITIVE_INFINITY;
  let size = 0;
  let params: Raw = {};
  const listed = (partial?: string): Listed => ({
    items: items.slice(0, MAX_ITEMS),
    bytes: size,
    ...(Number.isFinite(ttlMs) ? { ttlMs } : {}),
    ...(partial === undefined ? {} : { partial }),
  });

  for (let page = 1; page <= MAX_PAGES; page++) {
    const { result, bytes } = await askPage(params);
    const found = result[MEMBER[method]];
    if (found !== undefined && !Array.isArray(found)) throw new Refusal('upstream_failed', { reason: 'list is none' });
    for (const item of found ?? []) if (isRaw(item)) items.push(item);
    if (typeof result.ttlMs === 'number' && result.ttlMs >= 0) ttlMs = Math.min(ttlMs, result.ttlMs);
    size += bytes;
    const { nextCursor } = result;
    if (typeof nextCursor !== 'string' || nextCursor.length > MAX_CURSOR_CHARS) return listed();
    if (items.length >= MAX_ITEMS) return listed('too many items');
    if (size > MAX_BYTES) return listed('too large');
    if (seen.has(nextCursor)) return listed('repeated cursor');
    seen.add(nextCursor);
    params = { cursor: nextCursor };
  }
  return listed('too many pages');
};
