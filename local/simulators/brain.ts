import { called } from './called.ts';
import { failureOf } from './failures.ts';
import { meant } from './meant.ts';
import { minimalValue } from './minimal-value.ts';

/** One message, whatever the dialect. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly images: number;
  readonly documents: number;
  readonly toolResults: readonly string[];
  /** Characters that count as input: text, tool calls and tool results. */
  readonly chars: number;
}

export interface OfferedTool {
  readonly name: string;
  /** A JSON schema, or Gemini's subset of OpenAPI's. */
  readonly schema: unknown;
}

/** A request in no provider's dialect: all that a reply depends on. */
export interface Prompt {
  readonly provider: string;
  readonly model: string;
  readonly system: readonly string[];
  readonly turns: readonly Turn[];
  readonly tools: readonly OfferedTool[];
  readonly toolChoice: 'auto' | 'none' | 'any' | { readonly name: string };
  readonly parallelCalls: boolean;
  /** The schema of the answer; `{}` for any JSON object. */
  readonly answerSchema: unknown;
  readonly stop: readonly string[];
  readonly maxTokens: number | undefined;
  /** The caller asked the model to reason. */
  readonly reasons: boolean;
}

export interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The arguments as JSON text; cut short when the tokens ran out in the middle, and then `input` is empty. */
  readonly inputText: string;
}

