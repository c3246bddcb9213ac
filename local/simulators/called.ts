import { isObject } from './json.ts';

/** Where the JSON object that starts at `start` ends, or -1. Knows strings, so that braces inside them do not count. */
const endOfObject = (text: string, start: number): number => {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && quoted) at++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === '{') depth++;
    else if (!quoted && char === '}' && --depth === 0) return at + 1;
  }
  return -1;
};

const readInput = (text: string, start: number): Readonly<Record<string, unknown>> | undefined => {
  const end = text.charAt(start) === '{' ? endOfObject(text, start) : -1;
  if (end < 0) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(start, end));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** The tools that a text asks for with `call <name> {json}`, in order; `input` is absent where no JSON object follows. */
export const called = (
  text: string,
  tools: readonly { readonly name: string }[],
): { readonly name: string; readonly input: Readonly<Record<string, unknown>> | undefined }[] => {
  const names = new Set(tools.map((tool) => tool.name));
  return [...text.matchAll(/\bcall\s+([\w.:-]+)\s*/gi)]
    .map((found) => ({ name: found[1] ?? '', input: readInput(text, found.index + found[0].length) }))
    .filter(({ name }) => names.has(name));
};
