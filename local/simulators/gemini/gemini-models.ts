import { type Failure, failureOf } from '../failures.ts';
import { isKnownModel } from '../known-models.ts';
import { rejectGemini, unauthenticated, unknownModel } from './reject-gemini.ts';

/** What `GET /v1beta/models` lists. */
export const GEMINI_MODELS: readonly string[] = [
  ...['gemini-3-pro-preview', 'gemini-3-flash-preview', 'gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite'],
  ...['gemini-2.0-flash', 'gemini-2.0-flash-lite', 'gemini-embedding-001', 'text-embedding-004'],
];

/** From 3 on, calls have ids and thoughts are signed. */
export const signsThoughts = (model: string): boolean => /^gemini-[3-9]/.test(model);

/** What the model's name asks to go wrong, if the provider has the model. */
export const readModel = (model: string, streamed: boolean): Failure | undefined => {
  if (!isKnownModel(GEMINI_MODELS, model)) throw unknownModel(model);
  const failure = failureOf(model);
  if (failure?.type === 'refuse')
    throw failure.trouble === 'key-rejected' ? unauthenticated() : rejectGemini(failure.trouble);
  // There is no middle of an answer that is not streamed.
  if (failure?.type === 'error-mid' && !streamed) throw rejectGemini('failed');
  return failure;
};
