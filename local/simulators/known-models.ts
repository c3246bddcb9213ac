/** Whether a provider knows a model: by its name, a dated version of it, or because it is one of ours. */
export const isKnownModel = (models: readonly string[], model: string): boolean =>
  model.startsWith('sim-') ||
  models.includes(model) ||
  models.includes(model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|\d{2}-\d{4}|\d{3}|latest)$/, ''));
