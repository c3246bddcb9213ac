import { AgentError } from './agent-error.ts';

const MAX_BYTES = 100 * 1024;

/**
 * What the agent is asked, from the body of an invocation.
 *
 * Shape:  JSON, `{"prompt": "…"}` or `{"input": "…"}`, of which `prompt` wins.
 * Errors: `AgentError('invalid_input')`, `AgentError('input_too_large')`.
 */
export const readInvocation = async (request: Request): Promise<string> => {
  const fields = parse(await readText(request));
  const { prompt = fields.input } = fields;
  if (typeof prompt !== 'string' || prompt.trim() === '') throw new AgentError('invalid_input');
  return prompt;
};

/** Stops reading at the limit: what is larger is never held. */
const readText = async ({ body }: Request): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new AgentError('input_too_large');
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new AgentError('invalid_input');
  }
};

const parse = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Refused below: a parser's message quotes what it read.
  }
  throw new AgentError('invalid_input');
};
