/** The API's own names of models start with `models/`; people leave it out. */
export const withoutPrefix = (name: string): string => name.replace(/^models\//, '');

/** Encoded, because the name of a model comes from the caller: a method is for us to choose. */
export const modelPath = (model: string): string => `/v1beta/models/${encodeURIComponent(withoutPrefix(model))}`;
