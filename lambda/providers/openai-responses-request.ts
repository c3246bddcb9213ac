import { readCarried } from './carried-reasoning.ts';
import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

/**
 * A conversation that another provider took part in, as OpenAI can take it: without the reasoning that is sealed for that
 * other one (R80). The rest is the caller's own body.
 */
export const withoutCarried = (body: Json): { readonly body: Json; readonly dropped: readonly string[] } => {
  if (!Array.isArray(body.input)) return { body, dropped: [] };
  const input = body.input.filter((item) => !isObject(item) || readCarried(item.encrypted_content) === undefined);
  if (input.length === body.input.length) return { body, dropped: [] };
  return { body: { ...body, input }, dropped: ['input.reasoning.encrypted_content'] };
};
