import type { ListedModel } from '../../providers/provider.ts';
import type { Json } from './fields.ts';

/** Whose shape a caller expects where the path does not say. */
export type Style = 'openai' | 'anthropic';

/** R145: Anthropic's clients all send their version, nobody else does. */
export const styleOf = (headers: Headers): Style => (headers.has('anthropic-version') ? 'anthropic' : 'openai');

/** R145. Sources: https://platform.openai.com/docs/api-reference/models/list, https://docs.anthropic.com/en/api/models-list. */
export const writeModels = (models: readonly ListedModel[], style: Style): Json =>
  style === 'anthropic' ? anthropicList(models) : openAiList(models);

const openAiList = (models: readonly ListedModel[]): Json => ({
  object: 'list',
  data: models.map(({ id, created, ownedBy }) => ({ id, object: 'model', created, owned_by: ownedBy })),
});

/** One page holds them all. A date that nobody knows is the epoch there, too. */
const anthropicList = (models: readonly ListedModel[]): Json => ({
  data: models.map(({ id, created, displayName }) => ({
    type: 'model',
    id,
    display_name: displayName ?? id,
    created_at: isoOf(created * 1000),
  })),
  has_more: false,
  first_id: models[0]?.id ?? null,
  last_id: models.at(-1)?.id ?? null,
});

const isoOf = (ms: number): string => {
  const date = new Date(ms);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
};
