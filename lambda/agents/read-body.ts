import { Refusal } from '../core/refusal.ts';
import { readJsonText } from '../http/read-body.ts';

const MAX_BYTES = 4 * 1024 * 1024;

export interface JsonText {
  /** As it was sent. */
  readonly text: string;
  readonly json: unknown;
}

/** Errors: `Refusal('malformed_json')` and those of `readJsonText`. */
export const readBody = async (request: Request): Promise<JsonText> => {
  const text = await readJsonText(request, MAX_BYTES);
  try {
    return { text, json: JSON.parse(text) };
  } catch {
    throw new Refusal('malformed_json');
  }
};
