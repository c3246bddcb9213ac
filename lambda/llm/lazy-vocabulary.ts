import type { CountText } from './estimate-tokens.ts';

/** A counter for one prompt; `undefined` where the vocabulary can't be had, and prompts are estimated. Never fails. */
export type Vocabulary = () => Promise<CountText | undefined>;

/**
 * A vocabulary that is loaded when somebody first counts, so that no start waits for it. One that can't be loaded is not tried
 * again: `failed` is told once.
 */
export const lazyVocabulary = (
  load: () => Promise<{ readonly o200kCounter: () => CountText }>,
  failed: (error: unknown) => void,
): Vocabulary => {
  let loading: Promise<(() => CountText) | undefined> | undefined;
  const loadOnce = async (): Promise<(() => CountText) | undefined> => {
    try {
      return (await load()).o200kCounter;
    } catch (error) {
      failed(error);
      return undefined;
    }
  };
  return async () => {
    loading ??= loadOnce();
    return (await loading)?.();
  };
};
