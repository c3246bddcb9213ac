import type { CompiledLlm, CompiledLlmRoute } from '../../config/compiled.ts';
import type { LlmCall, LlmReply } from '../core/llm.ts';
import type { Stage } from '../core/pipeline.ts';
import { Refusal } from '../core/refusal.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { targetsOf } from './targets.ts';
import { isObject, type Json } from './wire/fields.ts';

/** Parameters of OpenAI's Responses that stand for a part of the conversation which only its server has. */
const HELD = ['previous_response_id', 'conversation', 'prompt'];

/**
 * A conversation that lies at OpenAI can't be told to anybody else: a call that refers to one is served only where everybody
 * who may answer it speaks the dialect. Dropping the reference would answer another question than the one that was asked.
 */
export const serverState =
  (llm: CompiledLlm, route: CompiledLlmRoute): Stage<LlmCall, LlmReply> =>
  async (call, next) => {
    const param = call.dialect === 'openai-responses' ? heldByServer(call.body) : undefined;
    if (param !== undefined && !targetsOf(llm, route, call).every(({ provider }) => speaks(llm, provider))) {
      const expected = 'send the whole conversation as input: not every provider of this model keeps it';
      throw new Refusal('unsupported_parameter', {}, { param, expected });
    }
    return next(call);
  };

const heldByServer = (body: Json): string | undefined => {
  const named = HELD.find((name) => body[name] !== undefined && body[name] !== null);
  if (named !== undefined || !Array.isArray(body.input)) return named;
  const index = body.input.findIndex(
    (item) => isObject(item) && (item.type === 'item_reference' || (item.type ?? item.role) === undefined),
  );
  return index < 0 ? undefined : `input[${index}]`;
};

const speaks = (llm: CompiledLlm, provider: string): boolean => {
  const config = llm.providers[provider];
  return config !== undefined && PROVIDERS[config.kind]?.dialects.includes('openai-responses') === true;
};
