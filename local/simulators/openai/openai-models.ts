import { type Failure, failureOf } from '../failures.ts';
import { isKnownModel } from '../known-models.ts';
import type { SimRequest } from '../simulator.ts';
import { badField, rejectOpenai, unknownModel } from './reject-openai.ts';

const OPENAI = [
  ...['gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5.1', 'gpt-5.2', 'gpt-5.4', 'gpt-5.4-mini', 'gpt-5.4-nano', 'gpt-5.5'],
  ...['gpt-4.1', 'gpt-4.1-mini', 'gpt-4.1-nano', 'gpt-4o', 'gpt-4o-mini', 'gpt-4-turbo', 'gpt-4', 'gpt-3.5-turbo'],
  ...['o1', 'o3', 'o3-mini', 'o4-mini'],
  ...['text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'],
];
const XAI = [
  'grok-4',
  'grok-4-fast',
  'grok-4-fast-reasoning',
  'grok-4-0709',
  'grok-3',
  'grok-3-mini',
  'grok-code-fast-1',
];

/** The models that a provider lists; `undefined` where any name will do. */
export const knownModels = (provider: string): readonly string[] | undefined =>
  provider === 'openai' ? OPENAI : provider === 'xai' ? XAI : undefined;

/** These take `max_completion_tokens` only, and no sampling parameters. */
export const isReasoningModel = (model: string): boolean => /^(o\d|gpt-[5-9])/.test(model);

/** The model that the body names, if the provider has it, and what its name asks to go wrong. */
export const readModel = (
  request: SimRequest,
  named: unknown,
  streamed: boolean,
): { readonly model: string; readonly failure: Failure | undefined } => {
  if (typeof named !== 'string' || named === '') throw badField(request, 'you must provide a model parameter', 'model');
  const models = knownModels(request.provider);
  if (models !== undefined && !isKnownModel(models, named)) throw unknownModel(request, named);
  const failure = failureOf(named);
  if (failure?.type === 'refuse') throw rejectOpenai(failure.trouble, request);
  // There is no middle of an answer that is not streamed.
  if (failure?.type === 'error-mid' && !streamed) throw rejectOpenai('failed', request);
  return { model: named, failure };
};
