import { type Failure, failureOf } from '../failures.ts';
import type { SimRequest } from '../simulator.ts';
import { rejectBedrock, unknownModel } from './reject-bedrock.ts';

/** What `GET /foundation-models` lists. */
export const BEDROCK_MODELS: readonly string[] = [
  'anthropic.claude-opus-4-6-v1',
  'anthropic.claude-sonnet-4-6',
  'anthropic.claude-opus-4-5-20251101-v1:0',
  'anthropic.claude-sonnet-4-5-20250929-v1:0',
  'anthropic.claude-haiku-4-5-20251001-v1:0',
  'anthropic.claude-sonnet-4-20250514-v1:0',
  'anthropic.claude-3-5-sonnet-20241022-v2:0',
  'anthropic.claude-3-haiku-20240307-v1:0',
  'amazon.nova-premier-v1:0',
  'amazon.nova-pro-v1:0',
  'amazon.nova-lite-v1:0',
  'amazon.nova-micro-v1:0',
  'meta.llama3-3-70b-instruct-v1:0',
  'mistral.mistral-large-2407-v1:0',
  'openai.gpt-oss-120b-1:0',
  'amazon.titan-embed-text-v1',
  'amazon.titan-embed-text-v2:0',
  'cohere.embed-english-v3',
  'cohere.embed-multilingual-v3',
  'cohere.embed-v4:0',
];

const ARN =
  /^arn:aws[\w-]*:bedrock:[\w-]*:\d*:(foundation-model|inference-profile|application-inference-profile)\/(.+)$/;

/** The foundation model behind an id, an ARN or an inference profile. An application's own profile stands for Claude. */
const foundationModel = (id: string): string => {
  const [, kind, resource] = ARN.exec(id) ?? [];
  if (kind === 'application-inference-profile') return 'anthropic.claude-sonnet-4-5-20250929-v1:0';
  return (resource ?? id).replace(/^(us-gov|us|eu|apac|jp|au|ca|sa|me|global)\./, '');
};

export const isClaude = (model: string): boolean => model.startsWith('anthropic.') || model.startsWith('sim-');

/** Which forced tool choices a model takes. Source: Bedrock user guide, `ToolChoice`. */
export const forcedChoices = (model: string): readonly string[] => {
  if (isClaude(model) || model.startsWith('amazon.nova')) return ['any', 'tool'];
  return model.startsWith('mistral.mistral-large') ? ['any'] : [];
};

/** The model that the path names, if Bedrock has it, and what its name asks to go wrong. */
export const readModel = (
  request: SimRequest,
  id: string,
  streamed: boolean,
): { readonly model: string; readonly failure: Failure | undefined } => {
  const model = foundationModel(id);
  if (!model.startsWith('sim-') && !BEDROCK_MODELS.includes(model)) throw unknownModel(request);
  const failure = failureOf(model);
  if (failure?.type === 'refuse') throw rejectBedrock(failure.trouble, request);
  // There is no middle of an answer that is not streamed.
  if (failure?.type === 'error-mid' && !streamed) throw rejectBedrock('failed', request);
  return { model, failure };
};
