import type { Dialect } from '../core/llm.ts';

/** Names a parameter, in the words of OpenAI's chat completions, that is left out or changed; `note` says what became of it. */
export type Drop = (parameter: string, note?: string) => void;

/** Where the other dialects have another name for it. */
const RENAMED: Partial<Record<Dialect, Readonly<Record<string, string>>>> = {
  'openai-responses': {
    max_tokens: 'max_output_tokens',
    messages: 'input',
    reasoning_effort: 'reasoning',
    response_format: 'text.format',
    thinking_blocks: 'reasoning items',
  },
  'anthropic-messages': {
    parallel_tool_calls: 'tool_choice.disable_parallel_tool_use',
    reasoning_effort: 'thinking',
    response_format: 'output_config.format',
    stop: 'stop_sequences',
    thinking_blocks: 'thinking blocks',
    user: 'metadata.user_id',
  },
};

/** A parameter as this caller knows it. */
export const inDialect = (dialect: Dialect, parameter: string): string => RENAMED[dialect]?.[parameter] ?? parameter;

/** Each name once, however often it was met. */
export const collectDropped = (dialect: Dialect, dropped: Set<string>): Drop => {
  return (parameter, note) => {
    const name = inDialect(dialect, parameter);
    dropped.add(note === undefined ? name : `${name} (${note})`);
  };
};
