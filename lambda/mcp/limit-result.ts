import type { Raw } from '../core/mcp.ts';
import type { Stage } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';
import { isRaw } from '../targets/raw.ts';
import type { UpstreamCall } from './upstream-call.ts';

export const TRUNCATED = 'gatehouse/truncated';

/**
 * Cuts a tool's result that is larger than the route passes on (G49): the beginning of its text stays, and what was left out is
 * said where the model reads it and where a program does. Structured content is whole or not there.
 *
 * Units:  bytes of JSON, as UTF-8.
 * Errors: `Refusal('result_too_large')` for a prompt or a resource: half of one is none.
 */
export const limitResult =
  (maxBytes: number): Stage<UpstreamCall, Raw> =>
  async (call, next) => {
    const result = await next(call);
    const bytes = Buffer.byteLength(JSON.stringify(result));
    call.note({ resultBytes: bytes });
    if (bytes <= maxBytes) return result;
    const { target } = call;
    if (call.method !== 'tools/call' || result.resultType === 'input_required')
      throw new Refusal('result_too_large', { target, bytes, maxBytes });
    return cut(result, bytes, maxBytes);
  };

const cut = ({ content }: Raw, bytes: number, maxBytes: number): Raw => {
  const says = `[cut off by the gateway: the result has ${bytes} bytes, and ${maxBytes} may pass]`;
  const marker = {
    content: [{ type: 'text', text: says }],
    isError: true,
    _meta: { [TRUNCATED]: { bytes, maxBytes } },
  };
  let left = maxBytes - Buffer.byteLength(JSON.stringify(marker));
  const kept: Raw[] = [];
  for (const block of Array.isArray(content) ? content : []) {
    if (!isRaw(block) || block.type !== 'text' || typeof block.text !== 'string') break;
    const text = fitting(block.text, left - JSON.stringify({ type: 'text', text: '' }).length - 1);
    if (text === '') break;
    const piece = { type: 'text', text };
    kept.push(piece);
    left -= Buffer.byteLength(JSON.stringify(piece)) + 1;
    if (text.length < block.text.length) break;
  }
  return { ...marker, content: [...kept, ...marker.content] };
};

/** The longest beginning that is no longer than `most` bytes in JSON. */
const fitting = (text: string, most: number): string => {
  const size = (part: string): number => Buffer.byteLength(JSON.stringify(part)) - 2;
  if (most <= 0) return '';
  let [low, high] = [0, Math.min(text.length, most)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (size(text.slice(0, middle)) <= most) low = middle;
    else high = middle - 1;
  }
  const end = low > 0 && low < text.length && /[\uD800-\uDBFF]/.test(text[low - 1] ?? '') ? low - 1 : low;
  return text.slice(0, end);
};
