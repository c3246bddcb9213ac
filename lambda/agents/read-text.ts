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
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      body.destroy();
      throw new Refusal('result_too_large', { maxBytes });
    }
    chunks.push(chunk);
  }
  try {
    return utf8.decode(Buffer.concat(chunks));
  } catch {
    throw new Refusal('upstream_failed', { reason: 'not UTF-8' });
  }
};
