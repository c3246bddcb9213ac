import { Refusal } from '../core/refusal.ts';

/** R14: an ARN holds `/` and `:`. A name that is none could lead out of `/model/`. */
export const modelPath = (model: string): string => {
  if (!/^[A-Za-z0-9][\w.:/-]{0,2047}$/.test(model)) throw new Refusal('model_not_found', {}, { param: 'model' });
  return `/model/${encodeURIComponent(model)}`;
};
