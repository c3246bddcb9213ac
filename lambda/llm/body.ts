import { Refusal } from '../core/refusal.ts';
import { readJsonText } from '../http/read-body.ts';
import { invalid, isObject, type Json } from './wire/fields.ts';

export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * The body as a JSON object: at most 10 MB, UTF-8, nested at most 64 levels.
 *
 * Errors: `Refusal` with `unsupported_media_type`, `body_too_large`, `invalid_encoding`, `too_deep` or `malformed_json`.
 */
export const readJsonBody = async (request: Request): Promise<Json> => {
  const body = parse(await readJsonText(request, MAX_BODY_BYTES));
  if (!isObject(body)) throw invalid('body', 'expected a JSON object');
  return body;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('malformed_json');
  }
};