export interface Reply {
  /** Reasoning, empty unless asked for. Billed as output. */
  readonly reasoning: string;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finish: 'stop' | 'stop-sequence' | 'length' | 'tool-calls';
  /** Which of the stop sequences ended the text. */
  readonly stopSequence: string | undefined;
  readonly inputTokens: number;
  /** Reasoning included. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

const CHARS_A_TOKEN = 4;
const TOKENS_AN_ATTACHMENT = 85;
const LONGEST_ECHO = 2_000;
const MOST_WORDS = 200_000;

/** The tokens of so many characters: the one rule behind every count. */
export const tokensOf = (chars: number): number => Math.ceil(chars / CHARS_A_TOKEN);

/** What the prompt costs, as every simulated provider counts it. */
export const inputTokensOf = ({ system, turns, tools }: Pick<Prompt, 'system' | 'turns' | 'tools'>): number => {
  const toolChars = tools.length === 0 ? 0 : JSON.stringify(tools).length;
  const chars = [...system.map((part) => part.length), ...turns.map((turn) => turn.chars), toolChars];
  const attachments = turns.reduce((sum, turn) => sum + turn.images + turn.documents, 0);
  return tokensOf(chars.reduce((sum, each) => sum + each, 0)) + attachments * TOKENS_AN_ATTACHMENT;
};

const quantity = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

const attachmentsOf = (turns: readonly Turn[]): string => {
  const images = turns.reduce((sum, turn) => sum + turn.images, 0);
  const documents = turns.reduce((sum, turn) => sum + turn.documents, 0);
  const said = [
    ...(images > 0 ? [quantity(images, 'image')] : []),
    ...(documents > 0 ? [quantity(documents, 'document')] : []),
  ];
  return said.length === 0 ? '' : ` I was sent ${said.join(' and ')}.`;
};

const WORDS = ['the', 'gateway', 'carries', 'every', 'word', 'of', 'this', 'answer', 'to', 'you'];
const write = (count: number) =>
  Array.from({ length: Math.min(count, MOST_WORDS) }, (_, index) => WORDS[index % WORDS.length]).join(' ');

const textFor = (prompt: Prompt, latest: readonly Turn[], asked: string): string => {
  const dictated =
    /say exactly:\s*([\s\S]+)$/i.exec(asked) ?? /say exactly:\s*([\s\S]+)$/i.exec(prompt.system.join('\n'));
  if (dictated !== null) return (dictated[1] ?? '').trimEnd();
  const hello = `Hello from the simulated ${prompt.provider} (${prompt.model}).`;
  const results = latest.flatMap((turn) => turn.toolResults);
  const words = /\bwrite (\d{1,6}) words\b/i.exec(asked);
  const about = `${attachmentsOf(prompt.turns)}${prompt.system.length === 0 ? '' : ` My instructions: ${prompt.system.join(' | ').slice(0, LONGEST_ECHO)}.`}`;
  const text =
    results.length > 0
      ? `${hello}${about} The tools answered: ${results.join('; ').slice(0, LONGEST_ECHO)}`
      : `${hello}${about} You said: ${asked.slice(0, LONGEST_ECHO)}`;
  if (prompt.answerSchema === undefined) return words === null ? text : write(Number(words[1]));
  const value = minimalValue(prompt.answerSchema);
  return JSON.stringify(Object.keys(prompt.answerSchema ?? {}).length === 0 ? { reply: text } : value);
};

const callsFor = (prompt: Prompt, latest: readonly Turn[], asked: string): ToolCall[] => {
  if (prompt.tools.length === 0 || prompt.toolChoice === 'none') return [];
  const { toolChoice, tools } = prompt;
  const mayCall = typeof toolChoice === 'object' ? tools.filter((tool) => tool.name === toolChoice.name) : tools;
  const request = asked.replace(/say exactly:[\s\S]*$/i, '');
  const named = called(request, mayCall);
  const wanted = named.length === 0 && toolChoice === 'auto' ? meant(request, mayCall) : named;
  const answered = latest.some((turn) => turn.toolResults.length > 0);
  const first = mayCall[0];
  // A forced choice that was already answered would loop for ever in an agent: the results end it.
  const forced = toolChoice !== 'auto' && wanted.length === 0 && !answered && first !== undefined;
  const calls = forced ? [{ name: first.name, input: inputFor(first) }] : wanted;
  return (prompt.parallelCalls ? calls : calls.slice(0, 1)).map(({ name, input }) => ({
    name,
    input: input ?? inputFor(mayCall.find((tool) => tool.name === name)),
    inputText: JSON.stringify(input ?? inputFor(mayCall.find((tool) => tool.name === name))),
  }));
};

const inputFor = (tool: OfferedTool | undefined): Readonly<Record<string, unknown>> => {
  const value = minimalValue(tool?.schema ?? { type: 'object' });
  return typeof value === 'object' && value !== null ? { ...value } : {};
};

const stopAt = (text: string, stop: readonly string[]): { readonly text: string; readonly by: string | undefined } => {
  const cuts = stop
    .filter((sequence) => sequence !== '')
    .map((sequence) => ({ sequence, at: text.indexOf(sequence) }))
    .filter(({ at }) => at >= 0)
    .sort((one, other) => one.at - other.at);
  const first = cuts[0];
  return first === undefined ? { text, by: undefined } : { text: text.slice(0, first.at), by: first.sequence };
};

/** A prefix that does not end in half of a surrogate pair. */
const prefix = (text: string, chars: number): string =>
  text.slice(0, /[\uD800-\uDBFF]/.test(text.charAt(chars - 1)) ? chars - 1 : chars);

/** Decides the reply. The same prompt always gets the same one. */
export const reply = (prompt: Prompt): Reply => {
  const lastAnswer = prompt.turns.findLastIndex((turn) => turn.role === 'assistant');
  const latest = prompt.turns.slice(lastAnswer + 1);
  const newText = latest
    .map((turn) => turn.text)
    .filter((text) => text !== '')
    .at(-1);
  const asked = newText ?? prompt.turns.findLast((turn) => turn.role === 'user' && turn.text !== '')?.text ?? '';
  const empty = failureOf(prompt.model)?.type === 'empty';
  const wanted = empty ? [] : callsFor(prompt, latest, newText ?? '');
  const mayAlsoTalk = wanted.length === 0 || /say exactly:/i.test(newText ?? '');
  const whole = stopAt(empty || !mayAlsoTalk ? '' : textFor(prompt, latest, asked), prompt.stop);
  const thought = prompt.reasons && !empty ? `The user wants an answer to: ${asked.slice(0, 60)}` : '';

  let left = prompt.maxTokens === undefined ? Number.POSITIVE_INFINITY : prompt.maxTokens * CHARS_A_TOKEN;
  let cut = false;
  const spend = (text: string): string => {
    const kept = text.length <= left ? text : prefix(text, left);
    cut ||= kept.length < text.length;
    left -= kept.length;
    return kept;
  };
  const reasoning = spend(thought);
  const text = spend(whole.text);
  const toolCalls: ToolCall[] = [];
  for (const call of wanted) {
    if (cut || left < call.name.length) {
      cut = true;
      break;
    }
    spend(call.name);
    const inputText = spend(call.inputText);
    toolCalls.push(inputText === call.inputText ? call : { ...call, input: {}, inputText });
  }

  const stopped = whole.by === undefined ? 'stop' : 'stop-sequence';
  const callChars = toolCalls.reduce((sum, call) => sum + call.name.length + call.inputText.length, 0);
  return {
    reasoning,
    text,
    toolCalls,
    finish: cut ? 'length' : toolCalls.length > 0 ? 'tool-calls' : stopped,
    stopSequence: cut || toolCalls.length > 0 ? undefined : whole.by,
    inputTokens: inputTokensOf(prompt),
    outputTokens: tokensOf(reasoning.length + text.length + callChars),
    reasoningTokens: tokensOf(reasoning.length),
  };
};
