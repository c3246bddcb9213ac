export type Handle<C, Reply> = (call: C) => Promise<Reply>;
export type Stage<C, Reply> = (call: C, next: Handle<C, Reply>) => Promise<Reply>;

/** Runs the stages in the order they are listed, then `last`. A stage refuses by throwing a `Refusal`, or calls `next`. */
export const pipeline = <C, Reply>(stages: readonly Stage<C, Reply>[], last: Handle<C, Reply>): Handle<C, Reply> =>
  stages.reduceRight<Handle<C, Reply>>((next, stage) => (call) => stage(call, next), last);
