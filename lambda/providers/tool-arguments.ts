import type { Json } from './provider.ts';
import { isObject } from './upstream-words.ts';

/** Arguments as the object that every provider but OpenAI demands: what does not parse, or is no object, becomes `{}` (R34–R36). */
export const toArguments = (text: string): Json => {
  if (text.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
};
