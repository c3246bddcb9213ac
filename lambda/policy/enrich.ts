import type { CompiledEnrich, EnrichMessage } from '../../config/compiled.ts';
import type { TemplatePart } from '../../config/template.ts';
import { parseTemplate } from '../../config/template.ts';
import type { Call } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import type { LlmCall, LlmRequest, Message } from '../core/llm.ts';
import type { Stage } from '../core/pipeline.ts';
import { fill } from './fill-template.ts';

export interface AddedTurn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** What is put on one side of a conversation. */
export interface Added {
  readonly system: readonly string[];
  readonly turns: readonly AddedTurn[];
}

/**
 * Adds messages to a body in the caller's own dialect, for a provider that speaks it too: `system` around the caller's system
 * prompt, `turns` around the conversation. Must leave every other member as it was.
 */
export type AddToBody = (call: LlmCall, before: Added, after: Added) => LlmCall['body'];

interface Prepared {
  readonly role: EnrichMessage['role'];
  readonly parts: readonly TemplatePart[];
}

/**
 * Puts the policy's own messages around every call of a route. The hub's prompt and the body that may pass through natively
 * get the same, so that it makes no difference who answers.
 *
 * Errors: `TemplateError` when it is made, for a placeholder that was not checked at load.
 */
export const enrich = <Reply>(
  compiled: CompiledEnrich | undefined,
  addToBody: AddToBody,
  clock: Clock,
): Stage<LlmCall, Reply> => {
  if (compiled === undefined) return (call, next) => next(call);
  const prepend = compiled.prepend.map(prepare);
  const append = compiled.append.map(prepare);
  return async (call, next) => {
    const now = clock();
    const [before, after] = [filled(prepend, call, now), filled(append, call, now)];
    return next({ ...call, prompt: addToPrompt(call.prompt, before, after), body: addToBody(call, before, after) });
  };
};

const prepare = ({ role, text }: EnrichMessage): Prepared => ({ role, parts: parseTemplate(text) });

const filled = (messages: readonly Prepared[], call: Call, nowMs: number): Added => {
  const system: string[] = [];
  const turns: AddedTurn[] = [];
  for (const { role, parts } of messages) {
    const text = fill(parts, call, nowMs);
    // A message that holds only a claim nobody has is nothing: providers refuse blank text.
    if (text.trim() === '') continue;
    if (role === 'system') system.push(text);
    else turns.push({ role, text });
  }
  return { system, turns };
};

const addToPrompt = (prompt: LlmRequest, before: Added, after: Added): LlmRequest => ({
  ...prompt,
  system: [...before.system.map(textBlock), ...prompt.system, ...after.system.map(textBlock)],
  messages: [...before.turns.map(toMessage), ...prompt.messages, ...after.turns.map(toMessage)].reduce(joinTurns, []),
});

const textBlock = (text: string) => ({ type: 'text', text }) as const;

const toMessage = ({ role, text }: AddedTurn): Message => ({ role, content: [textBlock(text)] });

/** R6: consecutive turns of one role are one. */
const joinTurns = (turns: Message[], next: Message): Message[] => {
  const last = turns.at(-1);
  if (last?.role === next.role) turns[turns.length - 1] = { ...last, content: [...last.content, ...next.content] };
  else turns.push(next);
  return turns;
};
