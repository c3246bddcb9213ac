import { readAtMost } from '../core/read-at-most.ts';
import { Refusal } from '../core/refusal.ts';
import type { IncomingAnswer } from '../providers/send.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The whole of a body as text.
 *
 * Errors: `Refusal('result_too_large')`, `Refusal('upstream_failed')` for what is not UTF-8, and those of `Send` for a body
 * that breaks off.
 */
export const readText = async (body: IncomingAnswer['body'], maxBytes: number): Promise<string> => {
  const { bytes, isWhole } = await readAtMost(body, maxBytes);
  if (!isWhole) throw new Refusal('result_too_large', { maxBytes });
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal('upstream_failed', { reason: 'not UTF-8' });
  }
};
