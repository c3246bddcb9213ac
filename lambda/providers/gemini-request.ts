import type { LlmCall, LlmRequest } from '../core/llm.ts';
import { Refusal } from '../core/refusal.ts';
import { countMarks } from './cache-marks.ts';
import { stopsOf, takesFormat, writeGeminiConfig } from './gemini-config.ts';
import { writeGeminiContents } from './gemini-contents.ts';
import { type GeminiFacts, geminiFacts } from './gemini-facts.ts';
import { collectDropped, type Drop, inDialect } from './gemini-parameters.ts';
import { writeGeminiTools } from './gemini-tools.ts';
import type { Json } from './provider.ts';

const MAX_STOPS = 5;

/**
 * The hub → Gemini generateContent. Errors: `Refusal` with `unsupported_parameter`, `unsupported_content` or, for a
 * conversation in which nobody says anything, `invalid_request`.
 * Source: https://ai.google.dev/api/generate-content, v1beta.
 */
export const writeGeminiRequest = (call: LlmCall, model: string): { body: Json; dropped: string[] } => {
  const { prompt, dialect } = call;
  const facts = geminiFacts(model);
  const dropped = new Set<string>([...prompt.foreign, ...prompt.foreignTools]);
  const drop = collectDropped(dialect, dropped);
  refuseWhatCannotBe(call);
  const contents = writeGeminiContents(call, facts, drop);
  const parts = [...prompt.system.map(({ text }) => text), ...jsonInstruction(prompt, facts, drop)]
    .filter((text) => text.trim() !== '') // R3
    .map((text) => ({ text }));
  const generationConfig = writeGeminiConfig(prompt, facts, drop);
  const body = {
    contents,
    ...(parts.length === 0 ? {} : { systemInstruction: { parts } }), // R1
    ...writeGeminiTools(prompt, facts, drop),
    ...(Object.keys(generationConfig).length === 0 ? {} : { generationConfig }),
    ...serviceTier(prompt, drop),
  };
  if (prompt.user !== undefined) drop('user'); // R63
  if (countMarks(prompt) > 0) drop('cache_control'); // R100: cached without being asked.
  return { body, dropped: [...dropped] };
};

/** Leaving these out silently would change what the answer is. */
const refuseWhatCannotBe = ({ prompt, dialect }: LlmCall): void => {
  if (prompt.n !== undefined && prompt.n > 1) {
    throw new Refusal('unsupported_parameter', {}, { param: 'n', expected: 'this provider gives one answer a call' }); // R60
  }
  if (stopsOf(prompt).length > MAX_STOPS) {
    const param = inDialect(dialect, 'stop');
    throw new Refusal('unsupported_parameter', {}, { param, expected: `at most ${MAX_STOPS} stop sequences` }); // R59
  }
};

/** R70: where a model can't have both, tools win, and the form of the answer is asked for in words. */
const jsonInstruction = (prompt: LlmRequest, facts: GeminiFacts, drop: Drop): string[] => {
  const { responseFormat } = prompt;
  if (responseFormat === undefined || takesFormat(prompt, facts)) return [];
  drop('response_format', 'as an instruction');
  const ask = 'When you do not call a tool, answer with one JSON value and nothing else';
  return responseFormat.type === 'json'
    ? [`${ask}: an object.`]
    : [`${ask}. It must be valid under this JSON schema: ${JSON.stringify(responseFormat.schema)}`];
};

const TIERS: ReadonlyMap<string, string> = new Map([
  ['default', 'standard'],
  ['flex', 'flex'],
  ['priority', 'priority'],
]);

/** R64: the names differ. `auto` is what happens when nothing is said. */
const serviceTier = ({ serviceTier: tier }: LlmRequest, drop: Drop): Json => {
  if (tier === undefined || tier === 'auto') return {};
  const theirs = TIERS.get(tier);
  if (theirs === undefined) drop('service_tier');
  return theirs === undefined ? {} : { serviceTier: theirs };
};
